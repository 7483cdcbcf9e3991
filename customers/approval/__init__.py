"""Submission and approval of allocation plans: the units concerned answer line by line, the head above them decides."""
