"""Two locks: on the shape of the tree, so that openings and moves happen one after the other, and on the paths of units."""

from __future__ import annotations

from django.db import connection

_LOCK = 7_236_002
PATHS_LOCK = 7_236_003


def lock_tree() -> None:
    """Held to the end of the transaction. Without it two moves could put two units below each other, and a unit opened
    beside a move of its parent could keep the old path. Waits for at most lock_timeout, then raises OperationalError.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def lock_paths() -> None:
    """Before a unit is moved, and before any row is locked for it. Who notes under which path a row is seen (docs/adr/0132)
    shares this lock: he and a move of the unit do not pass each other. Held to the end of the transaction; waits for writers
    that are just noting, for at most lock_timeout, then raises OperationalError.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PATHS_LOCK])
