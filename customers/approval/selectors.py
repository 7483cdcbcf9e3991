"""Reading: which sides wait for whom, which plans for the head, how far the units have come, who is to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from cmsys.access.actors import Actor
from cmsys.access.functions import Function
from cmsys.org.holders import accounts_by_unit
from customers.approval.recusals import plans_kept_out, sides_kept_out
from customers.planning.choices import LineState, PlanState, Verdict
from customers.planning.models import AllocationPlan, LineSide, PlanStep
from customers.planning.permissions import PLAN_AGREE, PLAN_APPROVE, PLAN_EDIT

# Where both sides and the head stand before a decision.
UNDER_WAY = (PlanState.REVIEWING, PlanState.DECIDING)
_TRUE, _FALSE = Value(True), Value(False)


# --- sides ------------------------------------------------------------------------------------------------------------------
def _other_refused() -> Exists:
    others = LineSide.objects.filter(line=OuterRef("line"), verdict=Verdict.REFUSED)
    return Exists(others.exclude(pk=OuterRef("pk")))


def is_flagged() -> Q:
    """Sides of lines that want to be looked at one by one: something holds the customer, or the other side refuses."""
    return ~Q(line__holds=[]) | Q(_other_refused())


def answerable(actor: Actor, today: date) -> QuerySet[Any]:
    """The sides within the actor's reach, each with `kept` (he must keep out) and `flagged`."""
    rows = LineSide.objects.reached_by(actor, PLAN_AGREE)
    return rows.annotate(
        kept=Case(When(sides_kept_out(actor, today), then=_TRUE), default=_FALSE),
        flagged=Case(When(is_flagged(), then=_TRUE), default=_FALSE),
    )


def shown_sides(actor: Actor, today: date) -> QuerySet[Any]:
    """The sides in the reader's sight, each with `reached` (he reviews for its unit), `kept` and `flagged` as above, and
    `mine`: he may answer it, or change what he or whom he stood in for has answered."""
    me = actor.actor_id
    rows = LineSide.objects.visible_to(actor).with_rights(actor, reached=PLAN_AGREE)
    free = Q(verdict="") | Q(by=me) | Q(on_behalf=me)
    rows = rows.annotate(
        kept=Case(When(sides_kept_out(actor, today), then=_TRUE), default=_FALSE),
        flagged=Case(When(is_flagged(), then=_TRUE), default=_FALSE),
    )
    mine = Q(plan__state=PlanState.REVIEWING, reached=True, kept=False)
    return rows.annotate(mine=Case(When(mine & free, then=_TRUE), default=_FALSE))


def waiting_sides(actor: Actor, today: date) -> QuerySet[Any]:
    """The sides that wait for this very person."""
    return answerable(actor, today).filter(plan__state=PlanState.REVIEWING, verdict="", kept=False)


def plans_with_sides(actor: Actor, today: date) -> QuerySet[Any]:
    """Plans of which sides wait for the actor, the nearest deadline first."""
    rows = AllocationPlan.objects.filter(pk__in=waiting_sides(actor, today).values("plan"))
    return rows.order_by("due_on", "pk")


def concerns(actor: Actor, plan_id: int, function: Function) -> bool:
    """Whether a plan has, or had before it was taken back, sides within the actor's reach; two queries at most."""
    if LineSide.objects.reached_by(actor, function).filter(plan=plan_id).exists():
        return True
    near = Q(pk__in=())
    for reached in actor.access.reaches(function):
        near |= Q(present__unit__path__startswith=reached.unit_path)
        near |= Q(proposed__unit__path__startswith=reached.unit_path)
    plans = AllocationPlan.objects.filter(pk=plan_id, submitted_at__isnull=False)
    found = plans.first()
    return found is not None and found.lines.filter(near).exists()


# --- the head ---------------------------------------------------------------------------------------------------------------
def plans_to_decide(actor: Actor, today: date) -> QuerySet[Any]:
    """Plans both sides have answered that wait for this very person."""
    rows = AllocationPlan.objects.reached_by(actor, PLAN_APPROVE).filter(state=PlanState.DECIDING)
    return rows.filter(~plans_kept_out(actor, today)).order_by("moved_at", "pk")


def plans_returned(actor: Actor) -> QuerySet[Any]:
    """Drafts the head has sent back and nobody has done anything with since."""
    last = PlanStep.objects.filter(plan=OuterRef("pk")).order_by("-pk").values("verb")[:1]
    rows = AllocationPlan.objects.reached_by(actor, PLAN_EDIT).filter(state=PlanState.DRAFT)
    return rows.filter(submitted_at__isnull=False).alias(last=Subquery(last)).filter(last="return")


# --- how far it has come ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class UnitProgress:
    """What one unit has said of its lines. `nobody`: no account reviews for it."""

    unit: str
    agreed: int
    refused: int
    waiting: int
    nobody: bool = False

    @property
    def total(self) -> int:
        return self.agreed + self.refused + self.waiting


def progress_of(plan: AllocationPlan, today: date) -> list[UnitProgress]:
    """Unit by unit, in the order of the tree; two queries."""
    counted = (
        LineSide.objects.filter(plan=plan)
        .values(path=F("unit__path"), name=F("unit__name"))
        .annotate(
            agreed=Count("pk", filter=Q(verdict=Verdict.AGREED)),
            refused=Count("pk", filter=Q(verdict=Verdict.REFUSED)),
            waiting=Count("pk", filter=Q(verdict="")),
        )
        .order_by("path")
    )
    rows = list(counted)
    people = accounts_by_unit(PLAN_AGREE, [row["path"] or "?" for row in rows], today) if rows else {}
    return [
        UnitProgress(
            row["name"], row["agreed"], row["refused"], row["waiting"], not people[row["path"] or "?"]
        )
        for row in rows
    ]


def lines_by_state(plan: AllocationPlan) -> dict[str, int]:
    """State → how many lines; one query."""
    rows = plan.lines.order_by().values_list("state").annotate(n=Count("pk"))
    return dict.fromkeys(LineState.values, 0) | dict(rows)


# --- people -----------------------------------------------------------------------------------------------------------------
def reviewers_of(plan: AllocationPlan, today: date, *, waiting: bool = False) -> list[int]:
    """The accounts that review for the units of a plan's sides; for those that have not answered with `waiting`. Two queries."""
    sides = LineSide.objects.filter(plan=plan, **({"verdict": ""} if waiting else {}))
    paths = [path or "?" for path in sides.order_by().values_list("unit__path", flat=True).distinct()]
    found = accounts_by_unit(PLAN_AGREE, paths, today)
    return sorted({user for users in found.values() for user in users})


def heads_of(plan: AllocationPlan, today: date) -> list[int]:
    """The accounts that decide as the head above a plan's unit; one query."""
    path = plan.unit.path or "?"
    return accounts_by_unit(PLAN_APPROVE, [path], today)[path]


def planners_of(plan: AllocationPlan) -> list[int]:
    """Who asked for the plan and who submitted it."""
    return sorted({pk for pk in (plan.asked_by_id, plan.submitted_by_id) if pk is not None})
