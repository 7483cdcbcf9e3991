"""Shifts and swaps in a fixed order until none improves: the last tenths of a per cent, and the repair of hard limits.

An exchange is between two managers: a unit of his (or none) against a unit of hers (or none). Units of equal effort and
key standing form a type; for every (manager, type, other manager) only the unit that costs least to hand over matters, so
the whole neighbourhood is managers² × types² figures. Pairs of managers whose cheapest hand-overs already cost more than
their loads could gain are not looked at, nor are pairs that gained nothing and have not changed since. Each round applies
the best exchanges that share no manager.
Hard limits that a change would break cost PENALTY a point (capacity, key limit, apart), so the same search repairs a plan
that breaks them and never breaks a plan that keeps them. Value beside workload is a second resource of the exchanges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .blocks import FORBIDDEN, Block
from .chains import BARRED, chains
from .loads import PENALTY
from .network import RangeError
from .problem import Ints
from .resources import Resource

# More types than this are put together by neighbouring effort; an exchange still counts with the real figures.
TYPES = 12
VALUE_CLASSES = 3
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
        if not state.round() and not state.chain():
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
        self.resources = [Resource(block.effort, block.loads, manager)]
        if block.values is not None:
            self.resources.append(Resource(block.value, block.values, manager))
        self.keys = np.zeros(self.managers, dtype=np.int64)
        np.add.at(self.keys, manager, block.keys)
        shape = (self.managers, self.types + 1, self.managers)
        # The unit each manager would hand over to each other one, per type (the last: nobody), and what that changes.
        self.unit, self.change = np.full(shape, -1, dtype=np.int64), np.full(shape, FORBIDDEN, dtype=np.int64)
        self.change[:, self.types, :] = 0
        self.least = np.zeros((self.managers, self.managers), dtype=np.int64)
        self.dirty = np.ones(self.managers, dtype=np.bool_)
        self.settled = np.zeros((self.managers, self.managers), dtype=np.bool_)

    def _typed(self) -> tuple[Ints, int, bool]:
        """The type of each unit, how many there are, whether units of a type differ."""
        block, parts = self.block, [self.block.effort]
        if self.limited:
            parts.insert(0, np.minimum(block.keys, 1))
        if block.values is not None:
            rank = np.argsort(np.argsort(block.value, kind="stable"), kind="stable")
            parts.append(rank * VALUE_CLASSES // max(self.units, 1))
        values, back = np.unique(np.stack(parts), axis=1, return_inverse=True)
        back, count = back.ravel().astype(np.int64), values.shape[1]
        most = TYPES if block.values is None else TYPES * VALUE_CLASSES
        if count <= most:
            return back, count, block.values is not None or (self.limited and bool((block.keys > 1).any()))
        return back * most // count, most, True

    def broken(self) -> int:
        """Points over capacity, key customers over the limit, pairs that should be apart, forbidden pairs."""
        over = self.resources[0].over()
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
        rows = rows[np.lexsort((self.type[rows], self.manager[rows]))]
        self.unit[self.dirty] = -1
        self.change[self.dirty, : self.types, :] = FORBIDDEN
        # Whole managers at a time, so that the table of a large region is never there at once.
        wide = max(CHUNK // self.managers, 1)
        while len(rows):
            last = self.manager[rows[min(wide, len(rows)) - 1]]
            upto = int(np.searchsorted(self.manager[rows], last, side="right"))
            self._hand_over(rows[:upto])
            rows = rows[upto:]
        self.least[self.dirty] = self.change[self.dirty].min(axis=1)
        self.dirty[:] = False

    def _hand_over(self, rows: Ints) -> None:
        """The cheapest unit per type and target among units sorted by manager and type."""
        cell = self.manager[rows] * self.types + self.type[rows]
        costs = self._effective(rows)
        handed = costs - costs[np.arange(len(rows)), self.manager[rows]][:, None]
        score = handed
        if self.mixed:
            for resource in self.resources:
                slope = resource.slope()
                score = score + resource.column[rows][:, None] * (slope - slope[self.manager[rows]][:, None])
        starts = np.flatnonzero(np.diff(cell, prepend=-1))
        at = np.minimum.reduceat(score * len(rows) + np.arange(len(rows))[:, None], starts, axis=0) % len(
            rows
        )
        holder, kind = np.divmod(cell[starts], self.types)
        self.unit[holder, kind] = rows[at]
        self.change[holder, kind] = np.minimum(handed[at, np.arange(self.managers)], FORBIDDEN)

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
        """The most each manager's loads and key customers could gain by any exchange (int64[m])."""
        gain = np.zeros(self.managers, dtype=np.int64)
        for resource in self.resources:
            most = resource.prepare()
            gain += FORBIDDEN if most is None else most
        if self.limited:
            gain += PENALTY * np.maximum(self.keys - (self.block.key_limit or 0), 0)
        return gain

    def _evaluated(self, first: Ints, second: Ints) -> Ints:
        """The best exchange of each pair of managers: int64[5, improving pairs] of gain, managers, units (−1: none)."""
        out, back = self.unit[first, :, second], self.unit[second, :, first]
        there, here = self.change[first, :, second], self.change[second, :, first]
        total = there[:, :, None] + here[:, None, :]
        for resource in self.resources:
            net = resource.points[back][:, None, :] - resource.points[out][:, :, None]
            total += resource.change(first, net) + resource.change(second, -net)
        if self.limited:
            more = self.keys_of(back)[:, None, :] - self.keys_of(out)[:, :, None]
            total += self.key_change(first, more) + self.key_change(second, -more)
        # No relief of an overload is worth a pair that a rule forbids.
        total[(there >= BARRED)[:, :, None] | (here >= BARRED)[:, None, :]] = FORBIDDEN
        flat = total.reshape(len(first), -1)
        choice = flat.argmin(axis=1)
        pairs = np.arange(len(first))
        gain = flat[pairs, choice]
        a, b = np.divmod(choice, total.shape[2])
        found: Ints = np.stack([gain, first, second, out[pairs, a], back[pairs, b]])[:, gain < 0]
        return found

    def keys_of(self, unit: Ints) -> Ints:
        """Key customers of units (−1: none), the shape of `unit`."""
        held: Ints = np.append(self.block.keys, 0)[unit]
        return held

    def key_change(self, manager: Ints, more: Ints) -> Ints:
        """What `more` key customers (int64[p, a, b]) cost managers (int64[p]) in penalties."""
        if not self.limited:
            return np.zeros_like(more)
        limit, held = self.block.key_limit or 0, self.keys[manager]
        after = np.maximum(held[:, None, None] + more - limit, 0)
        change: Ints = PENALTY * (after - np.maximum(held - limit, 0)[:, None, None])
        return change

    def chain(self) -> bool:
        """Applies the best chains of three managers that share none; False when nothing improves."""
        self._refresh()
        for resource in self.resources:
            resource.prepare()
        found = chains(self)
        order = np.lexsort((found[2], found[0]))
        for _, j, k, end, first, second in found[:, order].T.tolist():
            if self.dirty[j] or self.dirty[k] or self.dirty[end]:
                continue
            shifts = ((first, j, k), (second, k, end))
            if self._within_budget(shifts):
                self.dirty[[j, k, end]] = True
                for moving, source, target in shifts:
                    self._move(moving, source, target)
        return bool(self.dirty.any())

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
        for resource in self.resources:
            resource.move(unit, source, target)
        self.keys[source] -= self.block.keys[unit]
        self.keys[target] += self.block.keys[unit]
