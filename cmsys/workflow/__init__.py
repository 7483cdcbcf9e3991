"""States and their transitions as data, and what comes with a step."""
