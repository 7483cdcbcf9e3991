"""Many rows at once: the sides of a plan that is submitted, the states of lines all sides have answered."""

from __future__ import annotations

from django.db import connection

from customers.planning.models import AllocationPlan

# The unit of the present manager gives, that of the proposed one takes; one unit that does both is asked once. Who has
# left, or whose unit is closed, has nobody to give in his place.
_SIDES = """
    INSERT INTO customers_planning_lineside (plan_id, line_id, side, unit_id, verdict, reason, by_name)
    SELECT line.plan_id, line.id, asked.side, asked.unit_id, '', '', ''
    FROM customers_planning_allocationmove line
    JOIN managers_profiles_relationshipmanager taker ON taker.id = line.proposed_id
    LEFT JOIN managers_profiles_relationshipmanager giver
        ON giver.id = line.present_id AND giver.status <> 'left'
        AND EXISTS (SELECT FROM org_orgunit u WHERE u.id = giver.unit_id AND u.closed_on IS NULL)
    CROSS JOIN LATERAL (
        SELECT 'both' AS side, taker.unit_id WHERE giver.unit_id = taker.unit_id
        UNION ALL
        SELECT 'taking', taker.unit_id WHERE giver.unit_id IS DISTINCT FROM taker.unit_id
        UNION ALL
        SELECT 'giving', giver.unit_id WHERE giver.unit_id <> taker.unit_id
    ) asked
    WHERE line.plan_id = %s
    ORDER BY line.id, asked.side
"""
_SETTLE = """
    UPDATE customers_planning_allocationmove line
    SET state = CASE WHEN EXISTS (
        SELECT FROM customers_planning_lineside side WHERE side.line_id = line.id AND side.verdict = 'refused'
    ) THEN 'refused' ELSE 'agreed' END
    WHERE line.plan_id = %s
"""


def ask_sides(plan: AllocationPlan) -> int:
    """Makes a row for each side of each line; how many. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SIDES, [plan.pk])
        return int(cursor.rowcount)


def settle_lines(plan: AllocationPlan) -> None:
    """A line one side refuses is refused, every other one agreed; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [plan.pk])
