"""The allocation engine: pure, exact, the same plan for the same problem."""
