"""What waits to be put on notice, to be served, to be answered or to be signed, and who may answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from appraisal.grading.choices import DecisionState
from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.permissions import DECISION_CONFIRM
from appraisal.notices import permissions
from appraisal.notices.choices import LineState, NoticeState, ObjectionState, ServiceState
from appraisal.notices.models import NoticeLine, NoticeObjection, PublicNotice, ServiceOfNotice
from appraisal.scoring.models import ProposalKind
from cmsys.access.actors import Actor
from managers.conduct.models import InterestDeclaration


def waiting_for_notice(actor: Actor) -> QuerySet[Any]:
    """Confirmed promotions within reach that are on no notice yet, not even on a draft."""
    standing = NoticeLine.objects.filter(decision=OuterRef("pk"), state=LineState.STANDING)
    return _confirmed(actor, ProposalKind.PROMOTION).exclude(Exists(standing))


def waiting_for_service(actor: Actor) -> QuerySet[Any]:
    """Confirmed demotions within reach. As with promotions, cases whose figures have changed wait for the regrading first."""
    return _confirmed(actor, ProposalKind.DEMOTION)


def _confirmed(actor: Actor, kind: str) -> QuerySet[Any]:
    rows: Any = GradeDecision.objects.reached_by(actor, DECISION_CONFIRM)
    return rows.filter(state=DecisionState.CONFIRMED, kind=kind, stale=False)


def shown_lines(notice: PublicNotice) -> QuerySet[NoticeLine]:
    """The people a notice shows: those whose promotion still stands there. Whoever was struck is not shown any more,
    and neither is anybody whose case has moved on otherwise."""
    lines: QuerySet[NoticeLine] = notice.lines.order_by("unit_name", "name", "pk")
    if notice.state == NoticeState.DRAFT:
        return lines.filter(state=LineState.STANDING)
    on_it = Q(state=LineState.STANDING, decision__state=DecisionState.ON_NOTICE)
    return lines.filter(on_it | Q(state=LineState.CLEARED), decision__kind=ProposalKind.PROMOTION)


def running_notices(actor: Actor, today: date) -> QuerySet[Any]:
    """What is on the board for the actor on a day."""
    rows: Any = PublicNotice.objects.visible_to(actor, "view")
    return rows.filter(state=NoticeState.PUBLISHED, starts_on__lte=today, ends_on__gte=today)


def answerable(actor: Actor, today: date, state: str = ObjectionState.OPEN) -> QuerySet[Any]:
    """Open objections (or those in any state, with "") the actor may answer: in reach, not his own, about nobody he is related to, in cases that he has
    not decided on any other level, himself or through those he stands in for. One query."""
    rows: Any = NoticeObjection.objects.reached_by(actor, permissions.OBJECTION_HANDLE)
    rows = rows.filter(state=state) if state else rows
    if actor.actor_id is None:
        return rows
    decided = DecisionStep.objects.filter(decision=OuterRef("line__decision")).exclude(level="")
    in_force = Q(starts_on__lte=today) & (Q(ends_on__isnull=True) | Q(ends_on__gt=today))
    related = InterestDeclaration.objects.filter(in_force, manager=OuterRef("line__decision__manager"))
    rows = rows.exclude(objector=actor.actor_id).exclude(
        Exists(decided.filter(Q(actor=actor.actor_id) | Q(on_behalf=actor.actor_id)))
    )
    rows = rows.exclude(Exists(related.filter(declarant=actor.actor_id)))
    number = getattr(actor, "employee_no", None)
    if number:
        theirs = InterestDeclaration.objects.filter(
            in_force, manager__employee_no=number,
            declarant__employee_no=OuterRef("line__decision__manager__employee_no"),
        )  # fmt: skip
        rows = rows.exclude(Exists(theirs))
    return rows


def unsigned(actor: Actor) -> QuerySet[Any]:
    """What was served on the actor himself and waits for his receipt."""
    rows: Any = ServiceOfNotice.objects.filter(state=ServiceState.SERVED)
    number = getattr(actor, "employee_no", None)
    if not number or not actor.access.reaches(permissions.SERVICE_SIGN):
        return rows.none()
    return rows.filter(decision__manager__employee_no=number)


def open_objections(notice: PublicNotice) -> dict[int, int]:
    """How many objections are open about each line; one query."""
    counted: dict[int, int] = {}
    rows = NoticeObjection.objects.filter(line__notice=notice, state=ObjectionState.OPEN)
    for line_id in rows.values_list("line_id", flat=True):
        counted[line_id] = counted.get(line_id, 0) + 1
    return counted


def has_letter(decision: GradeDecision) -> bool:
    """Whether a case is a promotion in effect."""
    in_effect = decision.state in (DecisionState.EFFECTIVE, DecisionState.SUPERSEDED)
    return in_effect and decision.kind == ProposalKind.PROMOTION
