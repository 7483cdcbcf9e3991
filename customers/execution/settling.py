"""The day of a plan that was carried out ahead of it: owners of today and units follow, where they still are as planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from customers.execution.books import MOVE_UNITS
from customers.execution.entries import entries
from customers.execution.locking import hold
from customers.execution.rows import rows_of
from customers.planning.models import AllocationPlan
from customers.registry.owners import set_owners

_FOLLOW = """
SELECT l.id AS line, l.customer_id AS customer, c.customer_no, c.name, c.kind, c.unit_id AS unit, cu.name AS unit_name,
    u.id AS taker_unit, u.name AS taker_unit_name
FROM customers_planning_allocationmove l
JOIN customers_registry_customer c ON c.id = l.customer_id AND c.owner_id = l.proposed_id
JOIN customers_registry_assignment a ON a.id = l.assignment_id AND a.manager_id = l.proposed_id
    AND a.starts_on <= %(today)s AND (a.ends_on IS NULL OR a.ends_on > %(today)s)
JOIN managers_profiles_relationshipmanager m ON m.id = l.proposed_id
JOIN org_orgunit u ON u.id = m.unit_id
JOIN org_orgunit cu ON cu.id = c.unit_id AND left(u.path, length(cu.path)) <> cu.path
WHERE l.id = ANY(%(lines)s) AND l.unit_before_id IS NULL
ORDER BY l.customer_id"""
_BEFORE = """
UPDATE customers_planning_allocationmove l SET unit_before_id = v.unit
FROM unnest(%s::bigint[], %s::bigint[]) AS v (line, unit) WHERE l.id = v.line"""
_TRACE = """
INSERT INTO customers_execution_linetrace (line_id, unit_set_id) SELECT * FROM unnest(%s::bigint[], %s::bigint[])
ON CONFLICT (line_id) DO UPDATE SET unit_set_id = EXCLUDED.unit_set_id"""


def settle(
    actor: Actor, plan: AllocationPlan, lines: Sequence[Mapping[str, Any]], now: datetime, today: date
) -> int:
    """Sets the owners of today, and puts customers into the unit of their new manager; how many of them. Doing it twice
    changes nothing. The caller has the plan's row locked."""
    hold([line["customer_id"] for line in lines], {line["proposed_id"] for line in lines})
    set_owners(today=today, now=now, only=[line["customer_id"] for line in lines])
    found = rows_of(_FOLLOW, {"today": today, "lines": [line["pk"] for line in lines]})
    if not found:
        return 0
    keys, units = [row["line"] for row in found], [row["taker_unit"] for row in found]
    with connection.cursor() as cursor:
        cursor.execute(MOVE_UNITS, [now, [row["customer"] for row in found], units])
        cursor.execute(_BEFORE, [keys, [row["unit"] for row in found]])
        cursor.execute(_TRACE, [keys, units])
    said = [
        ("customer.update", row, {"unit": row["unit_name"]}, {"unit": row["taker_unit_name"]})
        for row in found
    ]
    entries(actor, said, now, _("随分客方案 %(plan)s 的新主办转入其机构") % {"plan": plan.number})
    return len(found)
