"""移交单号: counted anew each year, never given twice."""

from __future__ import annotations

from django.db import connection
from django.db.models import Max

from customers.handover.models import Handover


def first_serial(year: int) -> int:
    """The next serial of a year; whoever numbers at the same time waits for the end of this transaction. Two queries.

    Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a number is drawn in the transaction of its document")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('number:handover'), %s)", [year])
    last = Handover.objects.filter(year=year).aggregate(last=Max("serial"))["last"]
    return (last or 0) + 1


def number_of(year: int, serial: int) -> str:
    """`YJ-2026-0001`."""
    return f"YJ-{year}-{serial:04d}"
