"""Writing profiles: one function for each verb."""
