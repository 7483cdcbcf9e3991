"""The linear relaxation by column generation: best prices, and which customers it divides.

Only pairs that are cheap at the present prices are in the program; all others are priced in one vector operation and
brought in when they would help. The prices are handed on; the bound is computed from them exactly (`prices.proven`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from .instance import Floats, Instance, Ints, Mask, pairs_of
from .prices import Bound, ascent, proven
from .program import Answer, Tangents, whole_program

START, MORE, ROUNDS = 4, 3, 60
EVERYTHING = 4_000  # with so few pairs the program holds them all
TINY = 1e-9


@dataclass(frozen=True)
class Relaxation:
    """prices float64[m]; bound exact; part float64[n, m] of each customer with each manager; lacking: None, or prices
    int64[m] that prove that no plan keeps the capacities (Σ least price·effort > Σ price·capacity)."""

    prices: Floats
    bound: Bound | None
    part: Floats
    tangents: Tangents
    lacking: Ints | None = None


def relax(instance: Instance) -> Relaxation:
    """The relaxation. A few linear programs of about four pairs per customer; deterministic."""
    start = ascent(instance)
    core = _cheapest(instance, start, START)
    tangents = spread(instance)
    price = _overflow_price(instance)
    for _attempt in range(3):
        answer = _generate(instance, core, tangents, price)
        if answer.overflow.sum() <= 1e-6:
            break
        lacking = _lacking(instance, core)
        if lacking is not None:
            return Relaxation(answer.prices, None, _parts(instance, core, answer), tangents, lacking)
        price *= 1000
    bounds = [(proven(instance, prices), prices) for prices in (answer.prices, start)]
    bound, prices = max(bounds, key=lambda pair: pair[0].value)
    return Relaxation(prices, bound, _parts(instance, core, answer), tangents)


def spread(instance: Instance) -> Tangents:
    """Tangents to begin with, where there is a fairness term."""
    tangents = Tangents()
    if instance.weight > 0:
        for share in (-0.5, -0.2, -0.05, 0.0, 0.05, 0.2, 0.5):
            tangents.add(np.arange(instance.m), np.full(instance.m, share))
    return tangents


def _cheapest(instance: Instance, prices: Floats, count: int) -> Mask:
    """bool[n, m]: each customer's `count` cheapest pairs at these prices; all pairs of a small instance."""
    if instance.n * instance.m <= EVERYTHING or instance.m <= count:
        return instance.open.copy()
    priced = instance.c + prices * instance.w
    chosen = np.zeros_like(instance.open)
    np.put_along_axis(chosen, np.argpartition(priced, count - 1, axis=1)[:, :count], True, axis=1)
    return chosen & instance.open


def _overflow_price(instance: Instance) -> float:
    """More than a unit of effort is worth to anyone, as a first guess."""
    finite = np.where(instance.open, instance.c, 0.0)
    usual = float(instance.w[instance.w > 0].mean()) if (instance.w > 0).any() else 1.0
    return 20.0 * (float(finite.max(initial=0.0)) + 1.0) / usual + 4 * max(instance.fairness[0], 0.0)


def _generate(
    instance: Instance, core: Mask, tangents: Tangents, overflow_price: float, feasibility: bool = False
) -> Answer:
    """Solves over `core`, which grows in place until no other pair would help."""
    for _round in range(ROUNDS):
        program = whole_program(instance, pairs_of(core), tangents, overflow_price=overflow_price, feasibility=feasibility)  # fmt: skip
        answer = program.solve()
        costs = np.where(instance.open, 0.0, np.inf) if feasibility else instance.c
        priced = costs + answer.prices * instance.w
        held = np.where(core, priced, np.inf).min(axis=1)
        better = instance.open & ~core & (priced < held[:, None] - TINY * (1 + np.abs(held[:, None])))
        if not better.any():
            break
        gains = np.where(better, priced, np.inf)
        count = min(MORE, instance.m)
        chosen = np.zeros_like(core)
        np.put_along_axis(chosen, np.argpartition(gains, count - 1, axis=1)[:, :count], True, axis=1)
        core |= chosen & better
    return answer


def _parts(instance: Instance, core: Mask, answer: Answer) -> Floats:
    part = np.zeros((instance.n, instance.m))
    pairs = np.nonzero(core)
    part[pairs] = answer.x[: len(pairs[0])]
    return part


def _lacking(instance: Instance, core: Mask) -> Ints | None:
    """Prices in integers that prove the lack of capacity, or None when no proof is found."""
    answer = _generate(instance, core, Tangents(), 1.0, feasibility=True)
    if answer.overflow.sum() <= 1e-6:
        return None
    top = int(instance.effort.max(initial=1)) * max(instance.n, 1)
    for scale in (1, 12, 10**3, 10**6):
        units = np.rint(np.clip(answer.prices, 0, 1) * scale).astype(np.int64)
        if top * scale < 2**62 and lack(instance, units) > 0:
            return units
    return None


def lack(instance: Instance, units: Ints) -> int:
    """Σ least price·effort − Σ price·capacity; above 0 it proves that the capacities cannot be kept. Exact."""
    priced = np.where(instance.open, instance.effort * units, np.iinfo(np.int64).max)
    held = sum(int(unit) * int(limit) for unit, limit in zip(units, instance.capacity, strict=True))
    return sum(priced.min(axis=1).tolist()) - held


def lack_in_points(instance: Instance, units: Ints) -> Fraction:
    """At least so many points of capacity are missing, whatever is done: the lack at prices of at most 1."""
    return Fraction(lack(instance, units), max(int(units.max(initial=1)), 1))
