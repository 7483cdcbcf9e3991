"""Allocation policies, evaluation sheets and draft plans."""
