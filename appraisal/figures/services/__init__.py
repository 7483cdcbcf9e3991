"""Writing targets and readings: one function for each verb."""
