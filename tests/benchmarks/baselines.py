"""How customers are usually divided: one after the other, by a rule of thumb. Each keeps the pair rules (a customer goes
only to a manager he may have) and looks for room first; none of them looks back.

Every function takes a problem and gives int64[n], the manager of each customer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import numpy as np

from customers.allocation.engine.blocks import block_of, cuts
from customers.allocation.engine.problem import Problem

Choose = Callable[[list[int], list[int], list[int], list[int], int], int]


def _divide(problem: Problem, choose: Callable[[], Choose]) -> np.ndarray:
    """Customers of each branch in the order of their numbers; `choose` picks among permitted managers with room (or,
    when nobody has any, among the permitted) by what each holds: counts, points, capacities."""
    manager = np.full(len(problem.customers), -1, dtype=np.int64)
    for cut in cuts(problem):
        block, pick = block_of(problem, cut), choose()
        room = block.capacity.tolist()
        permitted = [np.flatnonzero(row).tolist() for row in block.open]
        count, load = [0] * len(room), [0] * len(room)
        found = []
        for kind, effort in zip(block.kind.tolist(), block.effort.tolist(), strict=True):
            may = permitted[kind]
            free = [j for j in may if load[j] + effort <= room[j]]
            chosen = pick(free or may, count, load, room, effort)
            count[chosen] += 1
            load[chosen] += effort
            found.append(chosen)
        manager[cut.customers] = cut.managers[np.array(found, dtype=np.int64)[block.unit]]
    return manager


def round_robin(problem: Problem) -> np.ndarray:
    """Everybody in turn, whatever the customers weigh."""

    def choose() -> Choose:
        turn = iter(_turns())

        def pick(may: list[int], count: list[int], load: list[int], room: list[int], effort: int) -> int:
            return may[next(turn) % len(may)]

        return pick

    return _divide(problem, choose)


def _turns() -> Iterator[int]:
    at = 0
    while True:
        yield at
        at += 1


def least_busy_by_count(problem: Problem) -> np.ndarray:
    """Whoever holds the fewest customers (the rule of a well-known open-source CRM)."""
    return _divide(
        problem, lambda: lambda may, count, load, room, effort: min(may, key=lambda j: (count[j], j))
    )


def least_busy_by_effort(problem: Problem) -> np.ndarray:
    """Whoever is least loaded for his capacity."""
    return _divide(
        problem,
        lambda: (
            lambda may, count, load, room, effort: min(may, key=lambda j: ((load[j] + effort) / room[j], j))
        ),
    )


def capacity_weighted_random(problem: Problem) -> np.ndarray:
    """By lot, in proportion to capacity."""

    def choose() -> Choose:
        lot = random.Random(7)
        return lambda may, count, load, room, effort: lot.choices(may, weights=[room[j] for j in may])[0]

    return _divide(problem, choose)


BASELINES: dict[str, Callable[[Problem], np.ndarray]] = {
    "round_robin": round_robin,
    "least_busy_by_count": least_busy_by_count,
    "least_busy_by_effort": least_busy_by_effort,
    "capacity_weighted_random": capacity_weighted_random,
}
