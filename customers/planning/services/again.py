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
from customers.planning.cases import plan_locked, repeated
from customers.planning.choices import PlanState
from customers.planning.finishing import finish
from customers.planning.models import AllocationPlan
from customers.planning.permissions import REBALANCE
from customers.planning.recomputing import at_once
from customers.planning.runs import AGAIN, PlanArgs
from customers.planning.services.moving import plan_take
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
