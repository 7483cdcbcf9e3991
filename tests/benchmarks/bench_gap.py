"""Generalised assignment, types A to E: our plan and proven bound beside a greedy, in one run.

    python -m tests.benchmarks.bench_gap [most customers]

Prints one JSON line per instance: {"name", "n", "median_s", "ratio", "against"} and, further, objective, bound, gap (a
fraction) and what the greedy got (null when it leaves a customer without a manager); at the end the mean gap. `ratio` is
our objective / the greedy's where that found a plan, null elsewhere.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

from customers.allocation.engine.document import Problem
from customers.allocation.engine.gap import solve_problem
from tests.allocation_engine.gap_instances import generated

SIZES = ((5, 100), (10, 100), (20, 100), (5, 200), (10, 200), (20, 200), (40, 400), (80, 1600))


def greedy(problem: Problem) -> int | None:
    """Customers by the regret between their two cheapest managers, each to the cheapest with room left."""
    left, total = problem.capacity.copy(), 0
    two = np.sort(problem.cost, axis=0)
    for j in np.argsort(two[0] - two[1], kind="stable").tolist():
        fits = np.nonzero(problem.allowed[:, j] & (problem.effort[:, j] <= left))[0]
        if not len(fits):
            return None
        i = fits[problem.cost[fits, j].argmin()]
        left[i] -= problem.effort[i, j]
        total += int(problem.cost[i, j])
    return total


def line(name: str, n: int, seconds: float, ratio: float | None, **more: Any) -> None:
    """One JSON line."""
    print(json.dumps({"name": name, "n": n, "median_s": round(seconds, 3), "ratio": ratio, "against": "gap.greedy", **more}), flush=True)  # fmt: skip


def main(most: int = 1600) -> None:
    """Runs and prints everything."""
    gaps, found, count = [], 0, 0
    slowest = 0.0
    for kind in "ABCDE":
        for m, n in (size for size in SIZES if size[1] <= most):
            problem = generated(kind, m, n)
            other = greedy(problem)
            start = time.perf_counter()
            solution = solve_problem(problem)
            seconds = time.perf_counter() - start
            assert solution.objective is not None and solution.bound is not None and solution.gap is not None
            gaps.append(float(solution.gap))
            found, count, slowest = found + (other is not None), count + 1, max(slowest, seconds)
            ratio = None if other is None else round(float(solution.objective) / other, 4)
            line(f"gap.{kind}.{m}x{n}", n, seconds, ratio, objective=int(solution.objective), bound=int(solution.bound),
                 gap=round(gaps[-1], 6), greedy=other)  # fmt: skip
    line("gap.mean", count, slowest, None, gap=round(sum(gaps) / len(gaps), 6), greedy_feasible=found)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
