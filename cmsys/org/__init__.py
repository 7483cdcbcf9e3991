"""The organisation: units as a tree in time, business lines, the working calendar, and who holds which role where."""
