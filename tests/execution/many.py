"""A bank of some thousand customers with their owners, and an approved plan that moves nearly all of them; by SQL, quickly."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from django.db import connection

from customers.allocation.models import AllocationPolicy
from customers.planning.models import AllocationPlan
from managers.profiles.models import RelationshipManager

# Every manager gives to the next one, so that the plan is one long cycle; every 97th customer must not come to his.
_CUSTOMERS = """
INSERT INTO customers_registry_customer (customer_no, name, name_pinyin, kind, nature, category, group_no, industry_code,
    region_code, scale, credit_code, needs, source, unit_id, owner_id, updated_at)
SELECT 'B' || lpad(n::text, 6, '0'), '客户' || n, '', CASE WHEN n %% 10 = 0 THEN 'individual' ELSE 'enterprise' END,
    '', '', '', '', '', '', '', '', '', m.unit_id, m.id, now()
FROM generate_series(1, %s) n
JOIN LATERAL (SELECT id, unit_id FROM managers_profiles_relationshipmanager WHERE id = (%s::bigint[])[1 + n %% %s]) m ON true"""
_ASSIGNMENTS = """
INSERT INTO customers_registry_assignment (customer_id, manager_id, role, starts_on, updated_at)
SELECT id, owner_id, 'primary', '2020-01-01', now() FROM customers_registry_customer WHERE customer_no LIKE 'B%%' ORDER BY id"""
_LINES = """
INSERT INTO customers_planning_allocationmove (plan_id, customer_id, present_id, proposed_id, forced, broken, effort, metres,
    fit, continuity, cost, state, holds, note)
SELECT %s, c.id, c.owner_id, (%s::bigint[])[1 + (array_position(%s::bigint[], c.owner_id) %% %s)], false, '{}', 1, 0,
    '{0,0,0,0,0}', 0, 0, 'approved', '{}', ''
FROM customers_registry_customer c WHERE c.customer_no LIKE 'B%%' ORDER BY c.id"""
_RULES = """
INSERT INTO customers_allocation_customerrule (customer_id, manager_id, kind, starts_on, reason, updated_at)
SELECT customer_id, proposed_id, 'exclude', '2020-01-01', '约定', now() FROM customers_planning_allocationmove
WHERE plan_id = %s AND customer_id %% 97 = 0"""
_DIGEST = """
SELECT c.customer_no, c.unit_id, c.owner_id, l.state, l.note, l.unit_before_id, e.before::text, e.after::text,
    (SELECT string_agg(a.manager_id || ' ' || a.starts_on || ' ' || coalesce(a.ends_on::text, ''), ';' ORDER BY a.starts_on)
     FROM customers_registry_assignment a WHERE a.customer_id = c.id AND a.role = 'primary')
FROM customers_planning_allocationmove l JOIN customers_registry_customer c ON c.id = l.customer_id
LEFT JOIN audit_event e ON e.resource = 'customers' AND e.object_id = c.id::text AND e.kind = 'assignment.begin'
WHERE l.plan_id = %s ORDER BY c.customer_no"""
# In one snapshot: two owners on any day, an owner who is not the primary manager of today, nobody where there was somebody.
INVARIANT = """
SELECT
    (SELECT count(*) FROM customers_registry_assignment a JOIN customers_registry_assignment b
     ON b.customer_id = a.customer_id AND b.id > a.id AND a.role = 'primary' AND b.role = 'primary'
     AND daterange(a.starts_on, a.ends_on) && daterange(b.starts_on, b.ends_on)),
    (SELECT count(*) FROM customers_registry_customer c LEFT JOIN customers_registry_assignment a ON a.customer_id = c.id
     AND a.role = 'primary' AND a.starts_on <= %(on)s AND (a.ends_on IS NULL OR a.ends_on > %(on)s)
     WHERE c.customer_no LIKE 'B%%' AND (c.owner_id IS DISTINCT FROM a.manager_id OR a.id IS NULL)),
    (SELECT count(*) FROM customers_planning_allocationmove WHERE state = 'applied')"""


def furnish(customers: int, people: list[RelationshipManager]) -> None:
    """Customers in turn with each of the people, since 2020."""
    keys = [one.pk for one in people]
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMERS, [customers, keys, len(keys)])
        cursor.execute(_ASSIGNMENTS)


def moving(plan: AllocationPlan, people: list[RelationshipManager], *, rules: bool = True) -> None:
    """Approved lines that give each customer to the next of the people."""
    keys = [one.pk for one in people]
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [plan.pk, keys, keys, len(keys)])
        if rules:
            cursor.execute(_RULES, [plan.pk])


def plan_of(
    policy: AllocationPolicy, unit: Any, by: Any, on: date, now: Any, number: str = "FK-2026-0001"
) -> AllocationPlan:
    figures = {"max_mean": 1, "gini": 0, "match": 0}
    return AllocationPlan.objects.create(
        number=number, policy=policy, unit=unit, as_of=on, state="approved", approved_by=by, approved_at=now, effective_on=on,
        before=figures, after=figures,
    )  # fmt: skip


def digest(plan: AllocationPlan) -> str:
    """Over owners, units, spans, lines and events of every customer of the plan: everything but what the database numbers."""
    seen = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute(_DIGEST, [plan.pk])
        for row in cursor.fetchall():
            seen.update(repr(row).encode())
    return seen.hexdigest()
