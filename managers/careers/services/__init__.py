"""Writing posts and grades: one function for each verb."""
