"""The end of computing a plan again, in the request and by the job; and what is computed after it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.access.refusals import refused
from cmsys.jobs.enqueue import enqueue
from customers.allocation.engine.network import RangeError
from customers.allocation.engine.plan import Unplannable
from customers.planning.choices import PlanState
from customers.planning.models import AllocationPlan
from customers.planning.recomputing import again, clash, write_again
from customers.planning.runs import CURVE, PlanArgs
from customers.planning.services.moving import plan_take


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
