"""A tighter bound where capacities are few points: each customer has a price, each manager packs a knapsack of the best.

Relaxing "every customer once" instead of the capacities leaves one knapsack per manager, solved exactly by dynamic
programming over capacity points (M. L. Fisher, R. Jaikumar and L. N. Van Wassenhove, "A multiplier adjustment method
for the generalized assignment problem", 1986; the prices here move by deflected subgradients). All in integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from .instance import Floats, Instance, Ints, Mask

SCALE = 1024
WORK = 3_000_000  # capacity points times customers, over all managers
ROUNDS = 90


@dataclass(frozen=True)
class _Points:
    """Efforts int64[n, m] and capacities int64[m] in their greatest common unit."""

    effort: Ints
    capacity: Ints


def worthwhile(instance: Instance) -> bool:
    """Whether the dynamic programs are small enough; fairness, which only adds, is left out."""
    return instance.weight >= 0 and int(_points(instance).capacity.sum()) * instance.n <= WORK


def tighten(instance: Instance, prices: Floats, value: Fraction, known: Fraction) -> Fraction:
    """A proven lower bound, at least `known`; `value` of a plan guides the steps. ROUNDS · WORK operations at most."""
    points = _points(instance)
    cost = instance.cost * SCALE
    worth = (instance.c + prices * instance.w).min(axis=1) * instance.cost_unit * SCALE
    best, best_worth = known, worth
    direction = np.zeros(instance.n)
    step, stalled = 1.0, 0
    for _round in range(ROUNDS):
        units = np.rint(worth).astype(np.int64)
        taken, total = np.zeros(instance.n, dtype=np.int64), sum(units.tolist())
        for j in range(instance.m):
            chosen, gain = _pack(
                cost[:, j] - units, points.effort[:, j], int(points.capacity[j]), instance.open[:, j]
            )
            taken[chosen] += 1
            total += gain
        bound = instance.base + Fraction(-(-total // (SCALE * instance.grid)) * instance.grid)
        slope = 1.0 - taken
        if bound > best:
            best, best_worth, stalled = bound, worth, 0
        else:
            stalled += 1
            if stalled >= 8:
                step, stalled, worth, direction = step / 2, 0, best_worth, np.zeros(instance.n)
        if best >= value or step < 0.01 or not slope.any():
            break
        direction = 0.5 * direction + 0.5 * slope
        away = float(value - instance.base) * SCALE - total
        worth = worth + step * max(away, float(SCALE)) / max(float(direction @ direction), 1e-9) * direction
    return best


def _points(instance: Instance) -> _Points:
    unit = max(int(np.gcd.reduce(np.where(instance.open, instance.effort, 0), axis=None)), 1)
    effort = instance.effort // unit
    most = np.where(instance.open, effort, 0).sum(axis=0)
    return _Points(effort, np.minimum(instance.capacity // unit, most))


def _pack(profit: Ints, effort: Ints, capacity: int, allowed: Mask) -> tuple[Ints, int]:
    """Which customers a manager packs to lose least, and what he gains (≤ 0); exact."""
    items = np.nonzero(allowed & (profit < 0))[0]
    free = items[effort[items] == 0]
    items = items[effort[items] > 0]
    gain = int(profit[free].sum())
    if int(effort[items].sum()) <= capacity:
        return np.concatenate([free, items]), gain + int(profit[items].sum())
    table = np.zeros(capacity + 1, dtype=np.int64)
    better = np.zeros((len(items), capacity + 1), dtype=np.bool_)
    sizes, values = effort[items].tolist(), profit[items].tolist()
    for k, (size, worth) in enumerate(zip(sizes, values, strict=True)):
        tried = table[: capacity + 1 - size] + worth
        np.less(tried, table[size:], out=better[k, size:])
        np.minimum(table[size:], tried, out=table[size:])
    chosen, left = [], capacity
    for k in range(len(items) - 1, -1, -1):
        if better[k, left]:
            chosen.append(int(items[k]))
            left -= sizes[k]
    return np.concatenate([free, np.array(chosen, dtype=np.int64)]), gain + int(table[capacity])
