"""Chains of three managers: j hands a unit to k, who hands another to l. Looked for when no exchange of two improves.

Given k and the two units' types, what j saves and what l pays do not depend on each other, so only the two cheapest givers
and the two cheapest takers of each (manager, type) matter: managers² × types + managers × types² figures in all.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .blocks import FORBIDDEN
from .problem import Flags, Ints
from .resources import Resource

BARRED = FORBIDDEN // 2


class Held(Protocol):
    """What the search knows: the cheapest unit to hand over, int64[m, types + 1, m] (−1: none), what that changes, the
    resources, and what more or fewer key customers cost a manager."""

    unit: Ints
    change: Ints
    resources: list[Resource]
    managers: int
    types: int

    def keys_of(self, unit: Ints) -> Ints: ...

    def key_change(self, manager: Ints, more: Ints) -> Ints: ...


def chains(state: Held) -> Ints:
    """The best improving chain through each manager: int64[6, chains] of gain, j, k, l, unit to k, unit to l."""
    m, t = state.managers, state.types
    if m < 3:
        return np.zeros((6, 0), dtype=np.int64)
    unit, change = state.unit[:, :t, :], state.change[:, :t, :]
    staff = np.arange(m)
    give = change + _alone(state, staff[:, None, None], unit, -1)
    take = change + _alone(state, staff[None, None, :], unit, 1)
    barred = (change >= BARRED) | (unit < 0)
    barred |= staff[:, None, None] == staff[None, None, :]
    givers = _two(np.where(barred, FORBIDDEN, give).transpose(2, 1, 0))
    takers = _two(np.where(barred, FORBIDDEN, take))
    found = []
    for first, second in ((0, 0), (0, 1), (1, 0)):
        paid, j = givers[0][first], givers[1][first]
        due, end = takers[0][second], takers[1][second]
        left = unit[j, np.arange(t)[None, :], staff[:, None]]
        right = unit[staff[:, None], np.arange(t)[None, :], end]
        total = paid[:, :, None] + due[:, None, :]
        for resource in state.resources:
            net = resource.points[left][:, :, None] - resource.points[right][:, None, :]
            total += resource.change(staff, net)
        more = state.keys_of(left)[:, :, None] - state.keys_of(right)[:, None, :]
        total += state.key_change(staff, more)
        wrong: Flags = (
            (j[:, :, None] == end[:, None, :]) | (paid >= BARRED)[:, :, None] | (due >= BARRED)[:, None, :]
        )
        flat = np.where(wrong, FORBIDDEN, total).reshape(m, -1)
        a, b = np.divmod(flat.argmin(axis=1), t)
        gain = flat[staff, a * t + b]
        found.append(np.stack([gain, j[staff, a], staff, end[staff, b], left[staff, a], right[staff, b]]))
    together = np.concatenate(found, axis=1)
    improving: Ints = together[:, together[0] < 0]
    return improving


def _alone(state: Held, manager: Ints, unit: Ints, sign: int) -> Ints:
    """What a manager's loads and key customers change by when one unit comes (+1) or goes (−1), the shape of `unit`."""
    shape = unit.shape
    flat = np.broadcast_to(manager, shape).ravel()
    held = unit.ravel()
    total = np.zeros(len(flat), dtype=np.int64)
    for resource in state.resources:
        total += resource.change(flat, sign * resource.points[held][:, None, None])[:, 0, 0]
    total += state.key_change(flat, sign * state.keys_of(held)[:, None, None])[:, 0, 0]
    return total.reshape(shape)


def _two(cost: Ints) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
    """The cheapest two of the last axis: ((costs, costs), (who, who)), each int64[m, types]; ties to the lower index."""
    first = cost.argmin(axis=2)
    best = np.take_along_axis(cost, first[:, :, None], axis=2)[:, :, 0]
    rest = cost.copy()
    np.put_along_axis(rest, first[:, :, None], FORBIDDEN, axis=2)
    second = rest.argmin(axis=2)
    next_best = np.take_along_axis(rest, second[:, :, None], axis=2)[:, :, 0]
    return (best, next_best), (first, second)
