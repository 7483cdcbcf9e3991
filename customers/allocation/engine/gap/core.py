"""Small mixed-integer programs: the pairs that can still matter, and neighbourhoods of a few managers.

A pair whose reduced cost lifts the bound to the value of a known plan is in no better plan, so the rest, when small,
goes to HiGHS whole, and what HiGHS proves holds for the problem. Otherwise a few managers at a time are taken apart.
Node limits, never clocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from .instance import Instance, Ints, Mask, pairs_of
from .prices import Bound
from .program import Answer, Tangents, whole_program

SLACK = Fraction(1, 10**9)


@dataclass(frozen=True)
class Found:
    """A plan int64[n] or None, a proven bound or None, and whether it was shown that no (better) plan exists."""

    plan: Ints | None
    bound: Fraction | None
    closed: bool


def open_pairs(instance: Instance, bound: Bound, value: Fraction | None) -> Mask:
    """bool[n, m]: pairs that a plan better than `value` may use; all open ones without a value."""
    if value is None:
        return instance.open.copy()
    room = (value - bound.value) * bound.scale
    return instance.open & (bound.reduced < ceil(room))


def exact(instance: Instance, pairs: Mask, tangents: Tangents, nodes: int) -> Found:
    """The best plan over `pairs` within so many nodes, with the bound HiGHS proves (less its tolerances)."""
    if not pairs.any(axis=1).all():
        return Found(None, None, True)
    chosen = pairs_of(pairs)
    answer = whole_program(instance, chosen, tangents).solve(nodes)
    if answer.status == "infeasible":
        return Found(None, None, True)
    plan = _plan(instance, chosen, answer)
    bound = _claimed(instance, answer.bound) if np.isfinite(answer.bound) else None
    return Found(plan, bound, False)


def _plan(instance: Instance, pairs: tuple[Ints, Ints], answer: Answer) -> Ints | None:
    """The plan of an answer when it is one in exact integers too."""
    if not len(answer.x):
        return None
    part = np.zeros((instance.n, instance.m))
    part[pairs] = answer.x[: len(pairs[0])]
    plan = part.argmax(axis=1)
    return plan if instance.feasible(plan) else None


def _claimed(instance: Instance, bound: float) -> Fraction:
    """HiGHS' bound as a rational, less its tolerances, up to the next value an objective can have."""
    exact_bound = Fraction(bound) - SLACK * 1000 - abs(Fraction(bound)) * SLACK
    units = exact_bound * instance.cost_unit
    if not instance.weight:
        return Fraction(instance.base + ceil(units / instance.grid) * instance.grid)
    return instance.base + units
