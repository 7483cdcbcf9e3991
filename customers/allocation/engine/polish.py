"""Shifts and swaps in a fixed order until none improves: the last tenths of a per cent, and the repair of hard limits.

An exchange is between two managers: a unit of his (or none) against a unit of hers (or none). Units of equal effort and
key standing form a type; for every (manager, type, other manager) only the unit that costs least to hand over matters, so
the whole neighbourhood is managers² × types² figures. Pairs of managers whose cheapest hand-overs already cost more than
their loads could gain are not looked at, nor are pairs that gained nothing and have not changed since. Each round applies
the best exchanges that share no manager.
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
# Figures of one evaluation held at a time.
CHUNK = 1 << 21


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
        shape = (self.managers, self.types + 1, self.managers)
        # The unit each manager would hand over to each other one, per type (the last: nobody), and what that changes.
        self.unit, self.change = np.full(shape, -1, dtype=np.int64), np.full(shape, FORBIDDEN, dtype=np.int64)
        self.change[:, self.types, :] = 0
        self.least = np.zeros((self.managers, self.managers), dtype=np.int64)
        self.dirty = np.ones(self.managers, dtype=np.bool_)
        self.settled = np.zeros((self.managers, self.managers), dtype=np.bool_)
        self.turns: Ints | None = None

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

    def _effective(self, rows: Ints) -> Ints:
        """Costs of these units with a penalty where one would meet another it must be kept apart from."""
        pairs = self.block.apart
        if not len(pairs):
            return self.costs[rows]
        met = np.zeros((self.units, self.managers), dtype=np.int64)
        np.add.at(met, (pairs[:, 0], self.manager[pairs[:, 1]]), PENALTY)
        np.add.at(met, (pairs[:, 1], self.manager[pairs[:, 0]]), PENALTY)
        effective: Ints = self.costs[rows] + met[rows]
        return effective

    def _refresh(self) -> None:
        """Works out anew what changed managers would hand over."""
        if len(self.block.apart):
            self.dirty[:] = True
        self.settled[self.dirty, :] = False
        self.settled[:, self.dirty] = False
        rows = np.flatnonzero(self.dirty[self.manager])
        cell = self.manager[rows] * self.types + self.type[rows]
        order = np.argsort(cell, kind="stable")
        rows, cell = rows[order], cell[order]
        costs = self._effective(rows)
        handed = costs - costs[np.arange(len(rows)), self.manager[rows]][:, None]
        score = handed
        if self.mixed:
            slope = self._slope()
            score = handed + self.block.effort[rows][:, None] * (
                slope[None, :] - slope[self.manager[rows]][:, None]
            )
        self.unit[self.dirty] = -1
        self.change[self.dirty, : self.types, :] = FORBIDDEN
        if len(rows):
            starts = np.flatnonzero(np.diff(cell, prepend=-1))
            at = np.minimum.reduceat(score * len(rows) + np.arange(len(rows))[:, None], starts, axis=0) % len(
                rows
            )
            column = np.arange(self.managers)[None, :]
            holder, kind = np.divmod(cell[starts], self.types)
            self.unit[holder, kind] = rows[at]
            self.change[holder, kind] = np.minimum(handed[at, column], FORBIDDEN)
        self.least[self.dirty] = self.change[self.dirty].min(axis=1)
        self.dirty[:] = False

    def _slope(self) -> Ints:
        staff = np.arange(self.managers)
        slope: Ints = self.block.loads.cost(staff, self.load + 1) - self.block.loads.cost(staff, self.load)
        return np.minimum(slope, PENALTY // 64)

    def round(self) -> bool:
        """Applies the best exchanges that share no manager; False when nothing improves."""
        self._refresh()
        gain = self._gain()
        promising = self.least + self.least.T < gain[:, None] + gain[None, :]
        first, second = np.nonzero(np.triu(promising & ~self.settled, 1))
        self.settled |= True
        size = max(CHUNK // (self.types + 1) ** 2, 1)
        parts = [
            self._evaluated(first[at : at + size], second[at : at + size])
            for at in range(0, len(first), size)
        ]
        return bool(parts) and self._apply(np.concatenate(parts, axis=1))

    def _gain(self) -> Ints:
        """The most each manager's load and key customers could gain by any exchange (int64[m]), the mean slope taken off:
        what one of a pair takes on the other gives up, so it cancels."""
        self.turns = self._turns()
        if self.turns is None:
            return np.full(self.managers, FORBIDDEN, dtype=np.int64)
        net = np.arange(self.turns.shape[1]) - self.turns.shape[1] // 2
        mean = int(np.median(self._slope()))
        gain: Ints = np.maximum(mean * net[None, :] - self.turns, 0).max(axis=1)
        if self.limited:
            gain += PENALTY * np.maximum(self.keys - (self.block.key_limit or 0), 0)
        return gain

    def _turns(self) -> Ints | None:
        """What each manager's load costs more by every net number of points from −reach to reach; None when the efforts
        are too large for a table."""
        reach, staff = int(self.block.effort.max()), np.arange(self.managers)
        if reach * self.managers * 2 > CHUNK:
            return None
        after = np.maximum(self.load[:, None] + np.arange(-reach, reach + 1), 0)
        change = self.block.loads.cost(np.broadcast_to(staff[:, None], after.shape), after)
        turns: Ints = change - self.block.loads.cost(staff, self.load)[:, None]
        return turns

    def _evaluated(self, first: Ints, second: Ints) -> Ints:
        """The best exchange of each pair of managers: int64[5, improving pairs] of gain, managers, units (−1: none)."""
        out, back = self.unit[first, :, second], self.unit[second, :, first]
        total = self.change[first, :, second][:, :, None] + self.change[second, :, first][:, None, :]
        points = np.append(self.block.effort, 0)
        net = points[back][:, None, :] - points[out][:, :, None]
        total += self._load_change(first, net) + self._load_change(second, -net)
        if self.limited:
            counts = np.append(self.block.keys, 0)
            more = counts[back][:, None, :] - counts[out][:, :, None]
            total += self._key_change(first, more) + self._key_change(second, -more)
        flat = total.reshape(len(first), -1)
        choice = flat.argmin(axis=1)
        pairs = np.arange(len(first))
        gain = flat[pairs, choice]
        a, b = np.divmod(choice, total.shape[2])
        found: Ints = np.stack([gain, first, second, out[pairs, a], back[pairs, b]])[:, gain < 0]
        return found

    def _load_change(self, manager: Ints, net: Ints) -> Ints:
        if self.turns is not None:
            width = self.turns.shape[1]
            at = (manager * width + width // 2)[:, None, None] + net
            return np.asarray(self.turns.ravel()[at], dtype=np.int64)
        loads, staff = self.block.loads, np.broadcast_to(manager[:, None, None], net.shape)
        before = loads.cost(manager, self.load[manager])
        change: Ints = loads.cost(staff, self.load[manager][:, None, None] + net) - before[:, None, None]
        return change

    def _key_change(self, manager: Ints, more: Ints) -> Ints:
        limit, held = self.block.key_limit or 0, self.keys[manager]
        after = np.maximum(held[:, None, None] + more - limit, 0)
        change: Ints = PENALTY * (after - np.maximum(held - limit, 0)[:, None, None])
        return change

    def _apply(self, found: Ints) -> bool:
        order = np.argsort(found[0], kind="stable")
        for _, j, k, out, back in found[:, order].T.tolist():
            if self.dirty[j] or self.dirty[k]:
                self.settled[j, k] = False
                continue
            shifts = ((out, j, k), (back, k, j))
            if not self._within_budget(shifts):
                continue
            self.dirty[j] = self.dirty[k] = True
            for moving, source, target in shifts:
                if moving >= 0:
                    self._move(moving, source, target)
        return bool(self.dirty.any())

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
