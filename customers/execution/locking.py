"""What a chunk holds while it works, in the one order in which nobody can meet it the other way round.

Paths (shared) before units, units before people, people before customers, customers by key. Whoever changes one customer
holds that customer and then only looks at units and people; whoever renames or moves a unit or a person holds that row
and then touches customers. Customers are held so that nobody else gives them another owner; rows that merely refer to
them (a contract, a ticket) may come in meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from cmsys.org.tree import PATHS_LOCK

_OWNERS = (
    "SELECT DISTINCT owner_id FROM customers_registry_customer WHERE id = ANY(%s) AND owner_id IS NOT NULL"
)
_UNITS = """
    SELECT FROM org_orgunit u WHERE u.id IN (
        SELECT unit_id FROM managers_profiles_relationshipmanager WHERE id = ANY(%s)
    ) ORDER BY u.id FOR SHARE"""
_PEOPLE = "SELECT FROM managers_profiles_relationshipmanager WHERE id = ANY(%s) ORDER BY id FOR SHARE"
_CUSTOMERS = "SELECT FROM customers_registry_customer WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"


def hold(customers: Collection[int], people: Collection[int]) -> None:
    """Holds the customers, and the people (with whoever owns the customers by now) and their units as they are, to the end
    of the transaction. Five statements; waits for others at most lock_timeout, then raises OperationalError."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [PATHS_LOCK])
        cursor.execute(_OWNERS, [sorted(customers)])
        staff = sorted({*people, *(row[0] for row in cursor.fetchall())})
        cursor.execute(_UNITS, [staff])
        cursor.execute(_PEOPLE, [staff])
        cursor.execute(_CUSTOMERS, [sorted(customers)])
