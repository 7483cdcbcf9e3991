"""Asking about decisions: deadlines, who hears of them, steps between grades, where they are shown."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce, Greatest, TruncDate
from django.urls import reverse

from appraisal.grading.choices import PENDING, DecisionState, Flag
from appraisal.grading.models import DecisionStep, GradeDecision, GradingRound
from appraisal.grading.permissions import DECISION_REVIEW
from appraisal.grading.staying import stayed
from appraisal.scoring.models import ProposalKind
from cmsys.org.holders import granted
from cmsys.org.models import RoleGrant
from cmsys.org.workdays import add_working_days
from managers.careers.models import Grade

# Working days a level has when nothing else was said.
REVIEW_DAYS = 5
# Had been confirmed by human resources: others may have acted on it.
AFTER_CONFIRM = (
    DecisionState.CONFIRMED,
    DecisionState.ON_NOTICE,
    DecisionState.SERVED,
    DecisionState.CLEARED,
)


def due_again(round: GradingRound, today: date) -> date:
    """By when a case that comes back is to be decided: the day set for the round while it is ahead, else five working
    days from today."""
    if round.review_due_on is not None and round.review_due_on > today:
        return round.review_due_on
    return add_working_days(today, REVIEW_DAYS)


def pending_of(round: GradingRound) -> int:
    """How many cases of a round are still being decided; one query."""
    return round.decisions.filter(state__in=PENDING).count()


STAYS = (ProposalKind.HOLD, ProposalKind.NOT_RATED)


def due_for_effect(today: date) -> QuerySet[Any]:
    """Cases whose day has come, with `begins`: the day set for the round or for the case, never before the notice was
    over or the demotion was served; without those that wait for something else (grading.staying)."""
    ready = Q(state=DecisionState.CONFIRMED, kind__in=STAYS)
    ready |= Q(state=DecisionState.CLEARED, kind=ProposalKind.PROMOTION)
    ready |= Q(state=DecisionState.SERVED, kind=ProposalKind.DEMOTION)
    stays = Q(kind__in=STAYS)
    moved = Coalesce("effective_from", TruncDate("moved_at"))
    begins = Case(When(stays, then=F("round__effective_on")), default=Greatest("round__effective_on", moved))
    return (
        GradeDecision.objects.filter(ready, ~stayed(), stale=False)
        .annotate(begins=begins)
        .filter(begins__lte=today)
    )


# --- grades -------------------------------------------------------------------------------------------------------------
def steps_between(one: Grade, other: Grade) -> int:
    """How many steps of the ladder lie from one grade up to another, negative downwards; both of one series. One query."""
    low, high = sorted((one.order, other.order))
    count = Grade.objects.filter(series=one.series, order__gt=low, order__lte=high).count()
    return count if other.order > one.order else -count


def kind_between(previous: Grade | None, grade: Grade) -> str:
    """What it is called when somebody goes from one grade to another."""
    if previous is None or grade.order > previous.order:
        return ProposalKind.PROMOTION.value
    return ProposalKind.HOLD.value if grade.pk == previous.pk else ProposalKind.DEMOTION.value


def is_worse(old: Grade | None, new: Grade | None) -> bool:
    """Whether the new grade takes something away; grades of different series do not compare, and count as worse."""
    if old is None:
        return False
    return new is None or new.series != old.series or new.order < old.order


# --- flags --------------------------------------------------------------------------------------------------------------
def codes_of(decision: GradeDecision) -> set[str]:
    """The codes of a decision's flags."""
    return {str(flag["code"]) for flag in decision.flags}


def flagged(decision: GradeDecision, *flags: Flag) -> list[dict[str, Any]]:
    """The flags of a decision with these added."""
    there = codes_of(decision)
    return [*decision.flags, *({"code": flag.value} for flag in flags if flag not in there)]


def unflagged(decision: GradeDecision, *codes: str) -> list[dict[str, Any]]:
    """The flags of a decision without these."""
    return [flag for flag in decision.flags if flag["code"] not in codes]


# --- people -------------------------------------------------------------------------------------------------------------
def supervisors_of(round: GradingRound, today: date) -> list[int]:
    """The accounts whose own grants let them review a case of the round; one query."""
    reached = GradeDecision.objects.filter(
        round=round, state=DecisionState.IN_REVIEW, unit__path__startswith=OuterRef("unit__path")
    )
    in_line = reached.filter(manager__line=OuterRef("line"))
    found = RoleGrant.objects.filter(granted(DECISION_REVIEW, today)).filter(
        Q(line__isnull=True) & Exists(reached) | Exists(in_line)
    )
    return sorted(set(found.values_list("user", flat=True)))


def deciders_of(decisions: Collection[int]) -> dict[int, set[int]]:
    """Decision → accounts that have decided on it since it last lost its ground; one query."""
    found: dict[int, set[int]] = {}
    steps = DecisionStep.objects.filter(decision__in=decisions).order_by("pk")
    for decision, verb, level, actor in steps.values_list("decision", "verb", "level", "actor"):
        if verb == "void":
            found.pop(decision, None)
        elif level and actor is not None:
            found.setdefault(decision, set()).add(actor)
    return found


# --- addresses ----------------------------------------------------------------------------------------------------------
def case_url(decision: int) -> str:
    """The page of a case."""
    return reverse("grade_decisions_detail", args=[decision])


def review_url(decision: int | None = None) -> str:
    """The queue of the reviewers, opened at a case."""
    address = reverse("grade_review")
    return address if decision is None else f"{address}?case={decision}"
