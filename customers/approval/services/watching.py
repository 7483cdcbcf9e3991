"""Plans whose units let the last day pass: the head is told once, the units are reminded."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import record
from customers.approval.letters import remind_reviewers, tell_late
from customers.approval.selectors import heads_of, reviewers_of
from customers.planning.choices import PlanState
from customers.planning.models import AllocationPlan
from customers.planning.permissions import PLAN_EDIT


@transaction.atomic
def plans_escalate(*, actor: Actor, now: datetime, today: date) -> int:
    """Every plan under review whose last day is over and about which nobody was told yet; says how many. Locks them.

    Raises MissingFunction. Eight queries a plan."""
    require(actor, PLAN_EDIT)
    late = AllocationPlan.objects.filter(
        state=PlanState.REVIEWING, due_on__lt=today, escalated_at__isnull=True
    )
    plans = list(late.select_related("unit").select_for_update(of=("self",)).order_by("pk"))
    for plan in plans:
        waiting = plan.sides.filter(verdict="").count()
        tell_late(heads_of(plan, today), plan, waiting, now)
        remind_reviewers(reviewers_of(plan, today, waiting=True), plan, now, today)
        # Not by save(): the version people have before them is that of the plan's own steps.
        AllocationPlan.objects.filter(pk=plan.pk).update(escalated_at=now)
        after = {"due_on": plan.due_on, "waiting": waiting}
        record("plan.escalate", plan, actor=actor, after=after, now=now)
    return len(plans)
