"""Room: 变更流. What changed in the rows that clients keep copies of, in one fixed order, with who saw it before and after.

Triggers write it (`triggers`), for whatever wrote the row; rooms declare their tables (`tables`), the API reads it
(`selectors`). Why triggers, and why nothing is skipped: docs/adr/0132.
"""
