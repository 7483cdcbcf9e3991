"""Carrying out approved plans, and taking them back (ALC-2, ALC-7)."""
