"""The owner kept with each customer: today's primary manager, set for many customers in one statement."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import connection

_SET = """
    WITH held AS (
        SELECT customer_id, manager_id FROM customers_registry_assignment
        WHERE role = 'primary' AND starts_on <= %(today)s AND (ends_on IS NULL OR ends_on > %(today)s)
            AND (%(only)s::bigint[] IS NULL OR customer_id = ANY(%(only)s))
    ), wrong AS (
        SELECT c.id, held.manager_id
        FROM customers_registry_customer c LEFT JOIN held ON held.customer_id = c.id
        WHERE c.owner_id IS DISTINCT FROM held.manager_id AND (%(only)s::bigint[] IS NULL OR c.id = ANY(%(only)s))
        ORDER BY c.id LIMIT %(most)s FOR NO KEY UPDATE OF c
    )
    UPDATE customers_registry_customer c SET owner_id = wrong.manager_id, updated_at = %(now)s
    FROM wrong WHERE wrong.id = c.id AND (%(only)s::bigint[] IS NULL OR c.id = ANY(%(only)s))
"""


def set_owners(
    *, today: date, now: datetime, only: Collection[int] | None = None, most: int | None = None
) -> int:
    """Makes the owner the primary manager of the day wherever he is not, of all customers or of those named, at most
    `most` of them; returns how many. One statement, within the caller's transaction; locks the rows it changes."""
    asked = {"today": today, "now": now, "only": None if only is None else sorted(only), "most": most}
    with connection.cursor() as cursor:
        cursor.execute(_SET, asked)
        return int(cursor.rowcount)
