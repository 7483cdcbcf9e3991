"""Some lines of a plan are taken back, set-wise: exactly where the new manager has not begun before today; otherwise he
ends today and the former one begins again today, so that every day keeps the owner it had.

The caller is in a transaction and has the plan's row locked. A number of statements that does not depend on the lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from customers.execution.books import MOVE_UNITS
from customers.execution.entries import Entry, entries
from customers.execution.locking import hold
from customers.execution.reasons import KEPT
from customers.execution.rows import rows_of
from customers.planning.followers import lines_reverted
from customers.planning.models import AllocationPlan
from customers.registry.models import AssignmentRole
from customers.registry.owners import set_owners

PRIMARY = AssignmentRole.PRIMARY
# The reasons in the order of reasons.KEPT.
_FOUND = """
SELECT l.id AS line, l.customer_id AS customer, a.id AS begun, a.starts_on, f.id AS former, f.manager_id AS manager,
    t.former_ends_on, c.customer_no, c.name, c.kind, p.name || '（' || p.employee_no || '）' AS holder,
    m.name || '（' || m.employee_no || '）' AS giver, u.name AS unit_name, b.id AS unit, b.name AS unit_before_name,
    l.unit_before_id IS NOT NULL AND c.unit_id = t.unit_set_id AS moved,
    CASE
        WHEN a.id IS NULL THEN 'gone'
        WHEN a.manager_id <> l.proposed_id OR a.role <> 'primary' OR a.starts_on <> %(on)s OR a.ends_on IS NOT NULL
            THEN 'changed'
        WHEN EXISTS (SELECT FROM customers_registry_assignment x
            WHERE x.customer_id = l.customer_id AND x.role = 'primary' AND x.starts_on > a.starts_on) THEN 'later'
        WHEN f.id IS NOT NULL AND (f.ends_on IS DISTINCT FROM a.starts_on OR f.role <> 'primary'
            OR f.manager_id IS DISTINCT FROM l.present_id) THEN 'former_changed'
        WHEN m.status = 'left' THEN 'former_left'
        WHEN mu.closed_on IS NOT NULL THEN 'former_closed'
    END AS why
