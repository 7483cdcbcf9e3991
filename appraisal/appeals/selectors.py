"""Reading: since when somebody knew, until when he may appeal, what waits for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from appraisal.appeals.choices import OPEN_APPEALS, TOLD, PlanState, Remedy
from appraisal.appeals.models import AppealStep, GradeAppeal, ImprovementPlan, PlanCheck
from appraisal.appeals.permissions import APPEAL_COMMENT, APPEAL_HANDLE, PLAN_EDIT, PLAN_SIGN
from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.notices.choices import ServiceState
from cmsys.access.actors import Actor
from cmsys.accounts.models import User
from cmsys.org.workdays import add_working_days
from managers.conduct.selectors import kept_away
from managers.profiles.models import RelationshipManager

# Sending a whole round on its way decides nothing about anybody in it.
NOT_A_DECISION = ("submit",)
COMMENTS = ("comment", "remark")


@dataclass(frozen=True)
class Window:
    """From the day the person was told (not counted) for `days` working days; `ends_on` is the last one."""

    told_on: date
    days: int
    ends_on: date

    def is_open(self, today: date) -> bool:
        return self.told_on <= today <= self.ends_on


def window_of(decision: GradeDecision) -> Window | None:
    """The window in which the person may appeal; None while he has not been told. `round` comes loaded; two queries.

    What was served states the days itself; otherwise they run from when the decision came into his sight.
    """
    days = decision.round.appeal_days
    served = decision.services.exclude(state=ServiceState.VOID).first()
    if served is not None:
        return Window(served.served_on, days, served.appeal_until)
    told = _shown_on(decision)
    return None if told is None else Window(told, days, add_working_days(told, days))


def _shown_on(decision: GradeDecision) -> date | None:
    """Notice or effect, whichever came first since it was last out of the person's sight."""
    told = None
    for at, state in decision.steps.order_by("pk").values_list("at", "to_state"):
        if state not in TOLD:
            told = None
        elif told is None:
            told = timezone.localdate(at)
    return told


def person_of(manager: RelationshipManager) -> User | None:
    """The account of a person on file; one query."""
    return User.objects.filter(employee_no=manager.employee_no, is_active=True).first()


# --- what waits -----------------------------------------------------------------------------------------------------------
def _kept_out(actor: Actor, manager: str, today: date) -> Q:
    """Cases of the actor himself and of people to whom one of both has declared a relation; joins no rows."""
    return kept_away(actor.actor_id, getattr(actor, "employee_no", None), manager, today)


def appeals_to_handle(actor: Actor, today: date) -> QuerySet[Any]:
    """Appeals the actor hears, and those he could accept; earliest deadline first."""
    decided = DecisionStep.objects.filter(Q(actor=actor.actor_id) | Q(on_behalf=actor.actor_id))
    decided = decided.filter(decision=OuterRef("decision")).exclude(verb__in=NOT_A_DECISION)
    mine = Q(state="hearing", handler=actor.actor_id)
    free = Q(state="lodged") & ~Exists(decided) & ~_kept_out(actor, "decision__manager", today)
    return GradeAppeal.objects.reached_by(actor, APPEAL_HANDLE).filter(mine | free).order_by("due_on", "pk")


def appeals_to_comment(actor: Actor, today: date) -> QuerySet[Any]:
    """Open appeals below the actor on which no supervisor has said anything yet."""
    said = AppealStep.objects.filter(case=OuterRef("pk"), verb__in=COMMENTS)
    rows = GradeAppeal.objects.reached_by(actor, APPEAL_COMMENT).filter(state__in=OPEN_APPEALS)
    rows = rows.filter(~Exists(said) & ~_kept_out(actor, "decision__manager", today))
    return rows.order_by("due_on", "pk")


def plans_to_work_on(actor: Actor, today: date) -> QuerySet[Any]:
    """Plans to be drawn up, with a check-point or an end that has come; the supervisor's."""
    checks = PlanCheck.objects.filter(plan=OuterRef("pk"), recorded_at__isnull=True, on__lte=today)
    due = Q(state=PlanState.DRAFT) | Q(state=PlanState.ACTIVE) & (Q(Exists(checks)) | Q(ends_on__lt=today))
    rows = ImprovementPlan.objects.reached_by(actor, PLAN_EDIT).filter(due)
    return rows.filter(~_kept_out(actor, "manager", today)).order_by("due_on", "pk")


def plans_to_sign(actor: Actor) -> QuerySet[Any]:
    """The person's own plan that waits for his signature."""
    rows = ImprovementPlan.objects.reached_by(actor, PLAN_SIGN).filter(state=PlanState.SIGNING)
    return rows.order_by("due_on", "pk")


def overdue_appeals(today: date) -> QuerySet[Any]:
    """Open appeals whose answer is late and about which nobody was told yet."""
    rows = GradeAppeal.objects.filter(state__in=OPEN_APPEALS, due_on__lt=today, escalated_at__isnull=True)
    return rows.select_related("decision__manager", "handler").order_by("pk")


def plans_of(actor: Actor, manager_id: int) -> QuerySet[Any]:
    """What the reader sees of a person's plans, newest first."""
    rows = ImprovementPlan.objects.visible_to(actor).filter(manager=manager_id)
    return rows.order_by("-opened_at", "-pk")


def stayed() -> Q:
    """Decisions that wait for the answer to an appeal, and those that came out worse when they were reviewed anew after
    one (appraisal.grading.staying)."""
    answered = GradeAppeal.objects.filter(remedy=Remedy.REVIEW)
    worse = answered.filter(decision__grade__order__lt=F("against__order")).values("decision")
    return Q(pk__in=GradeAppeal.objects.filter(suspended=True).values("decision")) | Q(pk__in=worse)


def is_worse_than_appealed(decision: GradeDecision) -> bool:
    """Whether a review after an upheld appeal came to less than what was appealed against; one query."""
    answered = decision.appeals.filter(remedy=Remedy.REVIEW)
    return answered.filter(decision__grade__order__lt=F("against__order")).exists()
