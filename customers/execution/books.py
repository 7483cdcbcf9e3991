"""Some lines of a plan become assignments, set-wise: what stands against each, and the writing of all that nothing does.

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
from customers.allocation.selectors import document_of
from customers.execution.entries import Entry, entries
from customers.execution.locking import hold
from customers.execution.reasons import SKIPPED
from customers.execution.rows import rows_of
from customers.planning.followers import lines_applied
from customers.planning.models import AllocationPlan
from customers.registry.models import AssignmentRole
from customers.registry.owners import set_owners
from customers.service.selectors import counts_after
from managers.conduct.selectors import related_pairs

PRIMARY = AssignmentRole.PRIMARY
# A first-come order of reasons, as in reasons.SKIPPED.
# Every table is asked for the customers of this chunk by an index: how long a chunk takes has to do with its lines, not with
# the size of the bank or of the plan.
_FOUND = """
WITH held AS MATERIALIZED (
    SELECT id, customer_id, manager_id, starts_on, ends_on FROM customers_registry_assignment
    WHERE customer_id = ANY(%(customers)s) AND role = 'primary' AND (ends_on IS NULL OR ends_on > %(on)s)
)
SELECT l.id AS line, l.customer_id AS customer, l.proposed_id AS manager, h.id AS former, h.ends_on AS former_ends_on,
    c.unit_id AS unit, c.customer_no, c.name, c.kind, m.name || '（' || m.employee_no || '）' AS taker,
    f.name || '（' || f.employee_no || '）' AS giver, u.id AS taker_unit, u.name AS taker_unit_name, cu.name AS unit_name,
    cu.path IS NOT NULL AND left(u.path, length(cu.path)) <> cu.path AS elsewhere,
    CASE
        WHEN h.manager_id = l.proposed_id THEN 'already'
        WHEN h.manager_id IS DISTINCT FROM l.present_id AND h.id IS NOT NULL THEN 'other'
        WHEN h.starts_on = %(on)s THEN 'same_day'
        WHEN EXISTS (SELECT FROM held x WHERE x.customer_id = l.customer_id AND x.starts_on > %(on)s) THEN 'later'
        WHEN m.status = 'left' THEN 'left'
        WHEN u.closed_on IS NOT NULL THEN 'closed'
        WHEN pm.intake = 'open' AND NOT m.status = ANY(%(open)s) THEN 'intake'
        WHEN EXISTS (SELECT FROM customers_allocation_customerrule r
            WHERE r.customer_id = l.customer_id AND r.kind = 'exclude' AND r.manager_id = l.proposed_id
            AND r.starts_on <= %(on)s AND (r.ends_on IS NULL OR r.ends_on > %(on)s)) THEN 'excluded'
        WHEN EXISTS (SELECT FROM customers_allocation_customerrule r
            WHERE r.customer_id = l.customer_id AND r.kind = 'pin' AND r.manager_id <> l.proposed_id
            AND r.starts_on <= %(on)s AND (r.ends_on IS NULL OR r.ends_on > %(on)s)) THEN 'pinned'
        WHEN %(complained)s::timestamptz IS NOT NULL AND EXISTS (SELECT FROM customers_service_ticket t
            WHERE t.customer_id = l.customer_id AND t.kind = 'complaint' AND t.upheld AND t.responsible_id = l.proposed_id
            AND coalesce(t.resolved_at, t.opened_at) > %(complained)s) THEN 'complained'
        WHEN EXISTS (SELECT FROM unnest(%(low)s::bigint[], %(high)s::bigint[]) AS p (low, high)
            WHERE p.low = least(h.manager_id, l.proposed_id) AND p.high = greatest(h.manager_id, l.proposed_id)
            AND h.id IS NOT NULL) THEN 'related'
        WHEN l.present_id IS NOT NULL AND NOT 'open_complaint' = ANY(l.holds) AND EXISTS (
            SELECT FROM customers_service_ticket t
            WHERE t.customer_id = l.customer_id AND t.kind = 'complaint' AND t.resolved_at IS NULL) THEN 'complaint'
    END AS why
