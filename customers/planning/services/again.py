"""A draft computed again with its planner's choices: in the request where that is quick, by a job otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.access.refusals import refused
from cmsys.jobs.enqueue import enqueue
from cmsys.workflow.form import Form
from customers.allocation.engine.network import RangeError
from customers.allocation.engine.plan import Unplannable
from customers.planning.choices import PlanState
from customers.planning.models import AllocationPlan
from customers.planning.permissions import REBALANCE
from customers.planning.recomputing import again, at_once, clash, write_again
from customers.planning.runs import AGAIN, CURVE, PlanArgs
from customers.planning.services.moving import plan_locked, plan_take, repeated
from customers.planning.solving import TooLong


@dataclass(frozen=True)
class Again:
    """The plan; whether this very form had been sent before; whether it is computed already."""

    plan: AllocationPlan
    repeated: bool
    done: bool


@transaction.atomic
def plan_again(*, actor: Actor, plan_id: int, percent: int | None, form: Form, now: datetime) -> Again:
    """Computes a draft again from its own snapshot with all choices kept, under a move budget of `percent` (None: the
    policy's). Its revision rises by one; the choices stay.

    Raises MissingFunction, AllocationPlan.DoesNotExist, Conflict (no draft any more), ValidationError at `choices` (they
    cannot all be kept: which), at `percent` (not 0 to 100), at `nonce`. A draft that is small (recomputing.at_once) is
    computed here, about 20 µs a customer of the blocks that are touched; a larger one by a job.
    """
    plan = plan_locked(actor, plan_id, REBALANCE)
    if repeated(plan, actor, "again", form.nonce) is not None:
        return Again(plan, True, plan.state == PlanState.DRAFT)
    if percent is not None and not 0 <= percent <= 100:
        raise refused("percent", "range", _("移动上限应是 0 到 100 的整数。"))
    if plan.state == PlanState.IMPOSSIBLE:
        raise refused("choices", "impossible", _("这份方案没有一户能够安排，请调整人员或政策后重新编制。"))
    plan_take(
        actor=actor, plan=plan, verb="again", now=now, form=form,
        changes={"revision": plan.revision + 1, "percent": percent, "failure": ""},
        told={"choices": plan.choices.count(), "percent_before": plan.percent},
    )  # fmt: skip
    if at_once(plan):
        try:
            finish(actor, plan, now, waiting=True)
        except TooLong:
            pass
        else:
            return Again(plan, False, True)
    enqueue(AGAIN, f"{plan.pk}:{plan.revision}", PlanArgs(plan.pk, revision=plan.revision), actor=actor)
    return Again(plan, False, False)


def finish(actor: Actor, plan: AllocationPlan, now: datetime, *, waiting: bool) -> None:
    """The computation of a locked plan in the state computing, back to a draft. Raises ValidationError at `choices`, and,
    before anything is written, TooLong (somebody is `waiting`, and it takes longer than one should)."""
    try:
        problem, chosen, solved = again(plan, waiting=waiting)
    except (Unplannable, RangeError) as error:
        raise refused("choices", "budget", _("按这些选择编制不出方案：%(what)s。草案保持不变。") % {"what": str(error)[:200]}) from error  # fmt: skip
    if solved.plan is None:
        raise refused("choices", "clash", clash(plan, problem, chosen, solved.lacks))
    plan.curve, plan.prices = [], []
    changed = write_again(plan, problem, chosen, solved)
    told = {
        "customers": plan.customers, "moves": plan.moves, "forced": plan.forced, "digest": plan.digest[:16],
        "changed": changed["changed_count"],
    }  # fmt: skip
    step = plan_take(actor=actor, plan=plan, verb="draft", now=now, told=told)
    step.data = {**step.data, **changed}
    step.save(update_fields=["data"])
    ask_curve(plan, actor)


def ask_curve(plan: AllocationPlan, actor: Actor) -> None:
    """The curve of a plan and the prices of its rules, by a job."""
    if plan.state == PlanState.DRAFT:
        args = PlanArgs(plan.pk, revision=plan.revision)
        enqueue(CURVE, f"{plan.pk}:{plan.revision}", args, actor=actor)


__all__ = ["Again", "ask_curve", "finish", "plan_again"]
