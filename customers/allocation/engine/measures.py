"""What a distribution of customers is like: fairness, moves, distance, match. The same figures before and after a plan."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from .problem import OPEN, PERMILLE, Ints, Problem
from .terms import distance, expertise_match

CHUNK = 1 << 17


@dataclass(frozen=True)
class Measures:
    """Figures of one assignment.

    served: customers who have a manager. moves: of those with a present manager, how many another one holds.
    use_max_over_mean, use_gini: of load over capacity among managers who may carry anything (1 and 0: all alike).
    area_max_over_mean, area_gini: the same within each block, use against the block's mean, among managers who take
    customers: what a plan can do something about. value_gini: of value over capacity. over_capacity: points above capacities. metres: total and mean distance between
    customer and manager. match: mean of 1000 − expertise_match in permille, weighted by customer; the same figure as
    exact fraction sums is not kept: both means are rounded to 6 decimals.
    """

    served: int
    moves: int
    use_max_over_mean: float
    use_gini: float
    area_max_over_mean: float
    area_gini: float
    value_gini: float
    over_capacity: int
    metres: int
    mean_metres: float
    match: float


def measures(problem: Problem, manager: Ints) -> Measures:
    """The figures of `manager` (int64[n], −1 for nobody). Cost: a few passes over the customers."""
    customers = problem.customers
    held = np.flatnonzero(manager >= 0)
    holder = manager[held]
    capacity = problem.usable_capacity()
    load = totals(customers.effort[held], holder, len(capacity))
    value = totals(customers.value[held], holder, len(capacity))
    open_to = np.flatnonzero(capacity > 0)
    metres, matched, weight = 0, 0, int(customers.weight[held].sum())
    for start in range(0, len(held), CHUNK):
        rows, staff = held[start : start + CHUNK], holder[start : start + CHUNK]
        metres += int(distance(problem, rows, staff).sum())
        matched += int(((PERMILLE - expertise_match(problem, rows, staff)) * customers.weight[rows]).sum())
    had = customers.owner[held] >= 0
    within = _within(problem, load, capacity)
    return Measures(
        served=len(held),
        moves=int((had & (customers.owner[held] != holder)).sum()),
        use_max_over_mean=max_over_mean(load[open_to], capacity[open_to]),
        use_gini=gini(load[open_to], capacity[open_to]),
        area_max_over_mean=round(float(within.max(initial=0)), 6),
        area_gini=gini(within, np.ones(len(within), dtype=np.int64)),
        value_gini=gini(value[open_to], capacity[open_to]),
        over_capacity=int(np.maximum(load - capacity, 0).sum()),
        metres=metres,
        mean_metres=round(metres / len(held), 6) if len(held) else 0.0,
        match=round(matched / weight, 6) if weight else 0.0,
    )


def _within(problem: Problem, load: Ints, capacity: Ints) -> npt.NDArray[np.float64]:
    """Use of each manager who takes customers against the mean use of those of his block; blocks without load left out."""
    staff = np.flatnonzero((problem.managers.intake == OPEN) & (capacity > 0))
    block = problem.block[problem.managers.branch[staff]]
    loads, rooms = (
        totals(points[staff], block, len(problem.block) + 1)[block] for points in (load, capacity)
    )
    busy = loads > 0
    found: npt.NDArray[np.float64] = load[staff][busy] * rooms[busy] / (capacity[staff][busy] * loads[busy])
    return found


def before(problem: Problem) -> Measures:
    """The figures of the present assignment."""
    return measures(problem, problem.customers.owner)


def totals(points: Ints, holder: Ints, managers: int) -> Ints:
    """Sum of points per manager, int64[managers]."""
    found = np.zeros(managers, dtype=np.int64)
    np.add.at(found, holder, points)
    return found


def max_over_mean(load: Ints, capacity: Ints) -> float:
    """The highest use (load / capacity) over the mean use of all together, rounded to 6 decimals; 0 without load."""
    if not len(load) or not int(load.sum()):
        return 0.0
    mean = Fraction(int(load.sum()), int(capacity.sum()))
    highest = max(Fraction(a, b) for a, b in zip(load.tolist(), capacity.tolist(), strict=True))
    return round(float(highest / mean), 6)


def gini(amount: Ints | npt.NDArray[np.float64], capacity: Ints) -> float:
    """Gini coefficient of amount / capacity (Σ Σ |a − b| / 2n²·mean), rounded to 6 decimals; 0 without any amount."""
    if not len(amount) or not float(amount.sum()):
        return 0.0
    use = np.sort(amount / capacity)
    rank = 2 * np.arange(1, len(use) + 1) - len(use) - 1
    return round(float((rank * use).sum() / (len(use) * use.sum())), 6)
