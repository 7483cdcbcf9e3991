"""移交 with three signatures, and the first contact a new owner makes."""
