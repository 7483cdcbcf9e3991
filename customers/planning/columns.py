"""Rows as whole-number columns: what a plan reads of customers and managers comes by COPY, a million rows in a few seconds."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from django.db import connection

from customers.allocation.engine.problem import Ints


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
