"""Why this manager: each line's parts, the next candidates and what they lack, why not the present one.

Everything is a whole number; the parts of all lines plus each manager's share of the load cost add up to the plan's
objective to the last digit (`recount`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .blocks import value_loads
from .loads import Loads, Squares, shares
from .measures import totals
from .plan import Plan
from .problem import NONE, Ints, Problem
from .rules import Broken, broken_by
from .terms import TERMS, distance, move_price


@dataclass(frozen=True)
class Part:
    """One term of a line: cost = customer's weight × policy weight × permille."""

    term: str
    weight: int
    permille: int
    cost: int


@dataclass(frozen=True)
class Line:
    """A customer with a manager: parts of the match, what moving costs (0 when he stays or had nobody), their sum."""

    customer: int
    manager: int
    parts: tuple[Part, ...]
    continuity: int
    metres: int

    @property
    def cost(self) -> int:
        return sum(part.cost for part in self.parts) + self.continuity


@dataclass(frozen=True)
class Candidate:
    """Another manager for a line.

    change: by how much the plan's objective would rise if this customer (with his group) alone went to him, load cost
    included; negative would be a gain. worse: terms in which he is worse, with the difference in cost, largest first.
    broken: hard rules the pair breaks. full: points missing of his capacity. keys: key customers above the limit.
    apart: customers he holds who must not meet this one. A candidate without any of the last four would be permitted.
    """

    line: Line
    change: int
    worse: tuple[tuple[str, int], ...]
    broken: tuple[Broken, ...]
    full: int
    keys: int
    apart: tuple[int, ...]

    @property
    def permitted(self) -> bool:
        return not (self.broken or self.full or self.keys or self.apart)


@dataclass(frozen=True)
class Explanation:
    """A line of the plan with its runners-up (permitted ones by rising change, then those a rule bars) and the present
    manager where he is another (`present`). together: the other members of the customer's group."""

    line: Line
    runners: tuple[Candidate, ...]
    present: Candidate | None
    together: tuple[int, ...]


class Explainer:
    """A plan's loads and sets, worked out once; then each line costs about a millisecond per 100 candidates."""

    def __init__(self, problem: Problem, manager: Ints) -> None:
        self.problem, self.manager = problem, manager
        capacity = problem.usable_capacity()
        self.capacity, self.loads = capacity, Loads.of(problem.policy.fairness, capacity)
        self.values = value_loads(problem, capacity)
        self.load = totals(problem.customers.effort, manager, len(capacity))
        self.value = totals(problem.points, manager, len(capacity))
        self.keys = totals(problem.customers.key.astype(np.int64), manager, len(capacity))
        block = problem.block[problem.managers.branch]
        self.staff = {int(b): np.flatnonzero(block == b) for b in np.unique(block).tolist()}

    def line(self, customer: int, manager: int) -> Line:
        """The parts of one pair."""
        problem, rows, staff = self.problem, np.array([customer]), np.array([manager])
        weight, parts = int(problem.customers.weight[customer]), []
        for term, (field, function) in TERMS.items():
            counted = getattr(problem.policy, field)
            permille = int(function(problem, rows, staff)[0])
            parts.append(Part(term, counted, permille, weight * counted * permille))
        owner = int(problem.customers.owner[customer])
        moving = int(move_price(problem, rows)[0]) if owner not in (NONE, manager) else 0
        return Line(customer, manager, tuple(parts), moving, int(distance(problem, rows, staff)[0]))

    def explain(self, customer: int, runners: int = 3) -> Explanation:
        """The line of a customer (index), with so many runners-up."""
        problem, here = self.problem, int(self.manager[customer])
        members = self._members(customer)
        block = int(problem.block[problem.customers.branch[customer]])
        others = [j for j in self.staff.get(block, np.zeros(0, dtype=np.int64)).tolist() if j != here]
        line = self.line(customer, here)
        found = [self._candidate(line, members, j) for j in others]
        found.sort(key=lambda one: (not one.permitted, one.change, one.line.manager))
        owner = int(problem.customers.owner[customer])
        present = None
        if owner not in (NONE, here):
            present = next((one for one in found if one.line.manager == owner), None)
            present = present or self._candidate(line, members, owner)
        together = tuple(i for i in members if i != customer)
        return Explanation(line, tuple(found[:runners]), present, together)

    def _members(self, customer: int) -> list[int]:
        group = int(self.problem.customers.group[customer])
        if group == NONE or not self.problem.policy.together:
            return [customer]
        return np.flatnonzero(self.problem.customers.group == group).tolist()

    def _candidate(self, line: Line, members: list[int], manager: int) -> Candidate:
        problem, here = self.problem, line.manager
        there = self.line(line.customer, manager)
        rows = np.array(members)
        effort = int(problem.customers.effort[rows].sum())
        change = sum(self.line(i, manager).cost - self.line(i, here).cost for i in members)
        pair = np.array([here, manager])
        after = self.load[pair] + np.array([-effort, effort])
        full = max(0, int(after[1] - self.capacity[manager]))
        if not full:
            change += int((self.loads.cost(pair, after) - self.loads.cost(pair, self.load[pair])).sum())
        if self.values is not None:
            points = int(problem.points[rows].sum())
            moved = self.value[pair] + np.array([-points, points])
            change += int((self.values.cost(pair, moved) - self.values.cost(pair, self.value[pair])).sum())
        worse = [
            (mine.term, theirs.cost - mine.cost)
            for mine, theirs in zip(line.parts, there.parts, strict=True)
            if theirs.cost > mine.cost
        ]
        if there.continuity > line.continuity:
            worse.append(("continuity", there.continuity - line.continuity))
        limit = problem.policy.key_limit
        keys = 0
        if limit is not None and bool(problem.customers.key[rows].any()):
            keys = max(0, int(self.keys[manager]) + int(problem.customers.key[rows].sum()) - limit)
        broken = tuple(dict.fromkeys(b for i in members for b in broken_by(problem, i, manager)))
        return Candidate(
            there, change, tuple(sorted(worse, key=lambda one: (-one[1], one[0]))), broken, full, keys,
            self._apart(members, manager),
        )  # fmt: skip

    def _apart(self, members: list[int], manager: int) -> tuple[int, ...]:
        pairs = self.problem.policy.apart
        first, second = np.isin(pairs[:, 0], members), np.isin(pairs[:, 1], members)
        partners = np.concatenate([pairs[first, 1], pairs[second, 0]])
        return tuple(sorted(set(partners[self.manager[partners] == manager].tolist())))


