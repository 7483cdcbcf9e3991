"""Relationship managers as people: profile, certificates, grade history."""
