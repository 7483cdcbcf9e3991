"""In what two plans differ: customers who would have another manager under the one than under the other."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from customers.planning.models import AllocationPlan

_DIFFERS = """
SELECT coalesce(a.customer_id, b.customer_id), coalesce(a.present_id, b.present_id), a.proposed_id, b.proposed_id, count(*) OVER ()
FROM (SELECT * FROM customers_planning_allocationmove WHERE plan_id = %s) a
FULL JOIN (SELECT * FROM customers_planning_allocationmove WHERE plan_id = %s) b ON b.customer_id = a.customer_id
WHERE a.proposed_id IS DISTINCT FROM b.proposed_id
ORDER BY 1 LIMIT %s OFFSET %s"""


@dataclass(frozen=True)
class Difference:
    """Keys: the customer, his present manager, his manager by either plan (None: he stays where he is)."""

    customer: int
    present: int | None
    first: int | None
    second: int | None


def differences(
    first: AllocationPlan, second: AllocationPlan, start: int, count: int
) -> tuple[list[Difference], int]:
    """The customers from place `start` on, in order of key, and how many there are at all; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERS, [first.pk, second.pk, count, start])
        rows = cursor.fetchall()
    return [Difference(*row[:4]) for row in rows], rows[0][4] if rows else 0
