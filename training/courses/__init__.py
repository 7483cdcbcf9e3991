"""The catalogue: competencies and the courses that build them (TRN-1)."""
