"""When not all hard rules can be kept: the cheapest way to give way, as a proposal to people, never as a plan.

Every customer gets overflow arcs: to managers a pair rule bars (at a price per customer) and above a manager's capacity
(at a price per point). The least-cost flow names who needs an exception and who needs how much more room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .blocks import Cut, block_of, cuts
from .bundle import Lack
from .flow import Sinks, carry
from .problem import Ints, Problem
from .rules import Broken, broken_by, forbidden

# What an exception for one customer weighs against one point of capacity.
EXCEPTION = 1000
SCALE = 720_720


@dataclass(frozen=True)
class Relaxation:
    """capacity: (manager, points more). exceptions: (customer, manager, the rules broken), all that this pair breaks.
    key_limit, budget: by how much the figure of the policy must rise, 0 for not at all. split: groups (tuples of
    customers) that cannot stay together. meet: customers kept apart who cannot be."""

    capacity: tuple[tuple[int, int], ...]
    exceptions: tuple[tuple[int, int, tuple[Broken, ...]], ...]
    key_limit: int = 0
    budget: int = 0
    split: tuple[tuple[int, ...], ...] = ()
    meet: tuple[tuple[int, ...], ...] = ()


def cheapest(problem: Problem, lacks: Sequence[Lack], exception: int = EXCEPTION) -> Relaxation:
    """What to give way on so that the named lacks disappear, at least exceptions × `exception` + points.

    Points are those of the divided problem: whole customers may need a few more. Cost: one dense flow per block named.
    """
    named = {customer for lack in lacks for customer in lack.customers}
    capacity: list[tuple[int, int]] = []
    exceptions: list[tuple[int, int, tuple[Broken, ...]]] = []
    if any(lack.rule in ("capacity", "nobody", "together", "whole") for lack in lacks):
        for cut in cuts(problem):
            if named & set(cut.customers.tolist()):
                more, pairs = _block(problem, cut, exception)
                capacity += more
                exceptions += pairs
    return Relaxation(
        capacity=tuple(capacity),
        exceptions=tuple(exceptions),
        key_limit=_needed(lacks, "key_limit"),
        budget=sum(lack.missing for lack in lacks if lack.rule == "budget"),
        split=tuple(lack.customers for lack in lacks if lack.rule == "together"),
        meet=tuple(lack.customers for lack in lacks if lack.rule == "apart"),
    )


def _needed(lacks: Sequence[Lack], rule: str) -> int:
    """A limit per manager has to rise by the missing count divided among the managers there are, rounded up."""
    return max(
        (-(-lack.missing // max(len(lack.managers), 1)) for lack in lacks if lack.rule == rule), default=0
    )


def _block(
    problem: Problem, cut: Cut, exception: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int, tuple[Broken, ...]]]]:
    rows, staff = cut.customers, cut.managers
    block = block_of(problem.with_policy(together=False), cut)
    n, m = len(rows), len(staff)
    if m == 0:
        return [], []
    barred = forbidden(problem, rows[:, None], staff)
    effort = block.effort
    cost = np.where(barred, SCALE * exception // effort[:, None], 0)
    supply_of = np.repeat(np.arange(n), m)
    manager_of = np.tile(np.arange(m), n)
    total = int(effort.sum())
    sinks = Sinks(
        np.repeat(np.arange(m), 2),
        np.stack([block.capacity, np.full(m, total)], axis=1).ravel(),
        np.tile(np.array([0, SCALE], dtype=np.int64), m),
    )
    done = carry(effort, supply_of, manager_of, cost.ravel(), block.capacity + total, sinks)
    flow = done.flow.reshape(n, m)
    over = flow.sum(axis=0) - block.capacity
    capacity = [(int(staff[j]), int(over[j])) for j in np.flatnonzero(over > 0).tolist()]
    chosen: Ints = np.where(barred, flow, 0).argmax(axis=1)
    broken = np.flatnonzero(np.where(barred, flow, 0).max(axis=1) > 0)
    pairs = [(int(rows[i]), int(staff[chosen[i]])) for i in broken.tolist()]
    return capacity, [(i, j, broken_by(problem, i, j)) for i, j in pairs]
