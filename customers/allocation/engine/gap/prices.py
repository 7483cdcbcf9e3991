"""Capacity prices: a bound no plan can beat, for any prices whatever, and a good start for the prices.

Relaxing Σ effort·x ≤ K with prices λ ≥ 0 leaves each customer to the manager with the least cost + price·effort
(M. L. Fisher, "The Lagrangian relaxation method for solving integer programming problems", 1981). The fairness term is
convex: for any tilts r with ΣK·r = 0, F(L) ≥ 2·Σ r·L − Σ K·r², so it too becomes a price, p = λ + 2·weight·r. Prices
are found in floating point and *then* made rational; what is claimed is computed from the rationals in integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from .instance import Floats, Instance, Ints

TOP = 2**61
FINE = 2**40


@dataclass(frozen=True)
class Bound:
    """A proven lower bound: `value` exact; `reduced` int64[n, m], what each pair costs above its customer's best.

    Every plan that uses pair (i, j) costs at least value + reduced[i, j] / scale. Closed pairs hold a huge number.
    """

    value: Fraction
    reduced: Ints
    scale: int


def proven(instance: Instance, prices: Floats) -> Bound:
    """The bound of floating-point prices, float64[m] (any numbers; bad ones only give a bad bound). O(nm), exact."""
    scale, units = _rational(instance, _admissible(instance, prices))
    priced = instance.cost * scale + instance.effort * units
    priced[~instance.open] = np.iinfo(np.int64).max
    least = priced.min(axis=1)
    constant = _constant(instance, [Fraction(unit, scale) for unit in units.tolist()])
    value = instance.base + Fraction(sum(least.tolist()), scale) - constant
    if not instance.weight:
        value = instance.base + Fraction(-((instance.base - value) // instance.grid) * instance.grid)
    return Bound(value, priced - least[:, None], scale)


def _admissible(instance: Instance, prices: Floats) -> Floats:
    """The nearest prices for which the bound is finite."""
    weight, limits, whole = instance.fairness
    if weight < 0:
        return np.maximum(prices, float(_reward_price(instance) / instance.price_unit))
    if weight > 0 and whole > 0:
        return prices + max(0.0, -float(prices @ limits) / whole) * (1 + 1e-12)
    return np.maximum(prices, 0.0)


def _rational(instance: Instance, prices: Floats) -> tuple[int, Ints]:
    """A common denominator and the prices as integers over it, so that cost·scale + effort·units fits 64 bits."""
    exact = prices * float(instance.price_unit)
    effort, cost = int(instance.effort.max(initial=1)), int(instance.cost.max(initial=1))
    largest = cost + float(np.abs(exact).max(initial=0)) * effort + 1
    scale = 1
    while scale < FINE and largest * scale * 4 < TOP:
        scale *= 2
    most = TOP // (2 * max(effort, 1))
    units = np.clip(np.rint(exact * scale), -most, most).astype(np.int64)
    if not instance.weight:
        return scale, np.maximum(units, 0)
    if instance.weight < 0:
        return scale, np.maximum(units, ceil(_reward_price(instance) * scale))
    return scale, units


def _reward_price(instance: Instance) -> Fraction:
    """The price of effort where unevenness is rewarded: −F(L) ≥ −ΣL + (2s·ΣL − s²)/ΣK for any s."""
    return abs(instance.weight) * (Fraction(2 * _usual(instance), max(instance.total_capacity, 1)) - 1)


def _usual(instance: Instance) -> int:
    """The total effort at which the reward is linearised."""
    counts = np.maximum(instance.open.sum(axis=1), 1)
    return int((np.where(instance.open, instance.effort, 0).sum(axis=1) // counts).sum())


def _constant(instance: Instance, prices: list[Fraction]) -> Fraction:
    """What is subtracted from Σ least priced cost: the price of the capacities and the fairness term's conjugate."""
    limits = instance.capacity.tolist()
    weight = instance.weight
    if not weight:
        return sum((p * k for p, k in zip(prices, limits, strict=True)), Fraction(0))
    if weight < 0:
        reward, usual = _reward_price(instance), _usual(instance)
        paid = sum(((p - reward) * k for p, k in zip(prices, limits, strict=True)), Fraction(0))
        return paid + -weight * Fraction(usual * usual, max(instance.total_capacity, 1))
    tilts = _tilts(instance, [float(p) for p in prices])
    paid = square = skew = Fraction(0)
    for price, limit, tilt in zip(prices, limits, tilts, strict=True):
        exact = min(Fraction(round(tilt * FINE), FINE), price / (2 * weight))
        paid += (price - 2 * weight * exact) * limit
        square += exact * exact * limit
        skew += exact * limit
    # Tilts that do not balance to the last digit cost 2·weight·ρ·skew, and 0 ≤ ρ ≤ 1.
    return paid + weight * square + 2 * weight * max(skew, Fraction(0))


