"""What became of a plan's lines, in counts; and how far its jobs are."""

from __future__ import annotations

from typing import Any

from django.db.models import Count

from cmsys.jobs.models import Job
from customers.execution.runs import APPLY, REVERT
from customers.planning.choices import LineState
from customers.planning.models import AllocationMove, AllocationPlan


def counts_of(plan: AllocationPlan) -> dict[str, int]:
    """State of a line → how many; one query."""
    found = AllocationMove.objects.filter(plan=plan).order_by().values_list("state").annotate(n=Count("pk"))
    return dict(found)


def reasons_of(plan: AllocationPlan, state: str) -> list[tuple[str, int]]:
    """Why lines of a state are as they are, the most frequent reason first; one query."""
    noted = AllocationMove.objects.filter(plan=plan, state=state).exclude(note="").order_by()
    return list(noted.values_list("note").annotate(n=Count("pk")).order_by("-n", "note"))


def latest_job(plan: AllocationPlan) -> Job | None:
    """The newest job that carries out the plan or takes it back; one query."""
    jobs = Job.objects.filter(kind__in=(APPLY, REVERT), key=str(plan.pk))
    return jobs.order_by("-pk").first()


def lines_after(plan: int, state: str, after: int, most: int) -> list[dict[str, Any]]:
    """The next lines of a state in the order of their customers' keys; one query, by an index."""
    rows: Any = AllocationMove.objects.filter(plan=plan, state=state, customer__gt=after).order_by(
        "customer_id"
    )
    return list(rows.values("pk", "customer_id", "present_id", "proposed_id")[:most])


WAITING, DONE = LineState.APPROVED, LineState.APPLIED
