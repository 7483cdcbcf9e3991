"""The hard rules of a policy, one function each: which managers a customer may not have, and by which figure.

A pair rule takes indices of customers `rows` and of managers `staff` in shapes that broadcast, and gives flags of their
common shape, True where the pair breaks it. General rules are the same for customers of one kind; personal rules concern single customers (`personal`
says which), so only those are looked at one by one. Rules about several customers at once (capacity, key limit, apart,
together, budget) are kept by the plan and checked by `audit`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .problem import CLOSED, KEEP_ONLY, Flags, Ints, Problem


@dataclass(frozen=True)
class Broken:
    """A hard rule a pair breaks: its code, what the rule asks and what there is (whole numbers whose meaning belongs to
    the code: grades, certificate bits, months, branch codes, manager indices)."""

    rule: str
    wanted: int | None = None
    found: int | None = None


def _nowhere(rows: Ints, staff: Ints) -> Flags:
    return np.zeros(np.broadcast_shapes(rows.shape, staff.shape), dtype=np.bool_)


def minimum_grade(problem: Problem, rows: Ints, staff: Ints) -> Flags:
    """The manager's grade is below the least grade of the customer's tier."""
    least = problem.policy.minimum_grade[problem.customers.tier[rows]]
    broken: Flags = problem.managers.grade[staff] < least
    return broken


def certificates(problem: Problem, rows: Ints, staff: Ints) -> Flags:
    """The customer requires a certificate the manager does not hold."""
    missing = problem.customers.requires[rows] & ~problem.managers.holds[staff]
    broken: Flags = (missing != 0) & problem.policy.certificates
    return broken


def branch(problem: Problem, rows: Ints, staff: Ints) -> Flags:
    """The manager belongs to another branch (or, where branches lend managers, to another block)."""
    mine, theirs = problem.customers.branch[rows], problem.managers.branch[staff]
    if problem.policy.cross_branch:
        mine, theirs = problem.block[mine], problem.block[theirs]
    broken: Flags = mine != theirs
    return broken


def intake(problem: Problem, rows: Ints, staff: Ints) -> Flags:
    """The manager takes nobody (leave), or only those he holds already."""
    state = problem.managers.intake[staff]
    holds = problem.customers.owner[rows] == staff
    broken: Flags = (state == CLOSED) | ((state == KEEP_ONLY) & ~holds)
    return broken


def tenure_limit(problem: Problem, rows: Ints, staff: Ints) -> Flags:
    """Rotation is due: the customer may not stay with his present manager."""
    limit = problem.policy.tenure_limit
    if limit is None:
        return _nowhere(rows, staff)
    due = problem.customers.tenure[rows] >= limit
    broken: Flags = due & (problem.customers.owner[rows] == staff)
    return broken


def pin(problem: Problem, rows: Ints, staff: Ints) -> Flags:
    """The customer is pinned to (or a reviewer locked him with) somebody else."""
    pins = problem.policy.pins
    if not len(pins):
        return _nowhere(rows, staff)
    at = np.clip(np.searchsorted(pins[:, 0], rows), 0, len(pins) - 1)
    pinned = pins[at, 0] == rows
    broken: Flags = pinned & (pins[at, 1] != staff)
    return broken


def _listed(pairs: Ints, rows: Ints, staff: Ints) -> Flags:
    if not len(pairs):
        return _nowhere(rows, staff)
    width = int(max(pairs[:, 1].max(), np.max(staff, initial=0))) + 1
    keys = pairs[:, 0] * width + pairs[:, 1]
    found: Flags = np.isin(rows * width + staff, keys)
    return found


def exclusion(problem: Problem, rows: Ints, staff: Ints) -> Flags:
    """The pair is excluded by decision."""
    return _listed(problem.policy.exclusions, rows, staff)


def recusal(problem: Problem, rows: Ints, staff: Ints) -> Flags:
    """The manager has declared an interest in the customer."""
    return _listed(problem.policy.recusals, rows, staff)


def complaint(problem: Problem, rows: Ints, staff: Ints) -> Flags:
    """A complaint of the customer was upheld and laid to the manager, not long ago."""
    return _listed(problem.policy.complaints, rows, staff)


PairRule = Callable[[Problem, Ints, Ints], Flags]
GENERAL: dict[str, PairRule] = {
    "branch": branch, "minimum_grade": minimum_grade, "certificates": certificates,
}  # fmt: skip
PERSONAL: dict[str, PairRule] = {
    "tenure_limit": tenure_limit, "pin": pin, "exclusion": exclusion, "recusal": recusal,
    "complaint": complaint,
}  # fmt: skip
PAIR_RULES: dict[str, PairRule] = {**GENERAL, "intake": intake, **PERSONAL}


def personal(problem: Problem) -> Ints:
    """Sorted indices of the customers some personal rule is about."""
    policy, customers = problem.policy, problem.customers
    parts = [policy.pins[:, 0], policy.exclusions[:, 0], policy.recusals[:, 0], policy.complaints[:, 0]]
    if policy.tenure_limit is not None:
        parts.append(np.flatnonzero((customers.tenure >= policy.tenure_limit) & (customers.owner >= 0)))
    return np.unique(np.concatenate(parts))


def forbidden(problem: Problem, rows: Ints, staff: Ints) -> Flags:
    """Pairs any rule forbids."""
    broken = _nowhere(rows, staff)
    for rule in PAIR_RULES.values():
        broken |= rule(problem, rows, staff)
    return broken


def broken_by(problem: Problem, customer: int, manager: int) -> tuple[Broken, ...]:
    """Every hard rule this pair breaks, with what is wanted and what there is; empty when the pair is permitted."""
    rows, staff = np.array([customer]), np.array([manager])
    codes = [name for name, rule in PAIR_RULES.items() if bool(rule(problem, rows, staff)[0])]
    return tuple(Broken(code, *_figures(problem, code, customer, manager)) for code in codes)


def _figures(problem: Problem, code: str, i: int, j: int) -> tuple[int | None, int | None]:
    customers, managers, policy = problem.customers, problem.managers, problem.policy
    if code == "minimum_grade":
        return int(policy.minimum_grade[customers.tier[i]]), int(managers.grade[j])
    if code == "certificates":
        missing = int(customers.requires[i]) & ~int(managers.holds[j])
        return missing, int(managers.holds[j])
    if code == "branch":
        return int(customers.branch[i]), int(managers.branch[j])
    if code == "intake":
        return None, int(managers.intake[j])
    if code == "tenure_limit":
        return policy.tenure_limit, int(customers.tenure[i])
    if code == "pin":
        at = int(np.searchsorted(policy.pins[:, 0], i))
        return int(policy.pins[at, 1]), j
    return None, None
