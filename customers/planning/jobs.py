"""The jobs of a plan: read (one), bundles (side by side), merge (one). Each is a chunk of its own and may be done twice.

read    the rows of the unit become a problem, stored whole; a job for each bundle of blocks
bundle  the engine on one bundle; whoever finishes the last one asks for the merge (the plan's row is locked while counting)
merge   the parts as one plan, with its bound, its lines, and what cannot be met
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import require
from cmsys.jobs.enqueue import enqueue
from cmsys.jobs.kinds import Chunk, JobKind, JobRefused, Run, register_kind
from customers.allocation.engine.network import RangeError
from customers.allocation.engine.plan import Unplannable
from customers.allocation.engine.problem import Problem, ProblemError
from customers.allocation.selectors import document_of
from customers.planning.choices import PlanState
from customers.planning.finishing import ask_curve
from customers.planning.models import AllocationPlan, PlanBundle, PlanManager, PlanSnapshot
from customers.planning.permissions import REBALANCE
from customers.planning.reading import read
from customers.planning.recomputing import keep_answers
from customers.planning.runs import BUNDLE, MERGE, READ, PlanArgs, PlanDone
from customers.planning.services.moving import plan_take
from customers.planning.snapshots import packed, packed_answers, unpacked, unpacked_answers
from customers.planning.solving import parts_of, put_together, solve_part
from customers.planning.telling import plan_told
from customers.planning.writing import write_plan


def read_step(run: Run) -> Chunk:
    """The problem of a plan; the bundles are asked for."""
    plan = _locked(run)
    document = document_of(plan.policy)
    try:
        found = read(plan.unit, document, plan.as_of)
    except ProblemError as error:
        return _failed(run, plan, _("数据不能用于编制方案：%(what)s") % {"what": str(error)[:200]})
    PlanSnapshot.objects.update_or_create(plan=plan, defaults={"content": packed(found.problem)})
    problem, managers = found.problem, found.problem.managers
    PlanManager.objects.filter(plan=plan).delete()
    PlanManager.objects.bulk_create(
        [
            PlanManager(
                plan=plan, manager_id=pk, capacity=capacity, merit=merit, evaluation_id=found.sheets.get(pk),
                intake=found.intake[pk],
            )
            for pk, capacity, merit in zip(
                managers.ids.tolist(), managers.capacity.tolist(), managers.merit.tolist(), strict=True
            )
        ],
        batch_size=1000,
    )  # fmt: skip
    parts = parts_of(problem) if len(problem.customers) else []
    PlanBundle.objects.filter(plan=plan).delete()
    PlanBundle.objects.bulk_create([PlanBundle(plan=plan, number=number) for number in range(len(parts))])
    plan.customers, plan.managers = len(problem.customers), len(managers)
    plan.input_digest, plan.notes = found.digest, found.notes
    plan.save(update_fields=["customers", "managers", "input_digest", "notes", "updated_at"])
    for number in range(len(parts)):
        enqueue(BUNDLE, f"{plan.pk}:{number}", PlanArgs(plan.pk, number), actor=run.actor)
    if not parts:
        enqueue(MERGE, str(plan.pk), PlanArgs(plan.pk), actor=run.actor)
    message = _("读入 %(customers)d 户客户、%(managers)d 名客户经理") % {
        "customers": plan.customers,
        "managers": plan.managers,
    }
    return Chunk(done=1, total=1, message=message, result=PlanDone(plan.pk, plan.customers, len(parts)))


def bundle_step(run: Run) -> Chunk:
    """One bundle; the last one asks for the merge."""
    require(run.actor, REBALANCE)
    problem = _problem(run.args.plan)
    part = parts_of(problem)[run.args.bundle]
    answers = packed_answers(solve_part(problem, part))
    plan = _locked(run)
    PlanBundle.objects.filter(plan=plan, number=run.args.bundle).update(result=answers)
    if not PlanBundle.objects.filter(plan=plan, result__isnull=True).exists():
        enqueue(MERGE, str(plan.pk), PlanArgs(plan.pk), actor=run.actor)
    customers = sum(len(cut.customers) for cut in part)
    return Chunk(
        done=1, total=1, message=_("求解 %(n)d 户") % {"n": customers}, result=PlanDone(plan.pk, customers)
    )


def merge_step(run: Run) -> Chunk:
    """The whole plan, as a draft for people; nothing is moved."""
    plan = _locked(run)
    problem = _problem(plan.pk)
    cuts = parts_of(problem) if len(problem.customers) else []
    results = PlanBundle.objects.filter(plan=plan).order_by("number").values_list("result", flat=True)
    answers = [
        answer
        for part, result in zip(cuts, results, strict=True)
        for answer in unpacked_answers(bytes(result or b""), part)
    ]
    percent = document_of(plan.policy).budget_percent if plan.percent is None else plan.percent
    try:
        solved = put_together(problem, answers, percent)
    except (Unplannable, RangeError) as error:
        return _failed(run, plan, _("按政策编制不出方案：%(what)s") % {"what": str(error)[:200]})
    write_plan(plan, problem, solved)
    if solved.plan is not None and len(solved.left_out):
        # What explanations are asked of is what was planned.
        PlanSnapshot.objects.filter(plan=plan).update(content=packed(solved.problem))
    keep_answers(plan, solved.answers)
    told = {"customers": plan.customers, "moves": plan.moves, "forced": plan.forced, "digest": plan.digest[:16],
            "unmet": len(plan.unmet)}  # fmt: skip
    verb = "impossible" if solved.plan is None else "draft"
    plan_take(actor=run.actor, plan=plan, verb=verb, now=run.now, told=told)
    plan_told(plan, run.now)
    ask_curve(plan, run.actor)
    message = _("草案已生成：移动 %(moves)d 户，首次分配 %(first)d 户") % {
        "moves": plan.moves,
        "first": plan.first,
    }
    return Chunk(done=1, total=1, message=message, result=PlanDone(plan.pk, plan.customers, 0, plan.moves))


def _locked(run: Run) -> AllocationPlan:
    require(run.actor, REBALANCE)
    rows = AllocationPlan.objects.reached_by(run.actor, REBALANCE).select_related("policy", "unit")
    plan: AllocationPlan | None = rows.select_for_update(of=("self",)).filter(pk=run.args.plan).first()
    if plan is None or plan.state != PlanState.COMPUTING:
        raise JobRefused(_("方案已不在计算中，本任务不再执行。"))
    return plan


def _problem(plan: int) -> Problem:
    content = PlanSnapshot.objects.values_list("content", flat=True).get(plan=plan)
    return unpacked(bytes(content))


def _failed(run: Run, plan: AllocationPlan, said: str) -> Chunk:
    """The end of a plan that cannot be; kept with its reason, so that a person reads it."""
    plan_take(actor=run.actor, plan=plan, verb="fail", now=run.now, changes={"failure": said[:300]})
    plan_told(plan, run.now)
    return Chunk(done=1, total=1, message=plan.failure, result=PlanDone(plan.pk))


def register() -> None:
    """The three kinds of job."""
    register_kind(JobKind(READ, gettext_lazy("客户再平衡"), read_step, args=PlanArgs, result=PlanDone))
    register_kind(
        JobKind(
            BUNDLE, gettext_lazy("再平衡：求解分片"), bundle_step, args=PlanArgs, result=PlanDone, priority=4
        )
    )
    register_kind(
        JobKind(
            MERGE, gettext_lazy("再平衡：合成方案"), merge_step, args=PlanArgs, result=PlanDone, priority=3
        )
    )
