"""The problem as the solver sees it: to be minimised, in integers, in an order that does not depend on the document's.

Managers and customers are sorted by what they are (their numbers), never by where they stand or what they are called,
so a permuted document is the same instance and gets the same objective.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..document import Problem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Instance:
    """n customers (rows), m managers (columns); minimise base + Σ cost + weight·F(loads).

    cost int64[n, m] ≥ 0 where open (each customer's least is 0, the rest is in `base`), effort int64[n, m],
    capacity int64[m], open bool[n, m]: neither forbidden, nor pinned elsewhere, nor too large for the manager.
    F(L) = Σ L²/K − (ΣL)²/ΣK = Σ K·(L/K − ρ)² in effort units; weight in cost units per effort unit, negative where
    unevenness is rewarded. `customers[k]`, `managers[k]`: index in the document of row or column k.
    """

    cost: Ints
    effort: Ints
    capacity: Ints
    open: Mask
    base: int
    weight: Fraction
    customers: Ints
    managers: Ints

    @property
    def n(self) -> int:
        """Customers."""
        return int(self.cost.shape[0])

    @property
    def m(self) -> int:
        """Managers."""
        return int(self.cost.shape[1])

    @cached_property
    def total_capacity(self) -> int:
        """ΣK."""
        return int(self.capacity.sum())

    @cached_property
    def cost_unit(self) -> int:
        """Cost units per unit of the floating-point side, a power of ten that keeps its numbers near 10^5."""
        return _unit(int(np.where(self.open, self.cost, 0).max(initial=0)), 5)

    @cached_property
    def effort_unit(self) -> int:
        """Effort units per unit of the floating-point side."""
        return _unit(int(np.where(self.open, self.effort, 0).max(initial=0)), 5)

    @cached_property
    def price_unit(self) -> Fraction:
        """Exact price (cost units per effort unit) of a floating-point price of 1."""
        return Fraction(self.cost_unit, self.effort_unit)

    @cached_property
    def c(self) -> Floats:
        """Costs in floating point, infinite where closed."""
        return np.where(self.open, self.cost / self.cost_unit, np.inf)

    @cached_property
    def w(self) -> Floats:
        """Efforts in floating point, 0 where closed."""
        return np.where(self.open, self.effort / self.effort_unit, 0.0)

    @cached_property
    def k(self) -> Floats:
        """Capacities in floating point, never more than all customers together could use."""
        most = np.where(self.open, self.effort, 0).sum(axis=0)
        return np.minimum(self.capacity, most) / self.effort_unit

    @cached_property
    def fairness(self) -> tuple[float, Floats, float]:
        """Weight, K and ΣK of the fairness term in floating point."""
        weight = float(self.weight * self.effort_unit / self.cost_unit)
        return weight, self.capacity / self.effort_unit, self.total_capacity / self.effort_unit

    @cached_property
    def grid(self) -> int:
        """All objectives without fairness are `base` plus a multiple of this."""
        return int(np.gcd.reduce(np.where(self.open, self.cost, 0), axis=None)) or 1

    def loads(self, assignment: Ints) -> Ints:
        """Effort on each manager, int64[m]."""
        loads = np.zeros(self.m, dtype=np.int64)
        np.add.at(loads, assignment, self.effort[np.arange(self.n), assignment])
        return loads

    def feasible(self, assignment: Ints) -> bool:
        """Every pair open and nobody over capacity; exact."""
        return bool(self.open[np.arange(self.n), assignment].all()) and bool(
            (self.loads(assignment) <= self.capacity).all()
        )

    def value(self, assignment: Ints) -> Fraction:
        """The objective of an assignment, exact."""
        total = Fraction(self.base + int(self.cost[np.arange(self.n), assignment].sum()))
        if self.weight:
            total += self.weight * unevenness(self.loads(assignment), self.capacity)
        return total


def pairs_of(mask: Mask) -> tuple[Ints, Ints]:
    """The rows and columns of a mask's true places, int64 each, in row order."""
    rows, columns = np.nonzero(mask)
    return rows.astype(np.int64), columns.astype(np.int64)


def unevenness(loads: Ints, capacity: Ints) -> Fraction:
    """F(L) = Σ K·(L/K − ρ)², ρ = ΣL/ΣK; a manager without capacity counts nothing. Exact, O(m) rationals."""
    shares: dict[int, int] = {}
    for load, limit in zip(loads.tolist(), capacity.tolist(), strict=True):
        if limit:
            shares[limit] = shares.get(limit, 0) + load * load
    total, whole = sum(loads.tolist()), sum(capacity.tolist())
    if whole == 0:
        return Fraction(0)
    return sum((Fraction(square, limit) for limit, square in shares.items()), Fraction(-total * total, whole))


def candidates(problem: Problem) -> Mask:
    """bool[m, n]: pairs neither forbidden, nor pinned elsewhere, nor larger than the manager's capacity."""
    possible = problem.allowed & (problem.effort <= problem.capacity[:, None])
    for manager, customer in problem.pins:
        only = np.zeros(len(problem.managers), dtype=np.bool_)
        only[manager] = True
        possible[:, customer] &= only
    return possible


def instance_of(problem: Problem, possible: Mask) -> Instance:
    """The instance of a problem; every customer needs at least one possible manager."""
    sign = 1 if problem.sense == "min" else -1
    cost = np.where(possible, sign * problem.cost, 0).T
    effort = np.where(possible, problem.effort, 0).T
    opened = possible.T
    least = np.where(opened, cost, np.iinfo(np.int64).max).min(axis=1) if cost.size else np.zeros(0, np.int64)
    cost = np.where(opened, cost - least[:, None], 0)
    managers = _manager_order(cost, effort, opened, problem.capacity)
    columns = np.hstack([part[:, managers] for part in (cost, effort, opened.astype(np.int64))])
    customers = np.lexsort(columns.T[::-1]).astype(np.int64) if columns.size else np.arange(len(cost))
    here = np.ix_(customers, managers)
    scale = Fraction(10**problem.cost_places, 10**problem.effort_places)
    return Instance(
        cost=np.ascontiguousarray(cost[here]), effort=np.ascontiguousarray(effort[here]),
        capacity=problem.capacity[managers], open=np.ascontiguousarray(opened[here]), base=int(least.sum()),
        weight=sign * problem.weight * scale, customers=customers, managers=managers,
    )  # fmt: skip


def _manager_order(cost: Ints, effort: Ints, opened: Mask, capacity: Ints) -> Ints:
    """Managers by capacity, then by the sorted list of what their customers cost them."""
    keys: list[Any] = []
    for j in range(cost.shape[1]):
        rows = np.stack([opened[:, j].astype(np.int64), cost[:, j], effort[:, j]], axis=1)
        rows = rows[np.lexsort(rows.T[::-1])]
        keys.append((int(capacity[j]), rows.astype(">i8").tobytes()))
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


def _unit(largest: int, digits: int) -> int:
    return max(1, 10 ** (len(str(largest)) - 1 - digits))
