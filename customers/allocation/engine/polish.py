"""Shifts and swaps in a fixed order until none improves: the last tenths of a per cent, and the repair of hard limits.

An exchange is between two managers: a unit of his (or none) against a unit of hers (or none). Units of equal effort and
key standing form a type; for every (manager, type, other manager) only the unit that costs least to hand over matters, so
the whole neighbourhood is managers² × types² figures. Each round applies the best exchanges that share no manager.
Hard limits that a change would break cost PENALTY a point (capacity, key limit, apart), so the same search repairs a plan
that breaks them and never breaks a plan that keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .blocks import FORBIDDEN, Block
from .loads import PENALTY
from .network import RangeError
from .problem import Ints

# More types than this are put together by neighbouring effort; an exchange still counts with the real figures.
TYPES = 12
ROUNDS = 400


@dataclass(frozen=True)
class Polished:
    """manager: int64[u]. broken: points and counts by which hard limits are still exceeded (0 when the plan is sound)."""

    manager: Ints
    broken: int


def polish(block: Block, manager: Ints, costs: Ints, most_moves: int | None = None) -> Polished:
    """The plan after exchanges; `costs` is `block.costs(price)`, int64[u, m] (left unchanged).

    most_moves: exchanges that would bring the block's moves above it are passed over; None for no limit. Cost: a few passes over units × managers a round, usually 5–20 rounds. Deterministic.
    """
    units, managers = block.size
    if units == 0 or managers == 0:
        return Polished(manager, 0)
    if (FORBIDDEN + abs(PENALTY) * 64) > (1 << 61) // max(units, 1):
        raise RangeError(f"a block of {units} units is too large to index its costs in 64 bits")
    state = _State(block, manager.copy(), costs, most_moves)
    for _ in range(ROUNDS):
        if not state.round():
            break
    return Polished(state.manager, state.broken())


class _State:
    """The plan being changed: manager per unit, load and key customers per manager."""

    def __init__(self, block: Block, manager: Ints, costs: Ints, most_moves: int | None) -> None:
        self.block, self.manager, self.costs = block, manager, costs
        self.left = None if most_moves is None else most_moves - block.moves_of(manager)
        self.units, self.managers = block.size
        self.everyone = np.arange(self.units)
        self.limited = block.key_limit is not None and bool(block.keys.any())
        self.type, self.types, self.mixed = self._typed()
        self.load = self._sum(block.effort)
        self.keys = self._sum(block.keys)

    def _sum(self, column: Ints) -> Ints:
        found = np.zeros(self.managers, dtype=np.int64)
        np.add.at(found, self.manager, column)
        return found

    def _typed(self) -> tuple[Ints, int, bool]:
        effort, keys = (
            self.block.effort,
            self.block.keys if self.limited else np.zeros(self.units, dtype=np.int64),
        )
        values, back = np.unique(np.stack([np.minimum(keys, 1), effort]), axis=1, return_inverse=True)
        back = back.ravel()
        count = values.shape[1]
        if count <= TYPES:
            return back.astype(np.int64), count, bool((keys > 1).any())
        return (back * TYPES // count).astype(np.int64), TYPES, True

    def broken(self) -> int:
        """Points over capacity, key customers over the limit, pairs that should be apart, forbidden pairs."""
        over = int(np.maximum(self.load - self.block.capacity, 0).sum())
        if self.limited:
            over += int(np.maximum(self.keys - (self.block.key_limit or 0), 0).sum())
        pairs = self.block.apart
        if len(pairs):
            over += int((self.manager[pairs[:, 0]] == self.manager[pairs[:, 1]]).sum())
        return over + int((self.costs[self.everyone, self.manager] >= FORBIDDEN).sum())

    def _effective(self) -> Ints:
        """Costs with a penalty where a unit would meet one it must be kept apart from."""
        pairs = self.block.apart
        if not len(pairs):
            return self.costs
        costs = self.costs.copy()
        np.add.at(costs, (pairs[:, 0], self.manager[pairs[:, 1]]), PENALTY)
        np.add.at(costs, (pairs[:, 1], self.manager[pairs[:, 0]]), PENALTY)
        return costs

    def _cheapest(self) -> tuple[Ints, Ints]:
        """The unit to hand over, int64[m, types + 1, m] (−1: none), and what its match and continuity change by."""
        m, t = self.managers, self.types
        costs = self._effective()
        handed = costs - costs[self.everyone, self.manager][:, None]
        cell = self.manager * (t + 1) + self.type
        order = np.argsort(cell, kind="stable")
        score = handed
        if self.mixed:
            slope = self._slope()
            score = handed + self.block.effort[:, None] * (slope[None, :] - slope[self.manager][:, None])
        coded = (score * self.units + self.everyone[:, None])[order]
        starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
        found = np.full((m * (t + 1), m), FORBIDDEN * self.units, dtype=np.int64)
        found[cell[order][starts]] = np.minimum.reduceat(coded, starts, axis=0)
        unit = found % self.units
        change = np.where(
            found // self.units >= FORBIDDEN // 2, FORBIDDEN, handed[unit, np.arange(m)[None, :]]
        )
        unit, change = unit.reshape(m, t + 1, m), change.reshape(m, t + 1, m)
        unit[:, t, :], change[:, t, :] = -1, 0
        return unit, change

    def _slope(self) -> Ints:
        staff = np.arange(self.managers)
        slope: Ints = self.block.loads.cost(staff, self.load + 1) - self.block.loads.cost(staff, self.load)
        return np.minimum(slope, PENALTY // 64)

    def round(self) -> bool:
        """Applies the best exchanges that share no manager; False when nothing improves."""
        unit, change = self._cheapest()
        first, second = np.triu_indices(self.managers, 1)
        out, back = unit[first, :, second], unit[second, :, first]
        total = change[first, :, second][:, :, None] + change[second, :, first][:, None, :]
        points = np.append(self.block.effort, 0)
        net = points[back][:, None, :] - points[out][:, :, None]
        total += self._load_change(first, net) + self._load_change(second, -net)
        if self.limited:
            counts = np.append(self.block.keys, 0)
            more = counts[back][:, None, :] - counts[out][:, :, None]
            total += self._key_change(first, more) + self._key_change(second, -more)
        return self._apply(first, second, out, back, total)

    def _load_change(self, manager: Ints, net: Ints) -> Ints:
        loads, staff = self.block.loads, np.broadcast_to(manager[:, None, None], net.shape)
        before = loads.cost(manager, self.load[manager])
        change: Ints = loads.cost(staff, self.load[manager][:, None, None] + net) - before[:, None, None]
        return change

    def _key_change(self, manager: Ints, more: Ints) -> Ints:
        limit, held = self.block.key_limit or 0, self.keys[manager]
        after = np.maximum(held[:, None, None] + more - limit, 0)
        change: Ints = PENALTY * (after - np.maximum(held - limit, 0)[:, None, None])
        return change

    def _apply(self, first: Ints, second: Ints, out: Ints, back: Ints, total: Ints) -> bool:
        wide = total.shape[1] * total.shape[2]
        flat = total.reshape(len(first), wide)
        choice = flat.argmin(axis=1)
        gain = flat[np.arange(len(first)), choice]
        better = np.flatnonzero(gain < 0)
        order = better[np.argsort(gain[better], kind="stable")]
        touched = np.zeros(self.managers, dtype=np.bool_)
        for pair in order.tolist():
            j, k = int(first[pair]), int(second[pair])
            if touched[j] or touched[k]:
                continue
            a, b = divmod(int(choice[pair]), total.shape[2])
            shifts = ((int(out[pair, a]), j, k), (int(back[pair, b]), k, j))
            if not self._within_budget(shifts):
                continue
            touched[j] = touched[k] = True
            for moving, source, target in shifts:
                if moving >= 0:
                    self._move(moving, source, target)
        return bool(touched.any())

    def _within_budget(self, shifts: tuple[tuple[int, int, int], ...]) -> bool:
        """Takes the moves of an exchange off what is left of the budget, or refuses it."""
        if self.left is None:
            return True
        more = 0
        for unit, source, target in shifts:
            if unit >= 0:
                kind, owner = self.block.kind[unit], int(self.block.owner[unit])
                more += int(self.block.moved[kind, target] - self.block.moved[kind, source])
                more += int(owner >= 0 and owner != target) - int(owner >= 0 and owner != source)
        if more > max(self.left, 0):
            return False
        self.left -= more
        return True

    def _move(self, unit: int, source: int, target: int) -> None:
        self.manager[unit] = target
        for column, held in ((self.block.effort, self.load), (self.block.keys, self.keys)):
            held[source] -= column[unit]
            held[target] += column[unit]
