"""What the workbench asks of a plan, kept in the process: its problem, who has whom, its loads; and what a change of some
lines would do, counted from the snapshot and never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from customers.allocation.engine.blocks import value_loads
from customers.allocation.engine.explain import Explainer
from customers.allocation.engine.loads import Loads, constant
from customers.allocation.engine.measures import gini, max_over_mean, totals
from customers.allocation.engine.problem import NONE, PERMILLE, Ints, Problem
from customers.allocation.engine.rules import PAIR_RULES
from customers.allocation.engine.terms import TERMS, distance, expertise_match, move_price
from customers.planning.models import AllocationMove, PlanSnapshot
from customers.planning.snapshots import unpacked

CHUNK = 1 << 17


@dataclass(frozen=True)
class Standing:
    """Figures of one assignment: customers moved; fairness, match (permille) and mean metres as in `measures`; the objective
    in cost units."""

    moves: int
    max_mean: float
    gini: float
    match: float
    mean_metres: float
    objective: int


@dataclass(frozen=True)
class Effect:
    """The plan as it is and as it would be with some customers elsewhere.

    over: manager index → points above his capacity; broken: (customer, manager) indices that break a hard rule; unheld:
    customers who would have nobody. With any of them there is no objective to compare (`after` is None).
    """

    before: Standing
    after: Standing | None
    over: Mapping[int, int]
    broken: Sequence[tuple[int, int]]
    unheld: Sequence[int]


class Bench:
    """A plan's problem with its assignment. `place` and `seat` turn keys of customers and managers into indices."""

    def __init__(self, problem: Problem, manager: Ints) -> None:
        self.problem, self.manager = problem, manager
        self.capacity = problem.usable_capacity()

    def place(self, customer: int) -> int | None:
        """The index of a customer's key; None when he is not in the plan."""
        ids = self.problem.customers.ids
        at = int(np.searchsorted(ids, customer))
        return at if at < len(ids) and int(ids[at]) == customer else None

    def seat(self, manager: int) -> int | None:
        """The index of a manager's key; None when he is not in the plan."""
        return self._seats.get(manager)

    @cached_property
    def _seats(self) -> dict[int, int]:
        return {int(pk): place for place, pk in enumerate(self.problem.managers.ids.tolist())}

    @cached_property
    def explainer(self) -> Explainer:
        return Explainer(self.problem, self.manager)

    def members(self, customer: int) -> list[int]:
        """The customer with those who stay together with him."""
        group = int(self.problem.customers.group[customer])
        if group == NONE or not self.problem.policy.together:
            return [customer]
        return np.flatnonzero(self.problem.customers.group == group).tolist()

    @cached_property
    def _sums(self) -> _Sums:
        rows = np.arange(len(self.manager))
        return _Sums.of(self.problem, rows, self.manager)

    @cached_property
    def standing(self) -> Standing:
        """The plan as it is; a few passes over the customers, once."""
        return self._standing(self._sums)

    def effect(self, changes: Mapping[int, int]) -> Effect:
        """What becomes of the plan when exactly these customers (indices) have these managers (index, NONE: nobody).

        Costs the customers named and the managers, not the customers of the plan.
        """
        rows = np.array(sorted(changes), dtype=np.int64)
        there = np.array([changes[row] for row in rows.tolist()], dtype=np.int64)
        held = there != NONE
        unheld = rows[~held].tolist()
        broken = [
            (int(row), int(staff))
            for row, staff, bad in zip(rows[held], there[held], self._forbidden(rows[held], there[held]), strict=True)
            if bad
        ]  # fmt: skip
        if unheld:
            return Effect(self.standing, None, {}, broken, unheld)
        sums = self._sums.less(_Sums.of(self.problem, rows, self.manager[rows])).plus(
            _Sums.of(self.problem, rows, there)
        )
        above = np.maximum(sums.load - self.capacity, 0)
        over = {int(seat): int(above[seat]) for seat in np.flatnonzero(above).tolist()}
        after = None if over or broken else self._standing(sums)
        return Effect(self.standing, after, over, broken, unheld)

    def _forbidden(self, rows: Ints, staff: Ints) -> list[bool]:
        """Whether any rule forbids each pair; who already stands there by the plan is not asked again."""
        bad = np.zeros(len(rows), dtype=np.bool_)
        if len(rows):
            for rule in PAIR_RULES.values():
                bad |= rule(self.problem, rows, staff)
        found: list[bool] = bad.tolist()
        return found

    def _standing(self, sums: _Sums) -> Standing:
        problem, open_to = self.problem, np.flatnonzero(self.capacity > 0)
        count = len(problem.customers)
        return Standing(
            moves=sums.moves,
            max_mean=max_over_mean(sums.load[open_to], self.capacity[open_to]),
            gini=gini(sums.load[open_to], self.capacity[open_to]),
            match=round(sums.matched / sums.weight, 6) if sums.weight else 0.0,
            mean_metres=round(sums.metres / count, 6) if count else 0.0,
            objective=sums.cost + self._spread(sums.load, sums.value),
        )

    def _spread(self, load: Ints, value: Ints) -> int:
        """What uneven loads cost, the constants of the means off, as in the objective."""
        policy, room, seats = self.problem.policy, int(self.capacity.sum()), np.arange(len(load))
        cost = int(self._loads.cost(seats, load).sum()) - constant(policy.fairness, int(load.sum()), room)
        values = value_loads(self.problem, self.capacity)
        if values is not None:
            cost += int(values.cost(seats, value).sum())
            cost -= constant(policy.value_fairness, int(value.sum()), room)
        return cost

    @cached_property
    def _loads(self) -> Loads:
        return Loads.of(self.problem.policy.fairness, self.capacity)


