"""The planner's verbs: a draft is submitted, taken back while it is looked at, and pressed for."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.accounts.models import User
from cmsys.audit.ledger import record
from cmsys.inbox.models import Message
from cmsys.org.workdays import add_working_days
from cmsys.workflow.form import Form
from customers.allocation.selectors import document_of
from customers.approval.letters import remind_heads, remind_reviewers, tell_recalled, tell_reviewers
from customers.approval.rows import ask_sides
from customers.approval.selectors import UNDER_WAY, heads_of, reviewers_of
from customers.approval.services.resetting import taken_back
from customers.planning.cases import check_version, plan_locked, repeated
from customers.planning.choices import PlanState
from customers.planning.holds import mark_holds
from customers.planning.models import AllocationPlan
from customers.planning.permissions import PLAN_EDIT
from customers.planning.services.moving import plan_take
from customers.planning.transitions import PLAN
from managers.profiles.models import Status


@transaction.atomic
def plan_submit(*, actor: Actor, plan_id: int, form: Form, now: datetime, today: date) -> AllocationPlan:
    """Sends a draft to the units that give and take its customers; they have the policy's `review_days` working days.

    What holds customers is marked as of now. The same form again changes nothing. Raises MissingFunction,
    AllocationPlan.DoesNotExist, Conflict (no draft any more, or changed since the form's version), ValidationError at
    `lines` (none; owners have changed or takers left since it was computed). A dozen queries.
    """
    plan = plan_locked(actor, plan_id, PLAN_EDIT)
    if repeated(plan, actor, "submit", form.nonce):
        return plan
    PLAN.check("submit", plan.state, by=plan.moved_by, at=plan.moved_at)
    check_version(plan, form)
    _check_lines(plan)
    mark_holds(plan.pk)
    plan.sides.all().delete()
    sides = ask_sides(plan)
    days = document_of(plan.policy).review_days
    changes = {
        "submitted_by": actor if isinstance(actor, User) else None, "submitted_at": now, "escalated_at": None,
        "due_on": add_working_days(today, days),
    }  # fmt: skip
    told = {"lines": plan.lines.count(), "sides": sides, "held": plan.lines.exclude(holds=[]).count()}
    step = plan_take(actor=actor, plan=plan, verb="submit", now=now, form=form, changes=changes, told=told)
    tell_reviewers(reviewers_of(plan, today), plan, step, now)
    return plan


def _check_lines(plan: AllocationPlan) -> None:
    """Raises ValidationError at `lines` for a plan nobody could carry out any more; two queries."""
    total = plan.lines.count()
    if not total:
        raise refused("lines", "empty", _("方案没有移动任何客户，不需要审批。"))
    moved = ~Q(customer__owner=F("present")) & ~Q(customer__owner__isnull=True, present__isnull=True)
    gone = Q(proposed__status=Status.LEFT) | Q(proposed__unit__closed_on__isnull=False)
    stale = plan.lines.filter(moved).count()
    if stale:
        said = _("%(n)d 户客户（共 %(total)d 户）的主办在计算之后已经变了，请按现状重新计算后再提交。")
        raise refused("lines", "moved", said % {"n": stale, "total": total})
    left = plan.lines.filter(gone).count()
    if left:
        said = _("%(n)d 户客户的建议主办已离职或所在机构已关闭，请重新计算后再提交。")
        raise refused("lines", "left", said % {"n": left})


@transaction.atomic
def plan_recall(*, actor: Actor, plan_id: int, form: Form, now: datetime, today: date) -> AllocationPlan:
    """Takes a submitted plan back to a draft, with a reason: what was refused bars those pairs when it is computed again,
    what was agreed is void. Whoever was asked is told. The same form again changes nothing.

    Raises MissingFunction, AllocationPlan.DoesNotExist, Conflict (not under way, or changed), ValidationError (no reason).
    """
    plan = plan_locked(actor, plan_id, PLAN_EDIT)
    if repeated(plan, actor, "recall", form.nonce):
        return plan
    asked = reviewers_of(plan, today)
    heads = heads_of(plan, today) if plan.state == PlanState.DECIDING else []
    step = taken_back(actor=actor, plan=plan, verb="recall", form=form, now=now, behalf=None)
    tell_recalled([*asked, *heads], plan, step, now)
    return plan


@transaction.atomic
def plan_remind(*, actor: Actor, plan_id: int, now: datetime, today: date) -> int:
    """Presses whoever has not answered (催办), or the head once all units have: how many people were told. At most once a
    day for each; a second time nothing happens.

    Raises MissingFunction, AllocationPlan.DoesNotExist, Conflict (not under way).
    """
    require(actor, PLAN_EDIT)
    plan = plan_locked(actor, plan_id, PLAN_EDIT)
    if plan.state not in UNDER_WAY:
        words = _("现在是“%(state)s”，没有人需要催办。请刷新页面。")
        raise Conflict(words % {"state": plan.get_state_display()})
    told = Message.objects.filter(key=f"plan:{plan.pk}:remind:{today}").values_list("recipient", flat=True)
    known = set(told)
    if plan.state == PlanState.REVIEWING:
        people = [pk for pk in reviewers_of(plan, today, waiting=True) if pk not in known]
        remind_reviewers(people, plan, now, today)
    else:
        people = [pk for pk in heads_of(plan, today) if pk not in known]
        remind_heads(people, plan, now, today)
    if people:
        record(
            "plan.remind", plan, actor=actor, after={"people": len(people), "due_on": plan.due_on}, now=now
        )
    return len(people)
