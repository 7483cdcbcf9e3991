"""Jobs on a plan that is there: computed again with choices, its curve of moves against fairness, the price of its rules.

Each may be done twice, and does nothing when the plan has moved on meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import require
from cmsys.jobs.enqueue import enqueue
from cmsys.jobs.kinds import Chunk, JobKind, JobRefused, Run, register_kind
from customers.allocation.engine.curve import curve
from customers.allocation.engine.network import RangeError
from customers.allocation.engine.plan import Plan, Unplannable
from customers.allocation.engine.prices import active, price_of_rules
from customers.allocation.engine.problem import Problem
from customers.planning.bench import bench, problem_of
from customers.planning.choices import PlanState
from customers.planning.finishing import finish
from customers.planning.models import AllocationPlan
from customers.planning.permissions import REBALANCE
from customers.planning.recomputing import chosen_for
from customers.planning.runs import AGAIN, CURVE, PRICE, PlanArgs, PlanDone
from customers.planning.services.moving import plan_take
from customers.planning.solving import percent_for, with_choices
from customers.planning.telling import plan_told


def again_step(run: Run) -> Chunk:
    """A draft computed again; where its choices cannot all be kept the draft is as before, and says so."""
    plan = _locked(run, PlanState.COMPUTING)
    try:
        with transaction.atomic():
            finish(run.actor, plan, run.now, waiting=False)
    except ValidationError as error:
        said = " ".join(error.messages)[:300]
        plan.refresh_from_db()
        asked = plan.steps.filter(verb="again").latest("pk").data
        plan_take(
            actor=run.actor, plan=plan, verb="draft", now=run.now, told={"kept": False},
            changes={"revision": plan.revision - 1, "percent": asked.get("percent_before"), "failure": said},
        )  # fmt: skip
        plan_told(plan, run.now)
        return Chunk(done=1, total=1, message=said, result=PlanDone(plan.pk))
    plan_told(plan, run.now)
    message = _("草案已重算：移动 %(moves)d 户，首次分配 %(first)d 户") % {
        "moves": plan.moves,
        "first": plan.first,
    }
    return Chunk(done=1, total=1, message=message, result=PlanDone(plan.pk, plan.customers, 0, plan.moves))


def curve_step(run: Run) -> Chunk:
    """The curve of a draft, about thirty plans; the prices of its rules are asked for. Nothing is locked meanwhile."""
    plan, problem = _solved(run)
    if plan is None or problem is None:
        return Chunk(done=1, total=1, message=_("方案已有变化，不再计算。"), result=PlanDone(run.args.plan))
    points = points_of(problem)
    # Not a change of the plan: whoever has it open may go on.
    AllocationPlan.objects.filter(pk=plan.pk, digest=plan.digest, revision=plan.revision).update(curve=points)
    for place, rule in enumerate(active(problem)):
        args = PlanArgs(plan.pk, place, plan.revision)
        enqueue(PRICE, f"{plan.pk}:{plan.revision}:{rule}", args, actor=run.actor)
    message = _("曲线 %(n)d 点") % {"n": len(points)}
    return Chunk(done=1, total=1, message=message, result=PlanDone(plan.pk, plan.customers))


def points_of(problem: Problem) -> list[dict[str, Any]]:
    """The curve in plain data: moves rise, objectives fall; `percent` is the move budget that allows so many moves."""
    try:
        found = curve(problem)
    except (Unplannable, RangeError):
        return []
    return [
        {
            "moves": point.moves, "objective": point.objective, "bound": point.bound,
            "max_mean": point.measures.use_max_over_mean, "gini": point.measures.use_gini, "match": point.measures.match,
            "percent": percent_for(problem, point.plan.least, point.moves),
        }
        for point in found
    ]  # fmt: skip


def price_step(run: Run) -> Chunk:
    """The price of one rule: one plan without it."""
    plan, problem = _solved(run)
    if plan is None or problem is None:
        return Chunk(done=1, total=1, message=_("方案已有变化，不再计算。"), result=PlanDone(run.args.plan))
    rule = active(problem)[run.args.bundle]
    entry = price_of(problem, plan, rule)
    with transaction.atomic():
        row: Any = AllocationPlan.objects.select_for_update().filter(
            pk=plan.pk, digest=plan.digest, revision=plan.revision
        )
        for known in row.values_list("prices", flat=True):
            others = [one for one in known if one["rule"] != rule]
            row.update(prices=sorted([*others, entry], key=lambda one: (-one["most"], one["rule"])))
    return Chunk(done=1, total=1, message=rule, result=PlanDone(plan.pk, plan.customers))


def price_of(problem: Problem, plan: AllocationPlan, rule: str) -> dict[str, Any]:
    """What a rule costs everything else, in plain data: its price lies between `least` and `most`; `without` is the
    objective of the plan made without it, which moves `moves`."""
    held = Plan(
        manager=bench(plan.pk, plan.digest).manager, match=plan.objective or 0, continuity=0, load=0, value=0,
        bound=plan.bound or 0, moves=plan.moves, forced=plan.forced, least=0, budget=plan.budget, price=0, digest=plan.digest,
        blocks=(),
    )  # fmt: skip
    try:
        [found] = price_of_rules(problem, held, [rule])
    except (Unplannable, RangeError):
        return {"rule": rule, "least": None, "most": 0, "without": None, "moves": None}
    return {
        "rule": rule, "least": found.least, "most": found.most, "without": found.without, "moves": found.moves_without,
    }  # fmt: skip


def _solved(run: Run) -> tuple[AllocationPlan | None, Problem | None]:
    """The draft as this job was asked about it, and its problem with the choices and the budget; None once it moved on."""
    require(run.actor, REBALANCE)
    plan = AllocationPlan.objects.reached_by(run.actor, REBALANCE).filter(pk=run.args.plan).first()
    if plan is None or (plan.state, plan.revision) != (PlanState.DRAFT, run.args.revision):
        return None, None
    bare = problem_of(plan.pk)
    chosen = chosen_for(plan, bare)
    problem = with_choices(bare, chosen.locks, chosen.bars)
    return plan, problem if plan.budget is None else problem.with_policy(budget=plan.budget)


def _locked(run: Run, state: str) -> AllocationPlan:
    require(run.actor, REBALANCE)
    rows = AllocationPlan.objects.reached_by(run.actor, REBALANCE).select_related("policy", "unit")
    plan: AllocationPlan | None = rows.select_for_update(of=("self",)).filter(pk=run.args.plan).first()
    if plan is None or (plan.state, plan.revision) != (state, run.args.revision):
        raise JobRefused(_("方案已有变化，本任务不再执行。"))
    return plan


def register() -> None:
    """The three kinds of job."""
    register_kind(
        JobKind(
            AGAIN,
            gettext_lazy("分客方案：按选择重算"),
            again_step,
            args=PlanArgs,
            result=PlanDone,
            priority=3,
        )
    )
    register_kind(
        JobKind(
            CURVE,
            gettext_lazy("分客方案：移动与公平曲线"),
            curve_step,
            args=PlanArgs,
            result=PlanDone,
            priority=6,
        )
    )
    register_kind(
        JobKind(
            PRICE,
            gettext_lazy("分客方案：规则的代价"),
            price_step,
            args=PlanArgs,
            result=PlanDone,
            priority=7,
        )
    )
