"""The launcher of `make run`: embedded PostgreSQL and Valkey, the four processes, and how they heal. Nothing in production imports it."""
