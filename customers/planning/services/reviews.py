"""Plans nobody asked for: the periodic review of a policy, and what has happened in between. Drafts only, never a move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from cmsys.access.actors import Actor, require
from cmsys.org.models import OrgUnit
from cmsys.org.months import months_after
from customers.allocation.engine.problem import ProblemError
from customers.allocation.models import AllocationPolicy
from customers.allocation.selectors import document_of, policy_for
from customers.planning.choices import Cause, PlanState
from customers.planning.models import AllocationPlan
from customers.planning.permissions import REBALANCE
from customers.planning.services.rebalancing import rebalance
from customers.planning.triggers import triggers_of

# Somebody is at it: no further plan of the same unit is made.
AT_WORK = (
    PlanState.COMPUTING, PlanState.REVIEWING, PlanState.DECIDING, PlanState.APPROVED, PlanState.APPLYING, PlanState.REVERTING,
)  # fmt: skip
# A draft is given so many days before triggers ask for another one; the same triggers are told again after so many.
DRAFT_DAYS, AGAIN_DAYS = 7, 30


@dataclass(frozen=True)
class Due:
    """A plan that was asked for, and why."""

    plan: AllocationPlan
    cause: str


@transaction.atomic
def plan_due(*, actor: Actor, unit: OrgUnit, today: date, now: datetime) -> Due | None:
    """Asks for a plan of the unit when its policy's review is due, or when something happened that the rules do not allow to
    stand: then for the moves that cannot be avoided only. None when there is nothing to do or somebody is at it.

    Raises MissingFunction.
    """
    require(actor, REBALANCE)
    policy = policy_for(unit.path)
    plans = AllocationPlan.objects.filter(unit=unit).order_by("-pk")
    if policy is None or plans.filter(state__in=AT_WORK).exists():
        return None
    document = document_of(policy)
    if today >= _review_on(policy, document.review_months, unit):
        return Due(_ask(actor, unit, today, now, cause=Cause.REVIEW), Cause.REVIEW)
    if plans.filter(state=PlanState.DRAFT, created_at__gt=now - timedelta(days=DRAFT_DAYS)).exists():
        return None
    try:
        causes = triggers_of(unit, document, today)
    except ProblemError:
        # A plan that is asked for says what is wrong with the data; a nightly look has nobody to say it to.
        return None
    told = plans.filter(cause=Cause.TRIGGER, created_at__gt=now - timedelta(days=AGAIN_DAYS)).first()
    if not causes or (told is not None and told.causes == causes):
        return None
    plan = _ask(actor, unit, today, now, cause=Cause.TRIGGER, percent=0, causes=causes)
    return Due(plan, Cause.TRIGGER)


def _ask(
    actor: Actor, unit: OrgUnit, today: date, now: datetime, *, cause: str, percent: int | None = None,
    causes: dict[str, int] | None = None,
) -> AllocationPlan:  # fmt: skip
    return rebalance(
        actor=actor, unit_id=unit.pk, policy_code="", today=today, now=now, percent=percent, cause=cause, causes=causes
    )  # fmt: skip


def _review_on(policy: AllocationPolicy, months: int, unit: OrgUnit) -> date:
    """So many months after the last plan of the whole unit, or after the policy was first brought in."""
    seen = AllocationPlan.objects.filter(unit=unit).exclude(cause=Cause.TRIGGER)
    seen = seen.exclude(state__in=(PlanState.FAILED, PlanState.DISCARDED, PlanState.COMPUTING))
    last: date | None = seen.order_by("-as_of").values_list("as_of", flat=True).first()
    if last is None:
        first = AllocationPolicy.objects.filter(code=policy.code).order_by("version").first() or policy
        last = timezone.localdate(first.created_at)
    return months_after(last, months)
