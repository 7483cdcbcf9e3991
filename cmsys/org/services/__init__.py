"""Writing the organisation: one function for each verb."""
