"""Draft plans on the demonstration bank, from the rows to the rows, beside the usual rules of thumb in the same run.

    python -m tests.benchmarks.bench_planning [--full] [customers:managers …]

One JSON line per figure: {"name", "n", "median_s", "ratio", "against"}. Each bank lies in a database of its own that `demo_data`
has filled and is planned in a process of its own, under the example policy as it is shipped and without its budget; --full
adds 300 000 customers with 4 000 managers (without the curve and the branch). `planning.read`, `planning.solve` and
`planning.write` are the three parts of the same run; the rules of thumb divide the customers of the very problem that the plan
was made from. `fair_moves_share` is what the plan moves against the rule of thumb that comes nearest in fairness within areas
(over areas of unequal demand no plan can do anything about the rest; `planning.plan_one_area` shares out the whole bank). A
branch is planned again and again with a rule more each time, the database included; a draft of it is computed again with a lock
more each time, as in the workbench. Starts servers of its own unless DATABASE_URL names one.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.bench_import import database

SMALL, FULL = (20_000, 200), (300_000, 4_000)
POLICY = Path(__file__).resolve().parents[2] / "examples" / "policies" / "default.yaml"
AGAIN, ASKED = 40, 200
SECONDS: dict[str, float] = {}


def report(
    name: str, n: int, seconds: float, against: str | None = None, other: float | None = None, **more: Any
) -> None:
    ratio = None if not other else round(seconds / other, 3)
    line = {"name": name, "n": n, "median_s": round(seconds, 6), "ratio": ratio, "against": against, **more}
    print(json.dumps(line, ensure_ascii=False), flush=True)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    before = time.perf_counter()
    found = work()
    return found, time.perf_counter() - before


# --- a plan through its jobs ------------------------------------------------------------------------------------------
@contextmanager
def watched() -> Iterator[None]:
    """Adds up what the parts inside the jobs of a plan take, by their names."""
    from customers.planning import jobs

    kept = {name: getattr(jobs, name) for name in ("read", "solve_part", "put_together", "write_plan")}

    def counting(name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            found, took = timed(lambda: kept[name](*args))
            SECONDS[name] = SECONDS.get(name, 0) + took
            return found

        return call

    try:
        for name in kept:
            setattr(jobs, name, counting(name))
        yield
    finally:
        for name, function in kept.items():
            setattr(jobs, name, function)


def plan_of(unit: str, code: str) -> tuple[Any, float]:
    """A draft plan of a unit through the jobs, each in a transaction of its own as a worker does it, and the seconds."""
    from django.db import transaction
    from django.utils import timezone

    from cmsys.access.actors import SystemActor
    from cmsys.jobs.documents import load
    from cmsys.jobs.kinds import Run, kind_of
    from cmsys.jobs.models import Job
    from cmsys.org.models import OrgUnit
    from customers.planning.runs import BUNDLE, MERGE, READ
    from customers.planning.services.rebalancing import rebalance

    actor, now = SystemActor("system:bench"), timezone.now()
    SECONDS.clear()
    before = time.perf_counter()
    with watched():
        plan = rebalance(
            actor=actor,
            unit_id=OrgUnit.objects.get(code=unit).pk,
            policy_code=code,
            today=timezone.localdate(now),
            now=now,
        )
        while jobs := list(Job.objects.filter(kind__in=(READ, BUNDLE, MERGE)).order_by("pk")):
            for job in jobs:
                kind = kind_of(job.kind)
                with transaction.atomic():
                    kind.step(Run(job.pk, job.key, actor, load(kind.args, job.args), None, now))
                    Job.objects.filter(pk=job.pk).delete()
    seconds = time.perf_counter() - before
    # What else is asked for when a plan is ready is not waited for.
    Job.objects.all().delete()
    plan.refresh_from_db()
    return plan, seconds


def figures(problem: Any, manager: np.ndarray) -> dict[str, Any]:
    """Fairness, moves, distance and match of an assignment."""
    from customers.allocation.engine.measures import measures

    found = measures(problem, manager)
    had = max(int((problem.customers.owner >= 0).sum()), 1)
    return {
        "max_over_mean": found.use_max_over_mean, "gini": found.use_gini, "area_max_over_mean": found.area_max_over_mean,
        "area_gini": found.area_gini, "moves": found.moves,
        "moves_share": round(found.moves / had, 4), "over_capacity": found.over_capacity,
        "mean_metres": round(found.mean_metres), "match": found.match,
    }  # fmt: skip


def assigned(plan: Any) -> tuple[Any, np.ndarray]:
    """The problem of a plan and who gets whom, as the database has it."""
    from customers.planning.models import AllocationMove, PlanSnapshot
    from customers.planning.snapshots import unpacked

    problem = unpacked(bytes(PlanSnapshot.objects.values_list("content", flat=True).get(plan=plan.pk)))
    manager = problem.customers.owner.copy()
    lines = AllocationMove.objects.filter(plan=plan.pk).values_list("customer_id", "proposed_id")
    pairs = np.array(list(lines), dtype=np.int64).reshape(-1, 2)
    manager[np.searchsorted(problem.customers.ids, pairs[:, 0])] = np.searchsorted(
        problem.managers.ids, pairs[:, 1]
    )
    return problem, manager


# --- a bank -----------------------------------------------------------------------------------------------------------
def policies() -> None:
    """The example as it is shipped, the same without its budget, and that with the whole bank as one area."""
    import yaml

    from cmsys.access.actors import SystemActor
    from customers.allocation.services.policies import policy_import

    shipped = yaml.safe_load(POLICY.read_text(encoding="utf-8"))
    free = {**shipped, "code": "FREE", "budget_percent": None}
    for document in (shipped, free, {**free, "code": "WIDE", "area": "all"}):
        policy_import(actor=SystemActor("system:bench"), text=yaml.safe_dump(document, allow_unicode=True))


def size(customers: int, managers: int) -> None:
    """One bank: its plan under each policy, rules of thumb, one branch again and again."""
    from django.core.management import call_command
    from django.db import connection

    with tempfile.TemporaryDirectory() as folder:
        _, seconds = timed(
            lambda: call_command(
                "demo_data",
                customers=customers,
                managers=managers,
                months=1,
                without_cycles=True,
                accounts_file=Path(folder) / "demo.json",
                stdout=sys.stderr,
            )
        )
    report("planning.filling", customers, seconds, managers=managers)
    policies()
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE cmsys_owner")
        cursor.execute("ANALYZE")
        cursor.execute("SET ROLE cmsys_app")
    free, free_s = plan_of("YS", "FREE")
    problem, manager = assigned(free)
    thumb = baselines(problem)
    tell("planning.plan_without_budget", free, free_s, problem, manager, thumb)
    if customers <= SMALL[0]:
        curve_points(problem, free_s)
        wide, wide_s = plan_of("YS", "WIDE")
        whole, everybody = assigned(wide)
        tell("planning.plan_one_area", wide, wide_s, whole, everybody, baselines(whole, "planning.one_area"))
    plan, seconds = plan_of("YS", "FK")
    parts = dict(SECONDS)
    problem, manager = assigned(plan)
    tell("planning.plan", plan, seconds, problem, manager, thumb)
    solving = parts["solve_part"] + parts["put_together"]
    for name, part in (("read", parts["read"]), ("solve", solving), ("write", parts["write_plan"])):
        report(f"planning.{name}", customers, part, "planning.plan", seconds)
    if customers <= SMALL[0]:
        branch_again()
        workbench_again("FREE")
        workbench_again("FK")
    advice(problem, manager)


def tell(
    name: str, plan: Any, seconds: float, problem: Any, manager: np.ndarray, thumb: dict[str, dict[str, Any]]
) -> None:
    """A plan with its proof, beside the present assignment and the rule of thumb nearest in fairness."""
    mine = figures(problem, manager)
    near = min(thumb, key=lambda rule: (thumb[rule]["over_capacity"] > 0, thumb[rule]["area_gini"]))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rest = {
        "gap": round(plan.gap, 6), "forced": plan.forced, "budget": plan.budget, "first": plan.first,
        "unmet": sum(lack["customers_count"] for lack in plan.unmet),
        "before": {"max_over_mean": plan.before["max_mean"], "gini": plan.before["gini"], "over_capacity": plan.before["over_capacity"]},
        "memory_mb": memory, "digest": plan.digest[:12], "nearest": near,
        "fair_moves_share": round(mine["moves"] / max(thumb[near]["moves"], 1), 4),
    }  # fmt: skip
    report(
        name,
        plan.customers,
        seconds,
        f"planning.{near}",
        thumb[near]["seconds"],
        managers=plan.managers,
        **rest,
        **mine,
    )


def baselines(problem: Any, prefix: str = "planning") -> dict[str, dict[str, Any]]:
    """What rules of thumb make of the same customers."""
    from tests.benchmarks.baselines import BASELINES

    found = {}
    for name, rule in BASELINES.items():
        manager, seconds = timed(lambda rule=rule: rule(problem))
        found[name] = {**figures(problem, manager), "seconds": seconds}
        shown = {key: value for key, value in found[name].items() if key != "seconds"}
        report(f"{prefix}.{name}", len(manager), seconds, **shown)
    return found


def curve_points(problem: Any, seconds: float) -> None:
    """Each point of moves against quality: what a budget leaves of fairness and how far from the best it can be."""
    from customers.allocation.engine.curve import curve

    points, took = timed(lambda: curve(problem))
    for point in points:
        report(
            "planning.point",
            len(problem.customers),
            took / len(points),
            "planning.plan_without_budget",
            seconds,
            budget=point.budget,
            moves=point.moves,
            least=point.plan.least,
            gap=round(point.gap, 6),
            max_over_mean=point.measures.use_max_over_mean,
            gini=point.measures.use_gini,
        )


def branch_again() -> None:
    """The second branch planned through the database again, each time with one customer more kept from his manager."""
    from customers.allocation.models import CustomerRule, RuleKind
    from customers.registry.models import Customer

    rows = Customer.objects.filter(unit__path__startswith=path_of("B02"), owner__isnull=False)
    some = list(rows.order_by("customer_no")[:AGAIN])
    taken, solved = [], []
    for customer in some:
        CustomerRule.objects.create(
            customer=customer, manager=customer.owner, kind=RuleKind.EXCLUDE, starts_on=date(2020, 1, 1), reason="x"
        )  # fmt: skip
        plan, seconds = plan_of("B02", "FK")
        taken.append(seconds)
        solved.append(SECONDS["solve_part"] + SECONDS["put_together"])
    report(
        "planning.branch_again",
        plan.customers,
        statistics.median(taken),
        managers=plan.managers,
        p95_s=round(sorted(taken)[int(AGAIN * 0.95)], 4),
        solve_median_s=round(statistics.median(solved), 4),
        gap=round(plan.gap, 6),
    )
    CustomerRule.objects.all().delete()


def workbench_again(code: str) -> None:
    """A draft of the second branch, computed again with one lock more each time, as the planner's click does it: `plan_again`
    from the request to the written lines. Counted are those that are done when the request ends; `by_job` are the others."""
    from django.utils import timezone

    from cmsys.access.actors import SystemActor
    from cmsys.jobs.models import Job
    from cmsys.workflow.form import Form
    from customers.planning.choices import PlanState
    from customers.planning.models import AllocationMove, AllocationPlan
    from customers.planning.services.again import plan_again
    from customers.planning.services.choosing import STAY, plan_choose

    actor = SystemActor("system:bench")
    plan, _seconds = plan_of("B02", code)
    moves = AllocationMove.objects.filter(plan=plan, present__isnull=False, forced=False)
    taken, by_job, now = [], 0, timezone.now()
    for customer in list(moves.order_by("customer_id").values_list("customer_id", flat=True)[:AGAIN]):
        plan_choose(actor=actor, plan_id=plan.pk, act=STAY, customers=[customer], form=Form(), now=now)
        done, seconds = timed(
            lambda: plan_again(actor=actor, plan_id=plan.pk, percent=None, form=Form(), now=now)
        )
        Job.objects.all().delete()
        if not done.done:
            by_job += 1
            AllocationPlan.objects.filter(pk=plan.pk).update(state=PlanState.DRAFT)
            continue
        taken.append(seconds)
    report(
        f"planning.workbench_again_{code.lower()}", plan.customers, statistics.median(taken) if taken else 0.0,
        managers=plan.managers, p95_s=round(sorted(taken)[int(len(taken) * 0.95)], 4) if taken else None,
        times=len(taken), by_job=by_job,
    )  # fmt: skip


def path_of(code: str) -> str:
    from cmsys.org.models import OrgUnit

    return OrgUnit.objects.get(code=code).path or "?"


def advice(problem: Any, manager: np.ndarray) -> None:
    """Advice for one customer who is new, from the prices kept beside a plan."""
    from customers.allocation.engine.advice import advise, desk
    from customers.allocation.engine.blocks import cuts
    from customers.allocation.engine.problem import Customers

    cut = max(cuts(problem), key=lambda one: len(one.customers))
    found, made = timed(lambda: desk(problem, cut, manager))
    at = int(cut.customers[0])
    row = Customers(**{key: values[at : at + 1] for key, values in vars(problem.customers).items()})
    newcomer = replace(row, owner=np.array([-1]), group=np.array([-1]))
    asked = [timed(lambda: advise(problem, found, newcomer))[1] for _ in range(ASKED)]
    report(
        "planning.advice", len(cut.customers), statistics.median(asked), "planning.desk", made, managers=len(cut.managers),
        p95_s=round(sorted(asked)[int(ASKED * 0.95)], 6),
    )  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Every bank in a process of its own; with none named the small one, with --full the large one as well."""
    if arguments[:1] == ["--size"]:
        with database():
            size(*map(int, arguments[1].split(":")))
        return 0
    named = [argument for argument in arguments if argument != "--full"]
    banks = named or [f"{SMALL[0]}:{SMALL[1]}"]
    banks += [f"{FULL[0]}:{FULL[1]}"] if "--full" in arguments else []
    for bank in banks:
        subprocess.run([sys.executable, "-m", "tests.benchmarks.bench_planning", "--size", bank], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
