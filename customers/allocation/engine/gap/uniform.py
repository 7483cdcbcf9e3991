"""Effort that does not depend on the manager: the relaxation is a transport of effort points, solved by min-cost flow.

Costs per point are rounded to integers and the fairness cost to pieces, so the flow gives prices and parts, not yet a
proof; the bound is computed from the prices exactly, as everywhere (`prices.proven`). What the flow says to be lacking
is exact: a set of customers who may use only a set of managers with less capacity than they need.
"""

from __future__ import annotations

import numpy as np

from ..flow import Infeasible, transport
from ..network import RangeError
from .instance import Floats, Instance, Ints
from .prices import ascent, proven
from .program import Tangents
from .relaxation import Relaxation, relax, spread

FINEST = 2**28  # the largest cost of a point after scaling
PIECES = 33


def is_uniform(instance: Instance) -> bool:
    """Whether every customer costs all managers he may have the same effort."""
    supply = instance.effort.max(axis=1)
    return bool(((instance.effort == supply[:, None]) | ~instance.open).all())


def relax_any(instance: Instance) -> Relaxation:
    """The relaxation by flow where effort allows it and the numbers fit, by linear programs otherwise."""
    if instance.weight < 0 or not is_uniform(instance):
        return relax(instance)
    try:
        return _flow(instance)
    except RangeError:
        return relax(instance)


def _flow(instance: Instance) -> Relaxation:
    """The relaxation by one transport; about 5 µs a pair."""
    supply = instance.effort.max(axis=1)
    rows, columns = np.nonzero(instance.open & (supply > 0)[:, None])
    unit = instance.cost[rows, columns] / supply[rows]
    weight = float(instance.weight)
    factor = FINEST / max(float(unit.max(initial=0.0)), 2 * weight, 1e-12)
    part = np.zeros((instance.n, instance.m))
    idle = np.nonzero(supply == 0)[0]
    part[idle, np.where(instance.open, instance.cost, np.iinfo(np.int64).max)[idle].argmin(axis=1)] = 1.0
    level = float(supply.sum()) / max(instance.total_capacity, 1)
    try:
        done = transport(
            supply=supply, arc_customer=rows, arc_manager=columns, arc_cost=np.rint(unit * factor).astype(np.int64),
            capacity=instance.capacity, marginal=_marginals(instance, level, weight * factor),
        )  # fmt: skip
    except Infeasible as lack:
        units = np.zeros(instance.m, dtype=np.int64)
        units[lack.managers] = 1
        part[rows, columns] = 1.0
        return Relaxation(np.zeros(instance.m), None, part, Tangents(), units)
    part[rows, columns] = done.flow / supply[rows]
    prices = (done.manager_price / factor - 2 * weight * level) / float(instance.price_unit)
    bounds = [(proven(instance, each), each) for each in (prices, ascent(instance))]
    bound, prices = max(bounds, key=lambda pair: pair[0].value)
    return Relaxation(prices, bound, part, spread(instance))


def _marginals(instance: Instance, level: float, weight: float) -> list[tuple[Ints, Ints]]:
    """weight·L²/K in pieces, finer around the mean load; slopes in integers."""
    found = []
    for limit in instance.capacity.tolist():
        if weight <= 0 or limit == 0:
            found.append((np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)))
            continue
        wide, near = np.linspace(0, 1, PIECES), level * np.linspace(0.9, 1.1, PIECES)
        shares: Floats = np.concatenate([wide, near[near < 1]])
        breaks = np.unique(np.append(np.floor(shares * limit).astype(np.int64), limit))
        slopes = np.rint(weight * (breaks[:-1] + breaks[1:]) / limit).astype(np.int64)
        found.append((breaks[:-1], slopes))
    return found
