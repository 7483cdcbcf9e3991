"""The allocation engine, without a database."""
