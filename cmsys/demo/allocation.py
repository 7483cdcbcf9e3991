"""How the demonstration bank shares out its customers: a policy and evaluation sheets, one branch whose plan was carried out
today, one whose plan is under review with a variant beside it, and one whose plan waits for the head."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from cmsys.access.actors import Actor, SystemActor
from cmsys.accounts.models import User
from cmsys.audit.acting import acting_as
from cmsys.demo.decisions import MOST_PEOPLE
from cmsys.demo.working import work_here
from cmsys.org.models import OrgUnit, RoleGrant
from cmsys.workflow.form import Form
from customers.allocation.models import EvaluationState, StaffEvaluation
from customers.allocation.services.evaluations import (
    evaluation_confirm_head,
    evaluation_confirm_hr,
    evaluations_draft,
)
from customers.allocation.services.policies import policy_import
from customers.approval.services.answering import lines_answer
from customers.approval.services.deciding import plan_approve
from customers.approval.services.submitting import plan_submit
from customers.execution.services.execution import plan_apply
from customers.planning.choices import PlanState, Verdict
from customers.planning.models import AllocationPlan, LineSide
from customers.planning.services.rebalancing import rebalance
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

# The branch of the supervisor who has a password is the first: his plan waits for him.
UNDER_REVIEW, CARRIED_OUT, FOR_THE_HEAD = "B01", "B02", "B03"
# The variant may move only half as many of those who need not move.
FEWER = 5


def allocate(*, actor: SystemActor, today: date, now: datetime) -> list[AllocationPlan]:
    """Brings in the shipped policy and makes the plans of the first three branches; none where there are no customers.

    Each step commits by itself, so that the jobs may be ones that a worker takes over.
    """
    text = (Path(settings.BASE_DIR) / "examples" / "policies" / "default.yaml").read_text(encoding="utf-8")
    with acting_as(actor):
        policy_import(actor=actor, text=text)
    units = OrgUnit.objects.in_bulk([UNDER_REVIEW, CARRIED_OUT, FOR_THE_HEAD], field_name="code")
    if not Customer.objects.exists() or RelationshipManager.objects.count() > MOST_PEOPLE:
        return []
    who = _People()
    made = []
    for code in (CARRIED_OUT, UNDER_REVIEW):
        if code in units:
            _evaluate(who, units[code], today, now)
    if CARRIED_OUT in units:
        plan = _planned(actor, units[CARRIED_OUT], today, now)
        if plan.state == PlanState.DRAFT and plan.moves + plan.first:
            _carry_out(who, plan, today, now)
        made.append(plan)
    if UNDER_REVIEW in units:
        plan = _planned(actor, units[UNDER_REVIEW], today, now)
        if plan.state == PlanState.DRAFT and plan.moves + plan.first:
            _submit(who, plan, today, now)
            _answer(who, plan, today, now, but=who.supervisor)
        made += [plan, _planned(actor, units[UNDER_REVIEW], today, now, percent=FEWER)]
    if FOR_THE_HEAD in units:
        plan = _planned(actor, units[FOR_THE_HEAD], today, now)
        if plan.state == PlanState.DRAFT and plan.moves + plan.first:
            _submit(who, plan, today, now)
            _answer(who, plan, today, now)
        made.append(plan)
    return made


class _People:
    """The accounts that plan, evaluate, are asked, and decide."""

    def __init__(self) -> None:
        named = {
            user.username: user for user in User.objects.filter(username__in=("cmd", "hrh", "ldr", "mgr"))
        }
        self.planner, self.personnel = named["cmd"], named["hrh"]
        self.leader, self.supervisor = named["ldr"], named["mgr"]
        grants = RoleGrant.objects.filter(role="MGR").select_related("unit", "user").order_by("pk")
        self.heads = [(grant.unit.path or "?", grant.user) for grant in grants]

    def above(self, path: str) -> User | None:
        """The head nearest above a unit."""
        found = [(len(start), user) for start, user in self.heads if path.startswith(start)]
        return max(found, key=lambda one: one[0])[1] if found else None


def _evaluate(who: _People, unit: OrgUnit, today: date, now: datetime) -> None:
    """Sheets of everybody in the branch, confirmed by human resources and the head; those of the supervisor with a password
    wait for him."""
    with acting_as(who.personnel):
        evaluations_draft(actor=who.personnel, unit_id=unit.pk, today=today, now=now)
    sheets = StaffEvaluation.objects.filter(
        state=EvaluationState.DRAFT, manager__unit__path__startswith=unit.path or "?"
    )
    for sheet in sheets.select_related("manager__unit").order_by("manager__employee_no"):
        head = who.above(sheet.manager.unit.path or "")
        with acting_as(who.personnel):
            evaluation_confirm_hr(actor=who.personnel, evaluation_id=sheet.pk, today=today, now=now)
        if head is None or head == who.supervisor or head.employee_no == sheet.manager.employee_no:
            continue
        with acting_as(head):
            evaluation_confirm_head(actor=head, evaluation_id=sheet.pk, today=today, now=now)


def _planned(
    actor: Actor, unit: OrgUnit, today: date, now: datetime, percent: int | None = None
) -> AllocationPlan:
    """A plan of a unit, computed here and now."""
    who = User.objects.get(username="cmd")
    with acting_as(who):
        plan = rebalance(
            actor=who, unit_id=unit.pk, policy_code="", today=today, now=now, percent=percent
        )  # fmt: skip
    work_here("allocation.")
    plan.refresh_from_db()
    return plan


def _submit(who: _People, plan: AllocationPlan, today: date, now: datetime) -> None:
    with acting_as(who.planner):
        plan_submit(actor=who.planner, plan_id=plan.pk, form=Form(), today=today, now=now)


def _answer(who: _People, plan: AllocationPlan, today: date, now: datetime, but: User | None = None) -> None:
    """Every unit agrees, but the one of this supervisor."""
    asked = LineSide.objects.filter(plan=plan, verdict="").select_related("unit").order_by("pk")
    groups: dict[User, list[int]] = {}
    for side in asked:
        head = who.above(side.unit.path or "")
        if head is not None and head != but:
            groups.setdefault(head, []).append(side.pk)
    for head, sides in groups.items():
        with acting_as(head):
            lines_answer(
                actor=head, plan_id=plan.pk, side_ids=sides, verdict=Verdict.AGREED, form=Form(), today=today, now=now
            )  # fmt: skip


def _carry_out(who: _People, plan: AllocationPlan, today: date, now: datetime) -> None:
    _submit(who, plan, today, now)
    _answer(who, plan, today, now)
    plan.refresh_from_db()
    if plan.state != PlanState.DECIDING:
        return
    with acting_as(who.leader):
        plan_approve(actor=who.leader, plan_id=plan.pk, effective_on=today, form=Form(), today=today, now=now)
    with acting_as(who.planner):
        plan_apply(actor=who.planner, plan_id=plan.pk, form=Form(), today=today, now=now)
    work_here("execution.")
    plan.refresh_from_db()