@dataclass(frozen=True)
class _Sums:
    """What customers with their managers add up to; `less` and `plus` take some away and put others in their place."""

    moves: int
    cost: int
    matched: int
    weight: int
    metres: int
    load: Ints
    value: Ints

    @classmethod
    def of(cls, problem: Problem, rows: Ints, staff: Ints) -> _Sums:
        customers, count = problem.customers, len(problem.managers)
        weight, cost = customers.weight[rows], 0
        away = (customers.owner[rows] != NONE) & (customers.owner[rows] != staff)
        matched = metres = 0
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            for field, term in TERMS.values():
                price = getattr(problem.policy, field)
                if price:
                    cost += int((weight[part] * price * term(problem, rows[part], staff[part])).sum())
            matched += int(
                ((PERMILLE - expertise_match(problem, rows[part], staff[part])) * weight[part]).sum()
            )
            metres += int(distance(problem, rows[part], staff[part]).sum())
        cost += int(move_price(problem, rows)[away].sum())
        return cls(
            int(away.sum()), cost, matched, int(weight.sum()), metres, totals(customers.effort[rows], staff, count),
            totals(problem.points[rows], staff, count),
        )  # fmt: skip

    def plus(self, other: _Sums, sign: int = 1) -> _Sums:
        return _Sums(
            self.moves + sign * other.moves, self.cost + sign * other.cost, self.matched + sign * other.matched,
            self.weight + sign * other.weight, self.metres + sign * other.metres, self.load + sign * other.load,
            self.value + sign * other.value,
        )  # fmt: skip

    def less(self, other: _Sums) -> _Sums:
        return self.plus(other, -1)


@lru_cache(maxsize=2)
def bench(plan: int, digest: str) -> Bench:
    """The plan as it was last computed; `digest` names that content. Two plans are kept in a process."""
    problem = problem_of(plan)
    manager = problem.customers.owner.copy()
    places = {int(pk): place for place, pk in enumerate(problem.managers.ids.tolist())}
    rows = list(
        AllocationMove.objects.filter(plan=plan)
        .order_by("customer_id")
        .values_list("customer_id", "proposed_id")
    )
    at = np.searchsorted(problem.customers.ids, np.array([customer for customer, _ in rows], dtype=np.int64))
    manager[at] = [places[proposed] for _, proposed in rows]
    return Bench(problem, manager)


def problem_of(plan: int) -> Problem:
    """What the plan was computed from, without anybody's choices and without a budget."""
    content = PlanSnapshot.objects.values_list("content", flat=True).get(plan=plan)
    problem = unpacked(bytes(content))
    return problem.with_policy(budget=None) if problem.policy.budget is not None else problem