FROM customers_planning_allocationmove l
JOIN customers_registry_customer c ON c.id = l.customer_id
JOIN managers_profiles_relationshipmanager m ON m.id = l.proposed_id
JOIN org_orgunit u ON u.id = m.unit_id
LEFT JOIN org_orgunit cu ON cu.id = c.unit_id
LEFT JOIN customers_planning_planmanager pm ON pm.plan_id = l.plan_id AND pm.manager_id = l.proposed_id
LEFT JOIN held h ON h.customer_id = l.customer_id AND h.starts_on <= %(on)s
LEFT JOIN managers_profiles_relationshipmanager f ON f.id = h.manager_id
WHERE l.id = ANY(%(lines)s) AND c.id = ANY(%(customers)s)
ORDER BY l.customer_id"""
_END = """UPDATE customers_registry_assignment SET ends_on = %s, updated_at = %s WHERE id = ANY(%s)"""
_BEGIN = """
INSERT INTO customers_registry_assignment (customer_id, manager_id, role, starts_on, updated_at)
SELECT customer, manager, 'primary', %s, %s FROM unnest(%s::bigint[], %s::bigint[]) AS v (customer, manager)
RETURNING customer_id, id"""
_DONE = """
UPDATE customers_planning_allocationmove l SET state = 'applied', note = '', former_id = v.former,
    assignment_id = v.begun, unit_before_id = v.unit, done_at = %s
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS v (line, former, begun, unit)
WHERE l.id = v.line AND l.id = ANY(%s)"""
_SKIP = """
UPDATE customers_planning_allocationmove l SET state = 'skipped', note = v.note
FROM unnest(%s::bigint[], %s::text[]) AS v (line, note) WHERE l.id = v.line"""
_TRACE = """
INSERT INTO customers_execution_linetrace (line_id, former_ends_on, unit_set_id)
SELECT * FROM unnest(%s::bigint[], %s::date[], %s::bigint[])"""
MOVE_UNITS = """
UPDATE customers_registry_customer c SET unit_id = v.unit, updated_at = %s
FROM unnest(%s::bigint[], %s::bigint[]) AS v (customer, unit) WHERE c.id = v.customer"""


@dataclass(frozen=True)
class Carried:
    """What became of some lines."""

    applied: int
    skipped: int


def carry_out(
    actor: Actor, plan: AllocationPlan, lines: Sequence[Mapping[str, Any]], now: datetime, today: date
) -> Carried:
    """Carries out lines (`pk`, `customer_id`, `present_id`, `proposed_id`) that are approved. Those that no longer fit the
    books are skipped and say why. About fifteen statements, whatever the number of lines.

    The owner of today and the customer's unit follow at once where the day has come; later ones follow on their day.
    """
    on = plan.effective_on
    assert on is not None
    hold(
        [line["customer_id"] for line in lines],
        {line[side] for line in lines for side in ("present_id", "proposed_id") if line[side] is not None},
    )
    policy = document_of(plan.policy)
    opened = [status for status, intake in policy.intake.items() if intake == "open"]
    complained = None if policy.complaint_months is None else counts_after(on, policy.complaint_months)
    related = sorted(related_pairs(on))
    found = rows_of(
        _FOUND,
        {
            "on": on, "lines": [line["pk"] for line in lines], "open": opened,
            "customers": [line["customer_id"] for line in lines],
            "complained": complained, "low": [low for low, _high in related], "high": [high for _low, high in related],
        },
    )  # fmt: skip
    taken, skipped = [row for row in found if not row["why"]], [row for row in found if row["why"]]
    follows = [row for row in taken if row["elsewhere"]] if on <= today else []
    with connection.cursor() as cursor:
        if skipped:
            notes = [str(SKIPPED[row["why"]]) for row in skipped]
            cursor.execute(_SKIP, [[row["line"] for row in skipped], notes])
        if not taken:
            return Carried(0, len(skipped))
        cursor.execute(_END, [on, now, [row["former"] for row in taken if row["former"]]])
        customers = [row["customer"] for row in taken]
        cursor.execute(_BEGIN, [on, now, customers, [row["manager"] for row in taken]])
        begun = dict(cursor.fetchall())
        before = {row["line"]: row["unit"] for row in follows}
        done = [row["line"] for row in taken]
        cursor.execute(
            _DONE,
            [
                now, done, [row["former"] for row in taken], [begun[row["customer"]] for row in taken],
                [before.get(line) for line in done], done,
            ],
        )  # fmt: skip
        traced = [row for row in taken if row["former_ends_on"] or row["line"] in before]
        if traced:
            units = [row["taker_unit"] if row["line"] in before else None for row in traced]
            cursor.execute(
                _TRACE, [[row["line"] for row in traced], [row["former_ends_on"] for row in traced], units]
            )
        if follows:
            cursor.execute(
                MOVE_UNITS,
                [now, [row["customer"] for row in follows], [row["taker_unit"] for row in follows]],
            )
    set_owners(today=today, now=now, only=customers)
    role = str(PRIMARY.label)
    said = [_entry(row, role, on, row["line"] in before) for row in taken]
    entries(actor, said, now, _("执行分客方案 %(plan)s") % {"plan": plan.number})
    lines_applied(actor, plan, done, now, today)
    return Carried(len(taken), len(skipped))


def _entry(row: Mapping[str, Any], role: str, on: date, moved: bool) -> Entry:
    """As an assignment entered by hand reads in the customer's history."""
    before: dict[str, Any] = {"manager": row["giver"]} if row["former"] else {}
    after: dict[str, Any] = {"role": role, "manager": row["taker"], "starts_on": on}
    if moved:
        before["unit"], after["unit"] = row["unit_name"], row["taker_unit_name"]
    return "assignment.begin", row, before, after
