"""Rows of a query by the names of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection


def rows_of(select: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All rows of a query; for at most some thousands."""
    with connection.cursor() as cursor:
        cursor.execute(select, params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
