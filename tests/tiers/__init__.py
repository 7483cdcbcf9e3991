"""Tier rules, their runs, and what becomes of customers."""