FROM customers_planning_allocationmove l
JOIN customers_registry_customer c ON c.id = l.customer_id
JOIN managers_profiles_relationshipmanager p ON p.id = l.proposed_id
LEFT JOIN customers_registry_assignment a ON a.id = l.assignment_id
LEFT JOIN customers_registry_assignment f ON f.id = l.former_id
LEFT JOIN managers_profiles_relationshipmanager m ON m.id = f.manager_id
LEFT JOIN org_orgunit mu ON mu.id = m.unit_id
LEFT JOIN customers_execution_linetrace t ON t.line_id = l.id
LEFT JOIN org_orgunit u ON u.id = c.unit_id
LEFT JOIN org_orgunit b ON b.id = l.unit_before_id
WHERE l.id = ANY(%(lines)s)
ORDER BY l.customer_id"""
_KEEP = """
UPDATE customers_planning_allocationmove l SET note = v.note
FROM unnest(%s::bigint[], %s::text[]) AS v (line, note) WHERE l.id = v.line"""
_BACK = """
UPDATE customers_planning_allocationmove SET state = 'reverted', note = '',
    assignment_id = CASE WHEN assignment_id = ANY(%s) THEN NULL ELSE assignment_id END WHERE id = ANY(%s)"""
_UNDO = "DELETE FROM customers_registry_assignment WHERE id = ANY(%s)"
_REOPEN = """
UPDATE customers_registry_assignment a SET ends_on = v.ends_on, updated_at = %s
FROM unnest(%s::bigint[], %s::date[]) AS v (former, ends_on) WHERE a.id = v.former"""
_END = "UPDATE customers_registry_assignment SET ends_on = %s, updated_at = %s WHERE id = ANY(%s)"
_AGAIN = """
INSERT INTO customers_registry_assignment (customer_id, manager_id, role, starts_on, ends_on, updated_at)
SELECT customer, manager, 'primary', %s, ends_on, %s
FROM unnest(%s::bigint[], %s::bigint[], %s::date[]) AS v (customer, manager, ends_on)"""


@dataclass(frozen=True)
class Returned:
    """What became of some lines."""

    reverted: int
    kept: int


def take_back(
    actor: Actor, plan: AllocationPlan, lines: Sequence[Mapping[str, Any]], now: datetime, today: date, reason: str
) -> Returned:  # fmt: skip
    """Takes back lines (`pk`, `customer_id`, `present_id`, `proposed_id`) that were carried out. Those whose customer has
    been given to somebody since, and those whose former manager cannot take him, stay and say why. About fifteen
    statements, whatever the number of lines."""
    hold(
        [line["customer_id"] for line in lines],
        {line[side] for line in lines for side in ("present_id", "proposed_id") if line[side] is not None},
    )
    found = rows_of(_FOUND, {"on": plan.effective_on, "lines": [line["pk"] for line in lines]})
    back, kept = [row for row in found if not row["why"]], [row for row in found if row["why"]]
    # Not begun, or begun today: nobody has looked after the customer for a whole day yet.
    unbegun = [row for row in back if row["starts_on"] >= today]
    begun = [row for row in back if row["starts_on"] < today]
    again = [row for row in begun if _goes_on(row, today)]
    reopened = [row for row in unbegun if row["former"]]
    moved = [row for row in back if row["moved"]]
    with connection.cursor() as cursor:
        if kept:
            cursor.execute(_KEEP, [[row["line"] for row in kept], [str(KEPT[row["why"]]) for row in kept]])
        if not back:
            return Returned(0, len(kept))
        undone = [row["begun"] for row in unbegun]
        cursor.execute(_BACK, [undone, [row["line"] for row in back]])
        cursor.execute(_UNDO, [undone])
        cursor.execute(
            _REOPEN, [now, [row["former"] for row in reopened], [row["former_ends_on"] for row in reopened]]
        )
        cursor.execute(_END, [today, now, [row["begun"] for row in begun]])
        people = [row["manager"] for row in again]
        ends = [row["former_ends_on"] for row in again]
        cursor.execute(_AGAIN, [today, now, [row["customer"] for row in again], people, ends])
        if moved:
            cursor.execute(
                MOVE_UNITS, [now, [row["customer"] for row in moved], [row["unit"] for row in moved]]
            )
    set_owners(today=today, now=now, only=[row["customer"] for row in back])
    said = _("撤回分客方案 %(plan)s：%(reason)s") % {"plan": plan.number, "reason": reason}
    entries(actor, [_entry(row, today) for row in back], now, said)
    lines_reverted(actor, plan, [row["line"] for row in back], now, today)
    return Returned(len(back), len(kept))


def _goes_on(row: Mapping[str, Any], today: date) -> bool:
    """Whether the former manager is to look after the customer from today on: he was to do so until later, or for good."""
    return bool(row["former"]) and (row["former_ends_on"] is None or row["former_ends_on"] > today)


def _entry(row: Mapping[str, Any], today: date) -> Entry:
    """As a change by hand reads: withdrawn before it began, ended, or followed by the former manager."""
    before: dict[str, Any] = {"role": PRIMARY.label, "manager": row["holder"]}
    after: dict[str, Any] = {}
    kind = "assignment.withdraw"
    if row["starts_on"] >= today:
        before["starts_on"] = row["starts_on"]
    elif _goes_on(row, today):
        kind, before = "assignment.begin", {"manager": row["holder"]}
        after = {"role": PRIMARY.label, "manager": row["giver"], "starts_on": today}
    else:
        kind, after = "assignment.end", {"ends_on": today}
    if row["moved"]:
        before["unit"], after["unit"] = row["unit_name"], row["unit_before_name"]
    return kind, row, before, after
