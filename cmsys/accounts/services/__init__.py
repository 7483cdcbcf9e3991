"""Writing accounts: one function for each verb."""
