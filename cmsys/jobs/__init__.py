"""Background work: one job table that is outbox and truth, one dispatcher, workers that work in committed chunks."""
