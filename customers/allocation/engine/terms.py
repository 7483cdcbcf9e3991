"""The soft terms of a policy, one function each: how badly a manager fits a customer, in permille (0 best, 1000 worst).

Every function takes indices of customers `rows` and of managers `staff` in any shapes that broadcast (a column against a
row gives the table, two equal columns give the pairs) and returns int64 of their common shape; the cost of a pair is
weight × Σ (a_t × permille_t) in cost units (thousandths of a weight), whole numbers
throughout, so the parts of an explanation add up to the cost to the last digit. Source: 004 chapter 四 (公平公正 with
综合评价, 专业匹配, 区域就近); grade fit and continuity are the house's own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .network import RangeError
from .problem import PERMILLE, Ints, Problem

EARTH_METRES = 6_371_008.8
MICRO_DEGREE = np.pi / 180 / 1e6
# Above this a cost could not be summed with penalties and indices in 64 bits.
COST_LIMIT = 1 << 33


def distance(problem: Problem, rows: Ints, staff: Ints) -> Ints:
    """Metres on the great circle between customer and manager, rounded to whole metres."""
    places = problem.places
    here, there = problem.customers.place[rows], problem.managers.place[staff]
    lat1, lat2 = places.latitude[here] * MICRO_DEGREE, places.latitude[there] * MICRO_DEGREE
    turn = (places.longitude[here] - places.longitude[there]) * MICRO_DEGREE
    half = np.sin((lat1 - lat2) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(turn / 2) ** 2
    found: Ints = np.rint(2 * EARTH_METRES * np.arcsin(np.sqrt(np.clip(half, 0, 1)))).astype(np.int64)
    return found


def expertise_match(problem: Problem, rows: Ints, staff: Ints) -> Ints:
    """1000 less the manager's skills weighed by the customer's profile of demand (rounded down once)."""
    profile = problem.customers.profile[rows]
    wanted = np.flatnonzero(problem.profiles.any(axis=0))
    served = sum(
        (problem.profiles[profile, s] * problem.managers.skill[staff, s] for s in wanted.tolist()), start=0
    )
    found: Ints = PERMILLE - served // PERMILLE
    return found


def proximity(problem: Problem, rows: Ints, staff: Ints) -> Ints:
    """The distance as a share of `far`, at most 1000."""
    far = problem.policy.far
    found: Ints = np.minimum(distance(problem, rows, staff), far) * PERMILLE // far
    return found


def _grade_steps(problem: Problem, rows: Ints, staff: Ints) -> Ints:
    """Steps by which the manager's grade exceeds what the tier should have; negative when it falls short."""
    wanted = problem.policy.wanted_grade[problem.customers.tier[rows]]
    steps: Ints = problem.managers.grade[staff] - wanted
    return steps


def _misfit(problem: Problem, steps: Ints) -> Ints:
    span = problem.policy.grade_span
    found: Ints = np.clip(steps, 0, span) * PERMILLE // span
    return found


def grade_shortfall(problem: Problem, rows: Ints, staff: Ints) -> Ints:
    """How far the manager's grade lies below what the tier should have; `grade_span` steps count fully."""
    return _misfit(problem, -_grade_steps(problem, rows, staff))


def grade_waste(problem: Problem, rows: Ints, staff: Ints) -> Ints:
    """How far the manager's grade lies above what the tier needs."""
    return _misfit(problem, _grade_steps(problem, rows, staff))


def merit(problem: Problem, rows: Ints, staff: Ints) -> Ints:
    """1000 less the manager's merit, capped at `merit_cap` so that the best do not take everything."""
    counted = PERMILLE - np.minimum(problem.managers.merit[staff], problem.policy.merit_cap)
    found: Ints = np.broadcast_to(counted, np.broadcast_shapes(rows.shape, staff.shape))
    return found


Term = Callable[[Problem, Ints, Ints], Ints]
# Name of the term → its function; the weight has the policy's field name.
TERMS: dict[str, tuple[str, Term]] = {
    "expertise_match": ("expertise", expertise_match),
    "proximity": ("proximity", proximity),
    "grade_shortfall": ("shortfall", grade_shortfall),
    "grade_waste": ("waste", grade_waste),
    "merit": ("merit", merit),
}


def fit(problem: Problem, rows: Ints, staff: Ints) -> Ints:
    """Σ a_t × permille_t without the customer's weight; the same for customers of one kind."""
    total = np.zeros(np.broadcast_shapes(rows.shape, staff.shape), dtype=np.int64)
    for name, function in TERMS.values():
        weight = getattr(problem.policy, name)
        if weight:
            total += weight * function(problem, rows, staff)
    most = sum(getattr(problem.policy, name) for name, _ in TERMS.values()) * PERMILLE
    heaviest = int(problem.customers.weight.max()) if len(problem.customers) else 0
    dearest = int(problem.policy.move_price.max()) if problem.policy.move_price.size else 0
    if most * heaviest + dearest >= COST_LIMIT:
        raise RangeError(f"costs up to {most * heaviest + dearest} leave the range of {COST_LIMIT}")
    return total


def move_price(problem: Problem, rows: Ints) -> Ints:
    """Continuity: what moving each customer costs (the shape of `rows`), by tier and tenure; 0 for who has no manager yet."""
    policy, customers = problem.policy, problem.customers
    band = np.searchsorted(
        np.array(policy.tenure_bands, dtype=np.int64), customers.tenure[rows], side="right"
    )
    price: Ints = np.where(customers.owner[rows] >= 0, policy.move_price[customers.tier[rows], band], 0)
    return price
