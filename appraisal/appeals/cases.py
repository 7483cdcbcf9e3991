"""Beside the services: a case is found and locked, and whoever must keep out of it is told so."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.appeals.choices import BEFORE_EFFECT, DRAFT_DAYS, PLAN_MONTHS, TOLD, Remedy
from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.appeals.selectors import NOT_A_DECISION, person_of
from appraisal.grading.choices import DecisionState
from appraisal.grading.models import GradeDecision
from appraisal.grading.recusals import check_recusal, on_behalf
from appraisal.scoring.models import ProposalKind
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.accounts.models import User
from cmsys.inbox.sending import message_send
from cmsys.org.models import Deputyship
from cmsys.org.months import months_after
from cmsys.org.workdays import add_working_days
from cmsys.workflow.steps import step_of
from cmsys.workflow.transitions import Transition
from managers.conduct.selectors import recusal
from managers.profiles.models import RelationshipManager


def locked(model: Any, actor: Actor, pk: int, transition: Transition, *joined: str) -> Any:
    """The case within the actor's reach for the transition, locked. Raises MissingFunction, DoesNotExist."""
    assert transition.function is not None
    require(actor, transition.function)
    rows = model.objects.reached_by(actor, transition.function).select_for_update(of=("self",))
    return rows.select_related(*joined).get(pk=pk)


def repeated(case: Any, actor: Actor, verb: str, nonce: str) -> bool:
    """Whether this very form was taken already. Another's number, or that of another act, is refused."""
    steps = case.steps.model.objects.all()
    return step_of(steps, "case_id", case.pk, actor=actor, verb=verb, nonce=nonce) is not None


def opened(
    actor: Actor, appeal_id: int, transition: Transition, nonce: str, *, own: bool = False
) -> tuple[GradeAppeal, bool]:
    """The appeal within the actor's reach, locked after its decision, and whether this very form was taken before.
    `own`: only one the actor hears himself. Raises MissingFunction, GradeAppeal.DoesNotExist, ValidationError (nonce).
    """
    assert transition.function is not None
    require(actor, transition.function)
    rows = GradeAppeal.objects.reached_by(actor, transition.function)
    if own:
        # Answered ones too: who comes back to his own answer is told that it stands.
        rows = rows.filter(handler=actor.actor_id)
    decisions = GradeDecision.objects.select_for_update(of=("self",))
    decision = decisions.select_related("manager", "unit", "cycle", "round", "grade", "previous_grade").get(
        pk=rows.values_list("decision_id", flat=True).get(pk=appeal_id)
    )
    appeal = rows.select_for_update(of=("self",)).get(pk=appeal_id)
    appeal.decision = decision
    return appeal, repeated(appeal, actor, transition.verb, nonce)


def tell_person(appeal: GradeAppeal, what: str, title: str, body: str, now: datetime) -> None:
    """A message to the person whose appeal it is, if he has an account."""
    account = person_of(appeal.decision.manager)
    if account is None:
        return
    key, url = f"appeal-{appeal.pk}-{what}-{now.isoformat()}", reverse("appeals_detail", args=[appeal.pk])
    message_send([account.pk], kind="appeal", key=key, title=title, body=body, url=url, now=now)


def hearing_of(
    actor: Actor, appeal: GradeAppeal, transition: Transition, today: date
) -> tuple[GradeDecision, User | None]:
    """The decision appealed against and the principal of a deputy, if the actor may act on this appeal.

    Raises ValidationError at `recusal`: himself or his relative; and to hear it, whoever took a step on the decision
    before, or stands in a deputyship with the person.
    """
    decision = appeal.decision
    behalf = on_behalf(actor, decision, transition)
    check_recusal(actor, decision, transition, behalf, today)
    if transition.level:
        involved = {actor.actor_id, *([behalf.pk] if behalf is not None else [])}
        _check_earlier(decision, involved)
        _check_deputies(decision, involved, today)
    return decision, behalf


def _check_earlier(decision: GradeDecision, people: set[int | None]) -> None:
    steps = decision.steps.exclude(verb__in=NOT_A_DECISION)
    if steps.filter(Q(actor__in=people) | Q(on_behalf__in=people)).exists():
        words = _("您办理过这项等级变更，申诉须由没有办理过的人处理。")
        raise refused("recusal", "decided_before", words)


def _check_deputies(decision: GradeDecision, people: set[int | None], today: date) -> None:
    number = decision.manager.employee_no
    in_force = Deputyship.objects.filter(starts_on__lte=today, ends_on__gt=today)
    pair = Q(principal__in=people, deputy__employee_no=number) | Q(
        deputy__in=people, principal__employee_no=number
    )
    if in_force.filter(pair).exists():
        raise refused("recusal", "deputy", _("您与申诉人有代理关系，须由他人办理。"))


def supervising(actor: Actor, plan: ImprovementPlan, transition: Transition, today: date) -> User | None:
    """The principal of a deputy, if the actor may act on this plan: not on his own, nor on a relative's. Raises
    ValidationError at `recusal`."""
    behalf = _principal(actor, plan.manager.unit.path or "", transition)
    for person in [actor, *([behalf] if behalf is not None else [])]:
        said = recusal(
            person.actor_id or 0, getattr(person, "employee_no", None), plan.manager_id,
            plan.manager.employee_no, today,
        )  # fmt: skip
        if said and person.actor_id is not None:
            raise refused("recusal", "recused", said)
    return behalf


def _principal(actor: Actor, path: str, transition: Transition) -> User | None:
    """In whose place the actor acts; None when he has the function here himself."""
    assert transition.function is not None
    principals = []
    for reached in actor.access.reaches(transition.function):
        if reached.reach.value == "subtree" and not path.startswith(reached.unit_path):
            continue
        if reached.deputy_for is None:
            return None
        principals.append(reached.deputy_for)
    return User.objects.filter(pk=principals[0]).first() if principals else None


def remedies_for(decision: GradeDecision) -> tuple[Remedy, ...]:
    """What can follow from an appeal, as the decision stands now."""
    found = [Remedy.NONE]
    lowered = decision.kind == ProposalKind.DEMOTION and decision.previous_grade_id is not None
    if decision.state in TOLD and lowered:
        found.append(Remedy.OVERTURN)
    if decision.state == DecisionState.EFFECTIVE:
        found.append(Remedy.GRADE)
    if decision.state in BEFORE_EFFECT:
        found.append(Remedy.REVIEW)
    return (*found, Remedy.DATA)


def opening_plan(
    manager: RelationshipManager, cause: str, note: str, actor: Actor, now: datetime, today: date,
    decision: GradeDecision | None = None,
) -> ImprovementPlan:  # fmt: skip
    """A draft as it is opened, unsaved: PLAN_MONTHS from today, to be drawn up within DRAFT_DAYS working days."""
    return ImprovementPlan(
        manager=manager, decision=decision, cause=cause, note=note[:300], starts_on=today,
        ends_on=months_after(today, PLAN_MONTHS), due_on=add_working_days(today, DRAFT_DAYS), opened_at=now,
        moved_at=now, moved_by=actor.actor_name[:120],
    )  # fmt: skip
