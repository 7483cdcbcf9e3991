"""Training: what is taught, and who is to learn what because of what he lacks."""
