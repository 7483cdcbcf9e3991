"""Training: the catalogue and individual plans."""
