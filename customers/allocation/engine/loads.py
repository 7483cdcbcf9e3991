"""What a manager's load costs: F·K·(L/K − ρ)², equal use of capacity, in whole cost units.

Since every point is carried by somebody, Σ F·K·(L/K − ρ)² = Σ F·L²/K − F·W²/ΣK: the mean ρ leaves the decision alone, so
branches solved one by one add up to the whole. The table holds the rounded slope of each point (F·(2L + 1)/K in
thousandths), hence a convex whole-number function; the constant is taken off once, `constant`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .flow import Sinks
from .network import SAFE, RangeError
from .problem import PERMILLE, Flags, Ints

# A capacity above this many points is cut into this many equal steps of one slope each.
STEPS = 4096
# The price of one point beyond a hard limit while a plan is being repaired: above every gain a change can bring.
PENALTY = 1 << 34


def constant(fairness: int, effort: int, capacity: int) -> int:
    """F·W²/ΣK in cost units, rounded half up: what the mean load costs and nobody can save."""
    if capacity == 0:
        return 0
    return (2 * PERMILLE * fairness * effort * effort + capacity) // (2 * capacity)


@dataclass(frozen=True)
class Loads:
    """Load costs of m managers as flat tables. offset: int64[m] into `slope` and `below`; step: int64[m] points a
    segment; slope: per segment, cost of one point; below: cost of all segments before it."""

    capacity: Ints
    offset: Ints
    step: Ints
    slope: Ints
    below: Ints

    @classmethod
    def of(cls, fairness: int, capacity: Ints) -> Loads:
        """The tables for these capacities (points); managers of equal capacity share one. Raises RangeError."""
        distinct, back = np.unique(capacity, return_inverse=True)
        if 4 * PERMILLE * fairness * (int(capacity.max(initial=0)) + STEPS) * 2 >= SAFE:
            raise RangeError(f"fairness {fairness} with capacities up to {capacity.max()} leaves 64 bits")
        slopes, belows, offsets, steps, at = [], [], [], [], 0
        for k in distinct.tolist():
            step = max(1, -(-k // STEPS))
            start = np.arange(0, k, step, dtype=np.int64)
            price = (2 * PERMILLE * fairness * (2 * start + step) + k) // (2 * k) if k else start
            price = np.append(price, price[-1:] if k else np.zeros(1, dtype=np.int64))
            slopes.append(price)
            belows.append(np.concatenate([[0], np.cumsum(price[:-1] * step)]))
            offsets.append(at)
            steps.append(step)
            at += len(price)
        return cls(
            capacity=capacity,
            offset=np.array(offsets, dtype=np.int64)[back],
            step=np.array(steps, dtype=np.int64)[back],
            slope=np.concatenate(slopes) if slopes else np.zeros(0, dtype=np.int64),
            below=np.concatenate(belows) if belows else np.zeros(0, dtype=np.int64),
        )

    def cost(self, manager: Ints, load: Ints) -> Ints:
        """Cost of each load (same shape as `manager`); a point above the capacity costs PENALTY."""
        held = np.minimum(load, self.capacity[manager])
        segment = held // self.step[manager]
        at = self.offset[manager] + segment
        rest = held - segment * self.step[manager]
        cost: Ints = self.below[at] + rest * self.slope[at] + PENALTY * (load - held)
        return cost

    def grouped(self, size: int) -> Loads:
        """Tables for loads of whole customers whose efforts are all multiples of `size`: between multiples, where no load
        can lie, the cost runs straight, and is never above the cost at one. Slopes are rounded down; above the last
        multiple within a capacity they go on. The same tables where segments are wider than that already."""
        if size <= 1 or bool((self.step > size).any()):
            return self
        distinct, first, back = np.unique(self.capacity, return_index=True, return_inverse=True)
        slopes, belows, offsets, at = [], [], [], 0
        for k, manager in zip(distinct.tolist(), first.tolist(), strict=True):
            ends = np.append(np.arange(0, k, size, dtype=np.int64), k)
            cost = self.cost(np.full(len(ends), manager), ends)
            price = np.diff(cost) // np.diff(ends) if k else np.zeros(0, dtype=np.int64)
            price = np.append(price, price[-1:] if k else np.zeros(1, dtype=np.int64))
            slopes.append(price)
            belows.append(np.concatenate([[0], np.cumsum(price[:-1] * size)]))
            offsets.append(at)
            at += len(price)
        return Loads(
            capacity=self.capacity,
            offset=np.array(offsets, dtype=np.int64)[back],
            step=np.full(len(self.capacity), size, dtype=np.int64),
            slope=np.concatenate(slopes) if slopes else self.slope,
            below=np.concatenate(belows) if belows else self.below,
        )

    def sinks(self, window: tuple[Ints, Ints] | None = None) -> Sinks:
        """The segments for the flow. window: (low, high) int64[m] multiples of `step`: points outside are lumped at the
        slope of the window's edge, which leaves every optimum strictly inside the window as it is."""
        low, high = window if window is not None else (np.zeros_like(self.capacity), self.capacity)
        owners, sizes, slopes = [], [], []
        for j, (k, step, at) in enumerate(
            zip(self.capacity.tolist(), self.step.tolist(), self.offset.tolist(), strict=True)
        ):
            if not k:
                continue
            first, last = int(low[j]) // step, -(-int(high[j]) // step)
            price = self.slope[at + max(first - 1, 0) : at + min(last + 1, -(-k // step))]
            size = np.full(len(price), step, dtype=np.int64)
            if first > 0:
                size[0] = first * step
            size[-1] += k - int(size.sum())
            owners.append(np.full(len(price), j, dtype=np.int64))
            sizes.append(size)
            slopes.append(price)
        if not owners:
            empty = np.zeros(0, dtype=np.int64)
            return Sinks(empty, empty, empty)
        return Sinks(np.concatenate(owners), np.concatenate(sizes), np.concatenate(slopes))

    def window(self, effort: int) -> tuple[Ints, Ints]:
        """A quarter of the mean use below and above it, in whole steps."""
        total = max(int(self.capacity.sum()), 1)
        mean = self.capacity * min(effort, total) // total
        low = np.maximum(mean - mean // 16 - 3, 0) // self.step * self.step
        high = np.minimum(mean + mean // 16 + 3, self.capacity)
        return low, high

    def inside(self, load: Ints, window: tuple[Ints, Ints]) -> bool:
        """Whether every load lies strictly inside the window (or at a natural end), so the lumped flow is exact."""
        low, high = window
        within: Flags = ((load > low) | (low == 0)) & ((load < high) | (high == self.capacity))
        return bool(within.all())


@dataclass(frozen=True)
class Squares:
    """F·V²/K in cost units, rounded half up: the load cost of value points, which have no hard limit. capacity: int64[m],
    the K of each manager; who has none can hold nobody and costs nothing."""

    fairness: int
    capacity: Ints

    def cost(self, manager: Ints, load: Ints) -> Ints:
        """Cost of each load (the shape of `manager`). Raises RangeError where its square could leave 64 bits."""
        if 2 * PERMILLE * self.fairness * int(load.max(initial=0)) ** 2 >= SAFE:
            raise RangeError(f"value fairness {self.fairness} with {int(load.max())} points leaves 64 bits")
        room = self.capacity[manager]
        divisor = np.maximum(room, 1)
        cost: Ints = np.where(
            room > 0, (2 * PERMILLE * self.fairness * load * load + divisor) // (2 * divisor), 0
        )
        return cost

    def sinks(self, total: int) -> Sinks:
        """Segments for a flow of `total` points that never cost more than `cost`: slopes at their lower ends, rounded
        down."""
        step = max(1, -(-total // STEPS))
        start = np.arange(0, total, step, dtype=np.int64)
        staff = np.flatnonzero(self.capacity > 0)
        slope = PERMILLE * self.fairness * (2 * start + 1)[None, :] // self.capacity[staff][:, None]
        return Sinks(np.repeat(staff, len(start)), np.full(slope.size, step, dtype=np.int64), slope.ravel())


def shares(fairness: int, load: Sequence[int], capacity: Sequence[int]) -> list[int]:
    """The constant divided among managers (2ρL − ρ²K in cost units), whole numbers that add up to `constant` exactly.

    With it each manager's own part of the fairness cost is table cost − share: F·K·(L/K − ρ)² up to rounding.
    """
    effort, whole = sum(load), sum(capacity)
    if whole == 0:
        return [0] * len(load)
    parts, before, sum_load, sum_capacity = [], 0, 0, 0
    for mine, room in zip(load, capacity, strict=True):
        sum_load, sum_capacity = sum_load + mine, sum_capacity + room
        top = PERMILLE * fairness * (2 * effort * sum_load * whole - effort * effort * sum_capacity)
        so_far = (2 * top + whole * whole) // (2 * whole * whole)
        parts.append(so_far - before)
        before = so_far
    return parts
