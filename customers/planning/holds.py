"""What speaks for leaving a customer where he is for now (暂留), whatever the plan gains by moving him."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.utils.translation import gettext_lazy

OPEN_COMPLAINT = "open_complaint"
HOLDS = {OPEN_COMPLAINT: gettext_lazy("有未办结的投诉")}

_MARK = """
    UPDATE customers_planning_allocationmove line
    SET holds = CASE WHEN line.present_id IS NOT NULL AND EXISTS (
        SELECT FROM customers_service_ticket t
        WHERE t.customer_id = line.customer_id AND t.kind = 'complaint' AND t.resolved_at IS NULL
    ) THEN ARRAY['open_complaint'] ELSE ARRAY[]::varchar[] END
    WHERE line.plan_id = %s AND (%s::bigint[] IS NULL OR line.id = ANY(%s))
"""


def mark_holds(plan: int, only: list[int] | None = None) -> None:
    """Writes to the lines of a plan, or those named, what holds their customers today; one statement. A first assignment
    is never held: there is nobody to stay with."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [plan, only, only])


def holds_said(codes: Sequence[str]) -> list[str]:
    """What holds a customer, in words."""
    return [str(HOLDS.get(code, code)) for code in codes]