@dataclass(frozen=True)
class Recount:
    """A plan's objective taken apart: cost by term over all lines, continuity, and each manager's share of the load cost
    of effort and of value (lists of m whole numbers: about F·K·(L/K − ρ)² each)."""

    terms: dict[str, int]
    continuity: int
    loads: list[int]
    values: list[int]

    @property
    def objective(self) -> int:
        return sum(self.terms.values()) + self.continuity + sum(self.loads) + sum(self.values)


def recount(problem: Problem, manager: Ints) -> Recount:
    """The objective of any assignment, added up anew line by line (in chunks) and manager by manager."""
    customers, chunk = problem.customers, 1 << 17
    terms, continuity = dict.fromkeys(TERMS, 0), 0
    for start in range(0, len(manager), chunk):
        rows = np.arange(start, min(start + chunk, len(manager)))
        staff = manager[rows]
        for term, (field, function) in TERMS.items():
            weight = getattr(problem.policy, field)
            if weight:
                terms[term] += int((customers.weight[rows] * weight * function(problem, rows, staff)).sum())
        away = (customers.owner[rows] >= 0) & (customers.owner[rows] != staff)
        continuity += int(move_price(problem, rows)[away].sum())
    capacity, weight = problem.usable_capacity(), problem.policy.fairness
    loads = _own(
        weight, Loads.of(weight, capacity), totals(customers.effort, manager, len(capacity)), capacity
    )
    table, values = value_loads(problem, capacity), [0] * len(capacity)
    if table is not None:
        held = totals(problem.points, manager, len(capacity))
        values = _own(problem.policy.value_fairness, table, held, capacity)
    return Recount(terms, continuity, loads, values)


def _own(fairness: int, table: Loads | Squares, held: Ints, capacity: Ints) -> list[int]:
    """Each manager's cost less his share of the constant."""
    cost = table.cost(np.arange(len(held)), held).tolist()
    share = shares(fairness, held.tolist(), capacity.tolist())
    return [mine - part for mine, part in zip(cost, share, strict=True)]


def explainer(problem: Problem, plan: Plan) -> Explainer:
    """The explainer of a plan."""
    return Explainer(problem, plan.manager)
