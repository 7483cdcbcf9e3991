"""Benchmarks: one JSON line per figure, never a failing clock."""