def _tilts(instance: Instance, prices: list[float]) -> list[float]:
    """r_j = min(p_j / 2·weight, τ) with ΣK·r = 0: the tilts that make the bound best for these prices."""
    own = np.array(prices) / (2 * float(instance.weight))
    limits = instance.capacity.astype(np.float64)
    order = np.argsort(own)
    low = np.cumsum((own * limits)[order])
    rest = limits.sum() - np.cumsum(limits[order])
    with np.errstate(divide="ignore", invalid="ignore"):
        levels = np.where(rest > 0, -low / rest, np.inf)
    # τ lies between the k-th and the next own tilt where the levels cross them.
    for k in range(-1, len(order)):
        level = -0.0 if k < 0 else float(levels[k])
        above = float(own[order[k + 1]]) if k + 1 < len(order) else np.inf
        if level <= above:
            return np.minimum(own, level).tolist()
    return np.minimum(own, 0.0).tolist()


def ascent(instance: Instance, rounds: int = 600) -> Floats:
    """Prices near the best, float64[m], by a deflected subgradient method. O(rounds · nm); deterministic.

    P. M. Camerini, L. Fratta and F. Maffioli, "On improving relaxation methods by modified gradient techniques" (1975).
    """
    c, w = instance.c, instance.w
    rows = np.arange(instance.n)
    prices = np.zeros(instance.m)
    best, best_value, direction = prices, -np.inf, np.zeros(instance.m)
    counts = np.maximum(instance.open.sum(axis=1), 1)
    size = float((np.where(instance.open, c, 0.0).sum(axis=1) / counts).sum()) + 1e-9
    step, stalled = 0.05, 0
    for _round in range(rounds):
        priced = c + prices * w
        taken = priced.argmin(axis=1)
        constant, wanted = _conjugate(instance, prices)
        value = float(priced[rows, taken].sum()) - constant
        slope = np.bincount(taken, w[rows, taken], instance.m) - wanted
        if value > best_value + 1e-6 * abs(best_value):
            best, best_value, stalled = prices, value, 0
        else:
            if value > best_value:
                best, best_value = prices, value
            stalled += 1
            if stalled >= 10:
                step, stalled, prices, direction = step * 0.7, 0, best, np.zeros(instance.m)
                continue
        direction = 0.6 * direction + 0.4 * slope
        if not instance.weight:
            direction = np.where((prices <= 0) & (direction < 0), 0.0, direction)
        length = float(direction @ direction)
        if length <= 0 or step < 1e-7:
            break
        prices = _admissible(instance, prices + step * size / length * direction)
    return best


def _conjugate(instance: Instance, prices: Floats) -> tuple[float, Floats]:
    """In floating point: the constant of the bound at these prices and the loads at which it is attained."""
    weight, limits, whole = instance.fairness
    if weight <= 0 or whole <= 0:
        floor = float(_reward_price(instance) / instance.price_unit) if weight < 0 else 0.0
        return float((prices - floor) @ instance.k), instance.k
    own = prices / (2 * weight)
    scaled = [float(price) for price in prices * float(instance.price_unit)]
    tilts = np.array(_tilts(instance, scaled))
    constant = float(((prices - 2 * weight * tilts) * limits).sum() + weight * (limits * tilts * tilts).sum())
    top = float(tilts.max(initial=0.0))
    return constant, limits * np.clip(1 + np.minimum(own, tilts) - top, 0.0, 1.0)
