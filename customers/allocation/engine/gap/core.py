"""Small mixed-integer programs: the pairs that can still matter, and neighbourhoods of a few managers.

A pair whose reduced cost lifts the bound to the value of a known plan is in no better plan, so the rest, when small,
goes to HiGHS whole, and what HiGHS proves holds for the problem. Otherwise a few managers at a time are taken apart.
Node limits, never clocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from .instance import Floats, Instance, Ints, Mask, pairs_of
from .prices import Bound
from .program import Answer, Tangents, whole_program

SLACK = Fraction(1, 10**9)


@dataclass(frozen=True)
class Found:
    """A plan int64[n] or None, a proven bound or None, and whether it was shown that no (better) plan exists."""

    plan: Ints | None
    bound: Fraction | None
    closed: bool


def open_pairs(instance: Instance, bound: Bound, value: Fraction | None) -> Mask:
    """bool[n, m]: pairs that a plan better than `value` may use; all open ones without a value."""
    if value is None:
        return instance.open.copy()
    room = (value - bound.value) * bound.scale
    return instance.open & (bound.reduced < ceil(room))


def exact(instance: Instance, pairs: Mask, tangents: Tangents, nodes: int) -> Found:
    """The best plan over `pairs` within so many nodes, with the bound HiGHS proves (less its tolerances)."""
    if not pairs.any(axis=1).all():
        return Found(None, None, True)
    chosen = pairs_of(pairs)
    answer = whole_program(instance, chosen, tangents).solve(nodes)
    if answer.status == "infeasible":
        return Found(None, None, True)
    plan = _plan(instance, chosen, answer)
    bound = _claimed(instance, answer.bound) if np.isfinite(answer.bound) else None
    return Found(plan, bound, False)


def _plan(instance: Instance, pairs: tuple[Ints, Ints], answer: Answer) -> Ints | None:
    """The plan of an answer when it is one in exact integers too."""
    if not len(answer.x):
        return None
    part = np.zeros((instance.n, instance.m))
    part[pairs] = answer.x[: len(pairs[0])]
    plan = part.argmax(axis=1)
    return plan if instance.feasible(plan) else None


def _claimed(instance: Instance, bound: float) -> Fraction:
    """HiGHS' bound as a rational, less its tolerances, up to the next value an objective can have."""
    exact_bound = Fraction(bound) - SLACK * 1000 - abs(Fraction(bound)) * SLACK
    units = exact_bound * instance.cost_unit
    if not instance.weight:
        return Fraction(instance.base + ceil(units / instance.grid) * instance.grid)
    return instance.base + units


@dataclass
class Neighbourhoods:
    """Takes a few managers apart at a time; `plan` never gets worse."""

    instance: Instance
    plan: Ints
    value: Fraction
    prices: Floats
    bound: Bound
    dice: np.random.Generator

    def improve(self, rounds: int, managers: int, customers: int, width: int, nodes: int) -> int:
        """How many of the rounds found a better plan. Each is a program of about `customers` × `width` pairs."""
        reduced = (
            np.where(self.instance.open, self.bound.reduced / self.bound.scale, np.inf)
            / self.instance.cost_unit
        )
        gained = 0
        for _round in range(rounds):
            taken = self._managers(reduced, managers, customers)
            gained += self._solve(taken, reduced, width, nodes)
        return gained

    def _managers(self, reduced: Floats, count: int, customers: int) -> Ints:
        """Managers at random, those where most is lost (idle priced capacity, dear customers) more often."""
        instance = self.instance
        rows = np.arange(instance.n)
        loads = instance.loads(self.plan) / instance.effort_unit
        lost = np.bincount(self.plan, reduced[rows, self.plan], instance.m)
        lost += np.abs(self.prices) * np.maximum(instance.k - loads, 0.0)
        weights = lost + 0.1 * lost.mean() + 1e-9
        order = self.dice.permutation(instance.m)
        order = order[
            np.argsort(-np.log(self.dice.random(instance.m))[order] / weights[order], kind="stable")
        ]
        held = np.cumsum(np.bincount(self.plan, minlength=instance.m)[order])
        most = max(2, min(count, int(np.searchsorted(held, customers, side="right"))))
        return np.sort(order[:most])

    def _solve(self, taken: Ints, reduced: Floats, width: int, nodes: int) -> int:
        instance = self.instance
        chosen = np.zeros(instance.m, dtype=np.bool_)
        chosen[taken] = True
        free = np.nonzero(chosen[self.plan])[0]
        if not len(free):
            return 0
        near = reduced[np.ix_(free, taken)]
        count = min(width, len(taken))
        cheap = np.zeros_like(near, dtype=np.bool_)
        np.put_along_axis(cheap, np.argsort(near, axis=1, kind="stable")[:, :count], True, axis=1)
        pairs = np.zeros((instance.n, instance.m), dtype=np.bool_)
        pairs[np.ix_(free, taken)] = cheap & np.isfinite(near)
        pairs[free, self.plan[free]] = True
        fixed = instance.loads(self.plan) - _loads_of(instance, self.plan, free)
        rows, columns = np.nonzero(pairs)
        tangents = Tangents()
        program = whole_program(instance, (rows, columns), tangents, fixed=fixed / instance.effort_unit)
        answer = program.solve(nodes)
        if not len(answer.x):
            return 0
        part = np.zeros((instance.n, instance.m))
        part[rows, columns] = answer.x[: len(rows)]
        plan = self.plan.copy()
        plan[free] = part[free].argmax(axis=1)
        value = instance.value(plan)
        if value >= self.value or not instance.feasible(plan):
            return 0
        self.plan, self.value = plan, value
        return 1


def _loads_of(instance: Instance, plan: Ints, customers: Ints) -> Ints:
    loads = np.zeros(instance.m, dtype=np.int64)
    np.add.at(loads, plan[customers], instance.effort[customers, plan[customers]])
    return loads
