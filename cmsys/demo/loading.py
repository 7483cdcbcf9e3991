"""Writes rows by the million: COPY into a temporary table, INSERT … SELECT into place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Model

ROWS = 200_000


def load(model: type[Model], columns: tuple[str, ...], lines: Iterable[str]) -> int:
    """Loads rows in PostgreSQL's text format (tab, `\\N` for null), one string each without its line end.

    Inside the caller's transaction, with foreign keys checked batch by batch; `columns` are those of the table. Returns
    the number of rows. A COPY right into a table would be refused once row-level security stands on it.
    """
    table, listed = model._meta.db_table, ", ".join(columns)
    done = 0
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        empty = f"SELECT {listed} FROM {table} LIMIT 0"  # noqa: S608 - names of our own models
        cursor.execute(f"CREATE TEMPORARY TABLE demo_rows ON COMMIT DROP AS {empty}")
        for text, count in _batches(iter(lines)):
            cursor.cursor.copy_expert(f"COPY demo_rows ({listed}) FROM STDIN", text)
            cursor.execute(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM demo_rows")  # noqa: S608
            cursor.execute("TRUNCATE demo_rows")
            done += count
        cursor.execute("DROP TABLE demo_rows")
    return done


def _batches(lines: Iterator[str]) -> Iterator[tuple[Any, int]]:
    while batch := list(islice(lines, ROWS)):
        yield StringIO("\n".join(batch) + "\n"), len(batch)
