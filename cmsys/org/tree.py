"""The lock on the shape of the tree: openings and moves happen one after the other."""

from __future__ import annotations

from django.db import connection

_LOCK = 7_236_002


def lock_tree() -> None:
    """Held to the end of the transaction. Without it two moves could put two units below each other, and a unit opened
    beside a move of its parent could keep the old path. Waits for at most lock_timeout, then raises OperationalError.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
