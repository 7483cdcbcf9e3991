"""Who could have the customers a planner has ticked, and what each would cost; counted, not guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from customers.allocation.engine.problem import NONE, Ints
from customers.allocation.engine.rules import PAIR_RULES
from customers.allocation.engine.terms import fit
from customers.planning.bench import Bench, Effect

MOST = 60


@dataclass(frozen=True)
class Option:
    """A manager (index) with what the plan would be if all the customers went to him; `rules`: hard rules that stand
    against it. Points above his capacity are in `effect.over`."""

    manager: int
    effect: Effect
    rules: tuple[str, ...]

    @property
    def rise(self) -> int | None:
        """By how much the objective would rise; None where it cannot be compared."""
        after = self.effect.after
        return None if after is None else after.objective - self.effect.before.objective


def options_for(table: Bench, places: Sequence[int]) -> list[Option]:
    """Managers of the customers' blocks, the cheapest first, then those without room, then those a rule keeps out; at most
    MOST of them, the best fitting. A few milliseconds each."""
    rows = np.array(sorted(whole(table, places)), dtype=np.int64)
    seats = _seats(table, rows)
    found = [
        Option(int(seat), table.effect({int(row): int(seat) for row in rows}), _rules(table, rows, int(seat)))
        for seat in seats.tolist()
    ]
    return sorted(found, key=_rank)


def whole(table: Bench, places: Sequence[int]) -> set[int]:
    """The customers with those who go where they go."""
    return {member for place in places for member in table.members(place)}


def staying(table: Bench, places: Sequence[int]) -> tuple[dict[int, int], list[int]]:
    """What would be if these lines were left out: customer → present manager, and the customers for whom that cannot be
    because they have nobody or a rule takes them away."""
    rows = np.array(sorted(whole(table, places)), dtype=np.int64)
    owner = table.problem.customers.owner[rows]
    free = owner != NONE
    for rule in PAIR_RULES.values():
        free &= ~rule(table.problem, rows, np.where(owner == NONE, 0, owner)) | (owner == NONE)
    stay = {int(row): int(seat) for row, seat in zip(rows[free], owner[free], strict=True)}
    return stay, rows[~free].tolist()


def _seats(table: Bench, rows: Ints) -> Ints:
    problem = table.problem
    blocks = np.unique(problem.block[problem.customers.branch[rows]])
    seats = np.flatnonzero(np.isin(problem.block[problem.managers.branch], blocks))
    if len(seats) <= MOST:
        return seats
    cost = np.zeros(len(seats), dtype=np.int64)
    for row in rows.tolist():
        cost += fit(problem, np.full(len(seats), row), seats) * int(problem.customers.weight[row])
        for rule in PAIR_RULES.values():
            cost += rule(problem, np.full(len(seats), row), seats) * np.int64(1 << 40)
    return np.sort(seats[np.argsort(cost, kind="stable")[:MOST]])


def _rules(table: Bench, rows: Ints, seat: int) -> tuple[str, ...]:
    there = np.full(len(rows), seat)
    return tuple(name for name, rule in PAIR_RULES.items() if bool(rule(table.problem, rows, there).any()))


def _rank(option: Option) -> tuple[bool, bool, int, int]:
    return bool(option.rules), bool(option.effect.over), option.rise or 0, option.manager
