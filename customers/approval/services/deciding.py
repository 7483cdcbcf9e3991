"""The head's verbs: a plan both sides have answered is approved as far as it goes, or sent back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.access.refusals import refused
from cmsys.accounts.models import User
from cmsys.workflow.form import Form
from customers.approval.choosing import Chosen, chosen_of
from customers.approval.letters import tell_planners, tell_recalled
from customers.approval.recusals import check_head
from customers.approval.selectors import lines_by_state, planners_of, reviewers_of
from customers.approval.services.resetting import taken_back
from customers.planning.cases import check_version, plan_locked, repeated
from customers.planning.choices import LineState, PlanState
from customers.planning.holds import mark_holds
from customers.planning.models import AllocationMove, AllocationPlan
from customers.planning.permissions import PLAN_APPROVE
from customers.planning.services.moving import plan_take
from customers.planning.transitions import PLAN

NAMED = 5
REASON_LENGTH = 300


@dataclass(frozen=True)
class Approved:
    """A plan after the head's decision, with how many lines stand where."""

    plan: AllocationPlan
    approved: int
    dropped: int
    refused: int
    repeated: bool = False


@transaction.atomic
def plan_approve(
    *, actor: Actor, plan_id: int, effective_on: date, despite: Collection[int] = (), drop: Collection[int] = (),
    form: Form, now: datetime, today: date,
) -> Approved:  # fmt: skip
    """Approves the lines both sides agree to, from `effective_on` on: held ones only where named in `despite`, none of
    `drop` (with a reason). What holds customers is looked up anew. The others are dropped; refused ones stay refused. The
    planner is told. The same form again changes nothing.

    Raises MissingFunction, AllocationPlan.DoesNotExist, Conflict (not waiting for the head, or changed since the form's
    version), ValidationError at `recusal`, `effective_on` (in the past), `despite`, `drop`, `reason`, or `lines`: none
    left, somebody would carry more than he may, a group would be split, or somebody would have too many key customers (who,
    and what to do). About twenty queries.
    """
    plan = plan_locked(actor, plan_id, PLAN_APPROVE)
    if repeated(plan, actor, "approve", form.nonce):
        return _outcome(plan, again=True)
    behalf = check_head(actor, plan, today)
    PLAN.check("approve", plan.state, by=plan.moved_by, at=plan.moved_at)
    check_version(plan, form)
    if effective_on < today:
        raise refused("effective_on", "past", _("生效日期不能早于今天（%(day)s）。") % {"day": today})
    if drop and not form.reason.strip():
        raise refused("reason", "missing", _("请填写不批准其中部分客户的理由。"))
    mark_holds(plan.pk)
    chosen = chosen_of(plan, despite, drop)
    _check(chosen)
    _write(plan, chosen, form.reason.strip())
    counts = lines_by_state(plan)
    changes: Mapping[str, Any] = {
        "approved_by": actor if isinstance(actor, User) else None, "approved_at": now, "effective_on": effective_on,
    }  # fmt: skip
    told = {
        "approved": len(chosen.goes), "dropped": counts[LineState.DROPPED], "refused": counts[LineState.REFUSED],
        "despite": len(set(despite)), "max_mean": chosen.effect.max_mean[1], "gini": chosen.effect.gini[1],
    }  # fmt: skip
    step = plan_take(
        actor=actor, plan=plan, verb="approve", now=now, form=form, behalf=behalf, changes=changes, told=told
    )
    title = _("分客方案 %(number)s 已批准，%(day)s 起生效") % {"number": plan.number, "day": effective_on}
    body = _("批准 %(approved)d 户，未批准 %(dropped)d 户，不同意 %(refused)d 户") % told
    tell_planners(planners_of(plan), plan, step, title, body)
    return _outcome(plan)


def _check(chosen: Chosen) -> None:
    """Raises ValidationError at `lines` when nothing is left, somebody would be over capacity, or a rule that holds for the
    plan as a whole would be broken by this part of it."""
    if not chosen.goes:
        raise refused("lines", "empty", _("没有可以批准的客户；请退回方案，由编制人调整。"))
    over = chosen.effect.over
    if over:
        shown = "、".join(
            _("%(name)s（%(load)d / %(capacity)d 点）") % {"name": one.name, "load": one.load, "capacity": one.capacity}
            for one in over[:NAMED]
        )  # fmt: skip
        more = _("等 %(n)d 人") % {"n": len(over)} if len(over) > NAMED else ""
        said = _("只办理这些客户会使 %(who)s%(more)s 超过容量。请退回方案，由编制人按各方意见重新计算。")
        raise refused("lines", "over_capacity", said % {"who": shown, "more": more})
    if chosen.broken:
        said = _("只办理这些客户会违反政策：%(what)s请改变选择，或退回方案，由编制人按各方意见重新计算。")
        raise refused("lines", "broken_whole", said % {"what": "".join(chosen.broken[:NAMED])})


def _write(plan: AllocationPlan, chosen: Chosen, reason: str) -> None:
    lines = AllocationMove.objects.filter(plan=plan, state=LineState.AGREED)
    if chosen.held:
        lines.filter(pk__in=chosen.held).update(state=LineState.DROPPED, note=_("有暂留原因，领导未同意移动"))
    if chosen.left_out:
        lines.filter(pk__in=chosen.left_out).update(state=LineState.DROPPED, note=reason[:REASON_LENGTH])
    lines.update(state=LineState.APPROVED)


def _outcome(plan: AllocationPlan, again: bool = False) -> Approved:
    step = plan.steps.filter(verb="approve").last()
    told = step.data if step is not None else {}
    return Approved(plan, told.get("approved", 0), told.get("dropped", 0), told.get("refused", 0), again)


@transaction.atomic
def plan_return(*, actor: Actor, plan_id: int, form: Form, now: datetime, today: date) -> AllocationPlan:
    """Sends a plan back to its planner, with a reason, while the units are asked or after; as with a recall what was refused
    is barred from then on. The planner, and the units still asked, are told. The same form again changes nothing.

    Raises MissingFunction, AllocationPlan.DoesNotExist, Conflict, ValidationError at `recusal` or `reason`.
    """
    plan = plan_locked(actor, plan_id, PLAN_APPROVE)
    if repeated(plan, actor, "return", form.nonce):
        return plan
    behalf = check_head(actor, plan, today)
    asked = reviewers_of(plan, today, waiting=True) if plan.state == PlanState.REVIEWING else []
    people = planners_of(plan)
    step = taken_back(actor=actor, plan=plan, verb="return", form=form, now=now, behalf=behalf)
    title = _("分客方案 %(number)s 被退回，请调整后再提交") % {"number": plan.number}
    tell_planners(people, plan, step, title, form.reason.strip())
    tell_recalled([pk for pk in asked if pk not in people], plan, step, now)
    return plan
