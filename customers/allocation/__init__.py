"""分客制: which manager looks after which customer, proposed by an engine and decided by people."""
