"""The best whole plan of a small problem, written down a second time: every pair a binary, every rule a row, no flow, no
classes, no blocks. Only terms and pair rules are taken from the engine, pair by pair."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import LinearConstraint, milp

from customers.allocation.engine.problem import CLOSED, Problem
from customers.allocation.engine.rules import broken_by
from customers.allocation.engine.terms import fit, move_price


@dataclass(frozen=True)
class Best:
    """The least objective and one plan that has it."""

    objective: int
    manager: np.ndarray


def load_table(problem: Problem, manager: int) -> list[int]:
    """F·L²/K in thousandths as sums of slopes rounded half up, from the formula in exact fractions."""
    capacity = int(problem.managers.capacity[manager])
    if problem.managers.intake[manager] == CLOSED:
        return [0]
    table = [0]
    for point in range(capacity):
        slope = Fraction(1000 * problem.policy.fairness * (2 * point + 1), capacity)
        table.append(table[-1] + (2 * slope.numerator + slope.denominator) // (2 * slope.denominator))
    return table


def value_table(problem: Problem, manager: int) -> list[int]:
    """F·V²/K in thousandths, rounded half up, for every number of value points."""
    capacity = int(problem.managers.capacity[manager])
    if problem.managers.intake[manager] == CLOSED or capacity == 0:
        return [0] * (int(problem.points.sum()) + 1)
    weight = 1000 * problem.policy.value_fairness
    squares = (Fraction(weight * v * v, capacity) for v in range(int(problem.points.sum()) + 1))
    return [(2 * s.numerator + s.denominator) // (2 * s.denominator) for s in squares]


def mean_cost(problem: Problem) -> int:
    """What the mean load costs: taken off every objective."""
    usable = [
        int(k) for k, s in zip(problem.managers.capacity, problem.managers.intake, strict=True) if s != CLOSED
    ]
    if not sum(usable):
        return 0
    weights = (
        (problem.policy.fairness, problem.customers.effort),
        (problem.policy.value_fairness, problem.points),
    )
    exact = [Fraction(1000 * weight * int(points.sum()) ** 2, sum(usable)) for weight, points in weights]
    return sum((2 * one.numerator + one.denominator) // (2 * one.denominator) for one in exact)


def objective_of(problem: Problem, manager: np.ndarray) -> int:
    """The objective of any plan, pair by pair."""
    everyone, staff = np.arange(len(problem.customers)), np.arange(len(problem.managers))
    total = -mean_cost(problem)
    for i in everyone.tolist():
        j = int(manager[i])
        total += int(fit(problem, everyone[i : i + 1], staff[j : j + 1])[0] * problem.customers.weight[i])
        if problem.customers.owner[i] not in (-1, j):
            total += int(move_price(problem, everyone[i : i + 1])[0])
    for j in staff.tolist():
        load = int(problem.customers.effort[manager == j].sum())
        total += (
            load_table(problem, j)[load] + value_table(problem, j)[int(problem.points[manager == j].sum())]
        )
    return total


def broken_rules(problem: Problem, manager: np.ndarray) -> list[str]:
    """Every hard rule the plan breaks."""
    customers, policy = problem.customers, problem.policy
    found = [b.rule for i in range(len(customers)) for b in broken_by(problem, i, int(manager[i]))]
    for j in range(len(problem.managers)):
        mine = manager == j
        room = 0 if problem.managers.intake[j] == CLOSED else int(problem.managers.capacity[j])
        found += ["capacity"] * (int(customers.effort[mine].sum()) > room)
        if policy.key_limit is not None:
            found += ["key_limit"] * (int(customers.key[mine].sum()) > policy.key_limit)
    found += ["apart" for a, b in policy.apart.tolist() if manager[a] == manager[b]]
    if policy.together:
        for group in set(customers.group.tolist()) - {-1}:
            found += ["together"] * (len(set(manager[customers.group == group].tolist())) > 1)
    moves = int(((customers.owner >= 0) & (customers.owner != manager)).sum())
    if policy.budget is not None and moves > policy.budget:
        found.append("budget")
    return found


def best(problem: Problem) -> Best | None:
    """The optimum by HiGHS, or None when no whole plan keeps every rule. Value must be left alone."""
    assert not problem.policy.value_fairness
    customers, policy = problem.customers, problem.policy
    n, m = len(customers), len(problem.managers)
    everyone, staff = np.arange(n), np.arange(m)
    price = move_price(problem, everyone)
    away = (customers.owner[:, None] >= 0) & (customers.owner[:, None] != staff[None, :])
    costs = fit(problem, everyone[:, None], staff) * customers.weight[:, None] + away * price[:, None]
    tables = [load_table(problem, j) for j in range(m)]
    slopes = [np.diff(table) for table in tables]
    starts = n * m + np.concatenate([[0], np.cumsum([len(s) for s in slopes])]).astype(int)
    width = int(starts[-1])
    rows, low, high = [], [], []

    def row(entries: dict[int, float], least: float, most: float) -> None:
        line = np.zeros(width)
        for at, value in entries.items():
            line[at] = value
        rows.append(line)
        low.append(least)
        high.append(most)

    for i in range(n):
        row({i * m + j: 1 for j in range(m)}, 1, 1)
    for j in range(m):
        entries = {i * m + j: float(customers.effort[i]) for i in range(n)}
        row({**entries, **dict.fromkeys(range(starts[j], starts[j + 1]), -1.0)}, 0, 0)
        if policy.key_limit is not None:
            row({i * m + j: float(customers.key[i]) for i in range(n)}, 0, policy.key_limit)
        for a, b in policy.apart.tolist():
            row({a * m + j: 1, b * m + j: 1}, 0, 1)
        if policy.together:
            for group in set(customers.group.tolist()) - {-1}:
                members = np.flatnonzero(customers.group == group).tolist()
                for a, b in itertools.pairwise(members):
                    row({a * m + j: 1, b * m + j: -1}, 0, 0)
    if policy.budget is not None:
        row({i * m + j: 1 for i in range(n) for j in range(m) if away[i, j]}, 0, policy.budget)
    upper = np.ones(width)
    for i in range(n):
        for j in range(m):
            upper[i * m + j] = 0 if broken_by(problem, i, j) else 1
    # Every plan carries every point, so the lowest slope is a constant; large numbers would blur the solver's sight.
    lowest = min((int(s[0]) for s in slopes if len(s)), default=0)
    done = milp(
        np.concatenate([costs.ravel(), *(s - lowest for s in slopes)]).astype(float),
        integrality=np.concatenate([np.ones(n * m), np.zeros(width - n * m)]),
        bounds=(0, upper),
        constraints=LinearConstraint(np.array(rows), low, high),
        options={"mip_rel_gap": 0},
    )
    if done.x is None:
        return None
    manager = done.x[: n * m].reshape(n, m).argmax(axis=1)
    return Best(objective_of(problem, manager), manager)
