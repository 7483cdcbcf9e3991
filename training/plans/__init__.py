"""Individual training plans, proposed from the weak indicators of a score sheet, agreed by both and tracked (TRN-2)."""
