"""What happens here when a confirmed decision loses its ground or is withdrawn, and what the daily job does."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Q

from appraisal.grading.choices import DecisionState
from appraisal.grading.models import GradeDecision
from appraisal.notices.choices import LineState, NoticeState, ObjectionState, ServiceState
from appraisal.notices.drafting import lock_cases
from appraisal.notices.models import NoticeLine, ServiceOfNotice
from appraisal.notices.services.publishing import line_clear, line_strike
from appraisal.notices.services.serving import service_void
from cmsys.access.actors import SystemActor

ACTOR = SystemActor("system:notices")


def take_down(decision: GradeDecision, now: datetime) -> None:
    """Takes a decision off its notice, drafts included, and voids what was served of it."""
    for pk in NoticeLine.objects.filter(decision=decision, state=LineState.STANDING).values_list(
        "pk", flat=True
    ):
        line_strike(actor=ACTOR, line_id=pk, now=now)
    served = ServiceOfNotice.objects.filter(decision=decision).exclude(state=ServiceState.VOID)
    for pk in served.values_list("pk", flat=True):
        service_void(actor=ACTOR, service_id=pk, now=now)


def over(today: date, after: int, limit: int) -> list[int]:
    """Keys of lines whose notice has passed and that nobody objects to any more, in their order; one query."""
    waiting = Q(objections__state=ObjectionState.OPEN)
    rows = NoticeLine.objects.filter(
        state=LineState.STANDING, notice__state=NoticeState.PUBLISHED, notice__ends_on__lt=today, pk__gt=after
    )
    return list(rows.exclude(waiting).order_by("pk").values_list("pk", flat=True)[:limit])


def settle(keys: list[int], now: datetime, today: date) -> int:
    """Clears these lines; how many were cleared, the others having been settled meanwhile."""
    lock_cases(NoticeLine.objects.filter(pk__in=keys).values("decision"))
    lines = [line_clear(actor=ACTOR, line_id=pk, now=now, today=today) for pk in keys]
    return sum(line is not None and line.state == LineState.CLEARED for line in lines)


def astray() -> list[int]:
    """Keys of lines still standing on a published notice although the case is not on notice any more; one query."""
    rows = NoticeLine.objects.filter(state=LineState.STANDING, notice__state=NoticeState.PUBLISHED)
    return list(
        rows.exclude(decision__state=DecisionState.ON_NOTICE).order_by("pk").values_list("pk", flat=True)
    )
