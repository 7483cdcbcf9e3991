"""Tests of the pure engines: no database, no settings."""
