"""Rows by COPY, out of the database as whole-number columns and into it as text: a million in a few seconds."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO, StringIO
from typing import Any

import numpy as np
from django.db import connection

from customers.tiers.engine.ranking import Ints

NOTHING = "\\N"


def columns(select: str, width: int, params: tuple[Any, ...] = ()) -> list[Ints]:
    """The `width` whole-number columns of a query, int64 each; nulls must have been turned into numbers by the query."""
    buffer = BytesIO()
    with connection.cursor() as cursor:
        sql = cursor.mogrify(select, params).decode()
        cursor.copy_expert(f"COPY ({sql}) TO STDOUT WITH (DELIMITER ' ')", buffer)
    text = buffer.getvalue()
    if not text:
        return [np.zeros(0, dtype=np.int64) for _ in range(width)]
    flat = np.fromstring(text.decode("ascii"), dtype=np.int64, sep=" ").reshape(-1, width)
    return [np.ascontiguousarray(flat[:, place]) for place in range(width)]


def copy_rows(table: str, names: Iterable[str], rows: Iterable[str]) -> None:
    """Rows in COPY's text format into a table."""
    with connection.cursor() as cursor:
        cursor.copy_expert(f'COPY "{table}" ({", ".join(names)}) FROM STDIN', StringIO("".join(rows)))


def array(values: Iterable[int]) -> str:
    """Whole numbers as PostgreSQL writes an array of them."""
    return "{" + ",".join(map(str, values)) + "}"
