"""Allocation at 10 000 × 200, 100 000 × 2 000 and 1 000 000 × 20 000, beside the usual rules of thumb in the same run.

`python -m tests.benchmarks.bench_allocation [customers …]`; each size runs in a process of its own, so its memory is its
own. One JSON line per figure. The `ratio` of a plan is against the only rule of thumb that is about as fair; the floor is the
flow alone, which proves the bound and divides customers. `cpu_s` is the work of all processes together: on a machine
that others use, half of it is what two free cores would take.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from customers.allocation.engine.advice import advise, desk
from customers.allocation.engine.blocks import cuts
from customers.allocation.engine.bundle import relax_bundle
from customers.allocation.engine.measures import measures
from customers.allocation.engine.plan import Plan, bundles, propose
from customers.allocation.engine.problem import Customers, Problem
from customers.allocation.engine.review import resolve
from tests.allocation_engine.worlds import bank

from .baselines import BASELINES

SIZES = (10_000, 100_000, 1_000_000)
PER_BRANCH, PER_MANAGER = 1_000, 50
WORKERS = 2
AGAINST = "allocation.least_busy_by_effort"
shared: list[Problem] = []


def _task(work: tuple[Callable[..., list[Any]], Any, tuple[Any, ...]]) -> tuple[list[Any], int, float]:
    function, part, rest = work
    start = time.process_time()
    found = function(shared[0], part, *rest)
    return found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time() - start


class Workers:
    """Two processes that inherit the problem, as a coordinator hands bundles to them."""

    def __init__(self, problem: Problem) -> None:
        shared[:] = [problem]
        self.pool = multiprocessing.get_context("fork").Pool(WORKERS)
        self.memory, self.seconds = 0, 0.0

    def __call__(
        self, function: Callable[..., list[Any]], problem: Problem, parts: Sequence[Any], *rest: Any
    ) -> list[list[Any]]:
        found = self.pool.map(_task, [(function, part, rest) for part in parts], chunksize=1)
        self.memory = max([self.memory, *(memory for _, memory, _ in found)])
        self.seconds += sum(seconds for _, _, seconds in found)
        return [done for done, _, _ in found]


def report(
    name: str, count: int, seconds: float, ratio: float | None, against: str | None, **more: Any
) -> None:
    """One JSON line."""
    line = {
        "name": name,
        "n": count,
        "median_s": round(seconds, 6),
        "ratio": ratio,
        "against": against,
        **more,
    }
    print(json.dumps(line), flush=True)


def timed(action: Callable[[], Any]) -> tuple[Any, float]:
    """The result and the seconds it took."""
    start = time.perf_counter()
    found = action()
    return found, time.perf_counter() - start


def figures(problem: Problem, manager: np.ndarray) -> dict[str, Any]:
    """Fairness, moves, distance and match of an assignment."""
    found = measures(problem, manager)
    had = int((problem.customers.owner >= 0).sum())
    return {
        "max_over_mean": found.use_max_over_mean, "gini": found.use_gini, "moves_share": round(found.moves / had, 4),
        "over_capacity": found.over_capacity, "mean_metres": round(found.mean_metres), "match": found.match,
    }  # fmt: skip


def size(customers: int) -> None:
    """One size: the rules of thumb, then the plan, its gap, memory and fairness."""
    problem = bank(customers, customers // PER_MANAGER, max(customers // PER_BRANCH, 1), even=True)
    workers = Workers(problem)
    own = time.process_time()
    plan, seconds = timed(lambda: propose(problem, workers))
    worked = workers.seconds + time.process_time() - own
    parts = bundles(cuts(problem))
    _, floor = timed(lambda: workers(relax_bundle, problem, parts, 0))
    report("allocation.flow_floor", customers, floor, None, None, workers=WORKERS)
    mine = max(workers.memory, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) // 1024
    loops = {}
    for name, rule in BASELINES.items():
        manager, took = timed(lambda rule=rule: rule(problem))
        loops[name] = took
        report(f"allocation.{name}", customers, took, None, None, **figures(problem, manager))
    report("allocation.plan", customers, seconds, round(seconds / loops["least_busy_by_effort"], 3), AGAINST,
           gap=round(plan.gap, 6), cpu_s=round(worked, 3), over_floor=round(seconds / floor, 3), memory_mb=mine,
           workers=WORKERS, forced=plan.forced, digest=plan.digest[:12],
           **figures(problem, plan.manager))  # fmt: skip
    if customers == SIZES[0]:
        budgets(problem, plan, workers, seconds)


def budgets(problem: Problem, free: Plan, workers: Workers, seconds: float) -> None:
    """Plans under move budgets between what the rules force and what the free plan moves."""
    least = propose(problem.with_policy(budget=free.moves)).least
    for share in (0.8, 0.5, 0.25, 0.1):
        budget = int(least + (free.moves - least) * share)
        bound = problem.with_policy(budget=budget)
        plan, took = timed(lambda bound=bound: propose(bound))
        report("allocation.plan_within_budget", len(problem.customers), took, round(took / seconds, 3), "allocation.plan",
               gap=round(plan.gap, 6), budget=budget, moves=plan.moves, least=least, forced=plan.forced)  # fmt: skip


def single() -> None:
    """A branch of 2 000 × 40 planned again with locks, and advice for one new customer."""
    problem = bank(2_000, 40, 1)
    plan, first = timed(lambda: propose(problem))
    locks = [(i, int(plan.manager[i])) for i in range(0, 2_000, 100)]
    again = [
        timed(lambda k=k: resolve(problem, plan, locks, [(k, int(plan.manager[k]))]))[1] for k in range(1, 30)
    ]
    report("allocation.plan_branch", 2_000, first, None, None, gap=round(plan.gap, 6))
    report("allocation.resolve_branch", 2_000, statistics.median(again), round(statistics.median(again) / first, 3),
           "allocation.plan_branch", p95_s=round(sorted(again)[-2], 6))  # fmt: skip
    found = desk(problem, cuts(problem)[0], plan.manager)
    row = Customers(**{key: values[7:8] for key, values in vars(problem.customers).items()})
    newcomer = replace(row, owner=np.array([-1]))
    asked = [timed(lambda: advise(problem, found, newcomer))[1] for _ in range(200)]
    report("allocation.advice", 2_000, statistics.median(asked), round(statistics.median(asked) / first, 6),
           "allocation.plan_branch", p95_s=round(sorted(asked)[190], 6))  # fmt: skip


def main(sizes: Sequence[int]) -> int:
    """Every size in a process of its own, then how the time grows from one to the next."""
    seconds: dict[int, float] = {}
    for customers in sizes:
        command = [sys.executable, "-m", "tests.benchmarks.bench_allocation", "--size", str(customers)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        print(done.stdout, end="", flush=True)
        for line in map(json.loads, done.stdout.splitlines()):
            if line["name"] == "allocation.plan":
                seconds[customers] = line["median_s"]
    for small, large in itertools.pairwise(sizes):
        growth = round(seconds[large] / seconds[small], 2)
        report("allocation.growth", large, seconds[large], growth, f"allocation.plan at {small}")
    single()
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--size"]:
        size(int(sys.argv[2]))
    else:
        sys.exit(main([int(argument) for argument in sys.argv[1:]] or SIZES))
