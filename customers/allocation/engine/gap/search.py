"""Shift, swap and ejection chains under adaptive penalties: from a rounded relaxation to a good feasible plan.

Being over capacity costs a penalty per unit; the penalties of overloaded managers rise and all fall again once a plan
is feasible, so the walk crosses the border of feasibility again and again (M. Yagiura, T. Ibaraki and F. Glover, "An
ejection chain approach for the generalized assignment problem", 2004). One step looks at a sample of customers at
once: every shift, every swap, and every chain in which one customer takes another's place and that one goes to its
best place; then takes the best of them, as many as touch different managers. Deterministic for a seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from .instance import Floats, Instance, Ints, Mask

SAMPLE = 220
NEVER = 1e30
REST = 3  # steps, at least, before a customer moves again when the walk roams
LESS = -1e-9


@dataclass
class Walk:
    """One walk: `assignment` int64[n] now, `best` the best feasible plan seen with its exact value."""

    instance: Instance
    assignment: Ints
    penalty: Floats
    dice: np.random.Generator
    best: Ints | None = None
    value: Fraction | None = None
    loads: Floats = field(init=False)
    quick: float = field(init=False, default=np.inf)

    def __post_init__(self) -> None:
        self.assignment = self.assignment.copy()
        self._recount()

    def _recount(self) -> None:
        rows = np.arange(self.instance.n)
        self.loads = np.bincount(
            self.assignment, self.instance.w[rows, self.assignment], self.instance.m
        ).astype(np.float64)

    def run(self, steps: int, patience: int, target: Fraction) -> None:
        """`steps` steps of O(SAMPLE² + SAMPLE·m) each; with `patience` samples without gain the penalties change.

        After a long drought the walk goes back to its best plan; it ends early when that reaches `target`.
        """
        n = self.instance.n
        whole = n <= SAMPLE
        self.note()
        fails = drought = 0
        for _step in range(steps):
            if self.value is not None and self.value <= target:
                return
            sample = np.arange(n) if whole else np.sort(self.dice.permutation(n)[:SAMPLE])
            if len(self._step(sample)):
                fails = 0
                drought = 0 if self.note() else drought + 1
                continue
            fails += 1
            drought += 1
            if whole or fails >= patience:
                fails = 0
                self._change_penalties()
            if drought > 60 * patience and self.best is not None:
                self.assignment, drought = self.best.copy(), 0
                self._recount()
                self.penalty = self.penalty * self.dice.uniform(0.4, 1.4, self.instance.m)

    def roam(self, steps: int, rise: float, target: Fraction) -> None:
        """`steps` steps, each the best move that touches nobody who moved lately, for better or worse, while the penalties
        of overloaded managers rise by the factor `rise` and all fall slowly over feasible plans. Ends early at `target`."""
        n = self.instance.n
        lately = np.zeros(n, dtype=np.int64)
        self.note()
        for step in range(steps):
            if self.value is not None and self.value <= target:
                return
            sample = np.arange(n) if n <= SAMPLE else np.sort(self.dice.permutation(n)[:SAMPLE])
            moved = self._step(sample, lately[sample] > step)
            lately[moved] = step + REST + self.dice.integers(0, REST, len(moved))
            over = self.loads > self.instance.k + 1e-9 * (1 + self.instance.k)
            self.penalty = self.penalty * (np.where(over, rise, 1.0) if over.any() else 0.99)
            self.note()

    def note(self) -> bool:
        """Keeps the present plan when it is feasible and better than the best; exact where it matters."""
        if (self.loads > self.instance.k + 1e-9 * (1 + self.instance.k)).any():
            return False
        quick = self._quick_value()
        if quick >= self.quick - 1e-9 * abs(self.quick) and self.best is not None:
            return False
        if not self.instance.feasible(self.assignment):
            return False
        value = self.instance.value(self.assignment)
        if self.value is not None and value >= self.value:
            return False
        self.best, self.value, self.quick = self.assignment.copy(), value, quick
        return True

    def _quick_value(self) -> float:
        rows = np.arange(self.instance.n)
        total = float(self.instance.c[rows, self.assignment].sum())
        weight, limits, whole = self.instance.fairness
        if weight and whole:
            square = np.divide(self.loads**2, limits, out=np.zeros_like(limits), where=limits > 0)
            total += weight * float(square.sum() - self.loads.sum() ** 2 / whole)
        return total

    def _change_penalties(self) -> None:
        over = self.loads > self.instance.k + 1e-9 * (1 + self.instance.k)
        if over.any():
            self.penalty = np.where(over, self.penalty * (1.03 + 0.03 * self.dice.random(self.instance.m)), self.penalty)  # fmt: skip
        else:
            self.penalty = self.penalty * (0.98 - 0.04 * self.dice.random(self.instance.m))

    def _cost_of(self, loads: Floats, managers: Any) -> Floats:
        """Penalty and fairness of loads on managers (float64, shapes broadcast): convex in each load."""
        weight, limits, whole = self.instance.fairness
        over = np.maximum(loads - self.instance.k[managers], 0.0)
        over *= self.penalty[managers]
        if weight and whole:
            limit = limits[managers]
            share = np.divide(loads, limit, out=np.zeros_like(over), where=limit > 0)
            over += weight * loads * (share - 2 * self.loads.sum() / whole)
        return over

    def _step(self, sample: Ints, barred: Mask | None = None) -> Ints:
        """The best moves of a sample that touch different managers; with `barred` customers the one best move of the
        others, better or not. The customers moved."""
        c, w = self.instance.c[sample], self.instance.w[sample]
        at = self.assignment[sample]
        own = np.arange(len(sample))
        every = np.arange(self.instance.m)
        mine, effort = c[own, at], w[own, at]
        now = self._cost_of(self.loads, every)
        removal = self._cost_of(self.loads[at] - effort, at) - now[at] - mine
        insertion = c + self._cost_of(self.loads + w, every) - now
        insertion[own, at] = np.inf
        place = insertion.argmin(axis=1)
        entry = insertion[own, place]
        replace = self._cost_of(w[:, at] + (self.loads[at] - effort), at)
        replace += c[:, at]
        replace -= mine + now[at]
        replace[at[:, None] == at[None, :]] = NEVER
        swap = replace + replace.T
        chain = replace + removal[:, None]
        chain += entry
        chain[place[None, :] == at[:, None]] = NEVER
        shift = removal + entry
        if barred is not None:
            shift[barred] = NEVER
            for moves in (swap, chain):
                moves[barred] = NEVER
                moves[:, barred] = NEVER
        return self._take(sample, at, place, (shift, swap, chain), barred is not None)

    def _take(
        self, sample: Ints, at: Ints, place: Ints, costs: tuple[Floats, Floats, Floats], forced: bool
    ) -> Ints:
        """Carries out improving moves, best first, each manager touched once; or the best one whatever it costs."""
        shift, swap, chain = costs
        own = np.arange(len(sample))
        partner = np.stack([own, swap.argmin(axis=1), chain.argmin(axis=1)])
        gains = np.stack([shift, swap[own, partner[1]], chain[own, partner[2]]])
        kind = gains.argmin(axis=0)
        gain = gains[kind, own]
        order = np.argsort(gain, kind="stable")
        if forced:
            order = order[: int(gain[order[0]] < NEVER)]
        else:
            order = order[: int(np.searchsorted(gain[order], LESS * (1 + abs(float(gain[order[0]])))))]
        moved: list[int] = []
        touched: set[int] = set()
        for i in order.tolist():
            j = int(partner[kind[i], i])
            moves = [(i, int(place[i]))] if kind[i] == 0 else [(i, int(at[j])), (j, int(at[i]))]
            if kind[i] == 2:
                moves[1] = (j, int(place[j]))
            managers = {int(at[i]), int(at[j]), *(k for _who, k in moves)}
            if managers & touched:
                continue
            touched |= managers
            for who, k in moves:
                self._move(int(sample[who]), k)
                moved.append(int(sample[who]))
        return np.array(moved, dtype=np.int64)

    def _move(self, customer: int, manager: int) -> None:
        w = self.instance.w[customer]
        before = int(self.assignment[customer])
        self.loads[before] -= w[before]
        self.loads[manager] += w[manager]
        self.assignment[customer] = manager


def first_penalty(instance: Instance, prices: Floats) -> Floats:
    """Penalties to begin with, float64[m]: somewhat above the price of capacity."""
    finite = np.where(instance.open, instance.c, 0.0)
    usual = float(finite.mean()) / max(float(instance.w.mean()), 1e-12) if instance.w.size else 1.0
    return 1.5 * np.maximum(np.abs(prices), 0.05 * usual + 1e-9)
