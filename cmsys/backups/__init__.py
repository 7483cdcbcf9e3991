"""Backup and restore: `manage.py backup DIR`, `restore DIR` (docs/operations.md, docs/adr/0150).

A backup is a folder: `database.dump` (pg_dump's own format), `files/` (what lies in CMSYS_HOME/files) and `manifest.json`,
written last: the sums of both, how many rows each table had and where the ledger's chain ended, all of one moment.
"""
