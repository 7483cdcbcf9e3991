"""Asking for it; the jobs do the work."""
