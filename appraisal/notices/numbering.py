"""文号: the next number of a series in a year."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Max

from appraisal.notices.models import Numbered


def next_number(model: type[Numbered], year: int) -> dict[str, int]:
    """`year` and `serial` for a new document, one more than the last of the year; two queries.

    Whoever numbers a document of the same series at the same time waits for the end of this transaction. Raises
    RuntimeError outside one.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a number is drawn in the transaction of its document")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s), %s)", [f"number:{model._meta.db_table}", year]
        )
    rows: Any = model._default_manager
    last = rows.filter(year=year).aggregate(last=Max("serial"))["last"]
    return {"year": year, "serial": (last or 0) + 1}
