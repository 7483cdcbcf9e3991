"""Small cores solved as a mixed-integer program (HiGHS through SciPy): the last resort when exchanges leave a hard limit
broken, the judge of whether whole customers can be placed at all, and the finish of a small team's plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array

from .blocks import FORBIDDEN, Block
from .problem import Ints

# Pairs above which a core is not handed to the solver.
PAIRS = 60_000
NODES = 20_000
NO_PLAN = 2


@dataclass(frozen=True)
class Core:
    """manager: int64[u] or None. impossible: the solver proved that no whole assignment keeps every limit."""

    manager: Ints | None
    impossible: bool


def solve_core(block: Block, costs: Ints, most_moves: int | None = None, nodes: int = NODES) -> Core:
    """The best whole assignment of a small block, with every limit as a constraint.

    costs: int64[u, m] as `block.costs(price)`. most_moves: a limit on moves, None for none. The search ends after
    `nodes`, never by a clock. Cost: seconds at PAIRS pairs. The objective is solved in floating point, so the
    caller takes the assignment and counts it again in integers.
    """
    unit, manager = np.nonzero(costs < FORBIDDEN)
    if len(unit) > PAIRS:
        return Core(None, False)
    units, managers = block.size
    if len(np.unique(unit)) < units:
        return Core(None, True)
    pairs = len(unit)
    sinks = block.loads.sinks()
    width = pairs + len(sinks.size)
    rows = _Rows(width)
    at = np.arange(pairs)
    rows.add(unit, at, np.ones(pairs), 1, 1, units)
    tops = np.concatenate([manager, sinks.owner])
    columns = np.concatenate([at, pairs + np.arange(len(sinks.size))])
    rows.add(tops, columns, np.concatenate([block.effort[unit], -np.ones(len(sinks.size))]), 0, 0, managers)
    if block.key_limit is not None and bool(block.keys.any()):
        rows.add(manager, at, block.keys[unit].astype(float), 0, block.key_limit, managers)
    pair_of = np.full((units, managers), -1, dtype=np.int64)
    pair_of[unit, manager] = at
    for first, second in block.apart.tolist():
        for j in np.flatnonzero((pair_of[first] >= 0) & (pair_of[second] >= 0)).tolist():
            both = pair_of[[first, second], j]
            rows.add(np.zeros(2, dtype=np.int64), both, np.array([1.0, 1.0]), 0, 1, 1)
    if most_moves is not None:
        moves = block.moved[block.kind[unit], manager] + (
            (block.owner[unit] >= 0) & (block.owner[unit] != manager)
        )
        rows.add(np.zeros(pairs, dtype=np.int64), at, moves.astype(float), 0, most_moves, 1)
    done = milp(
        _measured(unit, costs[unit, manager], sinks.slope),
        # Loads of whole customers are whole, so what fills the segments is too.
        integrality=np.ones(width),
        bounds=(0, np.concatenate([np.ones(pairs), sinks.size])),
        constraints=rows.constraint(),
        options={"node_limit": nodes, "mip_rel_gap": 1e-6},
    )
    if done.x is None:
        return Core(None, done.status == NO_PLAN)
    taken = np.flatnonzero(done.x[:pairs] > 0.5)
    found = np.full(units, -1, dtype=np.int64)
    found[unit[taken]] = manager[taken]
    return Core(found if bool((found >= 0).all()) else None, False)


def _measured(unit: Ints, cost: Ints, slope: Ints) -> np.ndarray:
    """The same preferences in small numbers: what every whole plan pays alike (each unit's cheapest pair, the lowest
    slope for every point) is taken off, the rest lies between 0 and a million."""
    cheapest = np.full(int(unit.max()) + 1, FORBIDDEN, dtype=np.int64)
    np.minimum.at(cheapest, unit, cost)
    rest = np.concatenate([cost - cheapest[unit], slope - (int(slope.min()) if len(slope) else 0)])
    measured: np.ndarray = rest / max(int(rest.max(initial=0)) / 1e6, 1.0)
    return measured


class _Rows:
    """Sparse rows of constraints, put together bit by bit."""

    def __init__(self, width: int) -> None:
        self.width, self.height = width, 0
        self.parts: list[tuple[Ints, Ints, np.ndarray]] = []
        self.low: list[np.ndarray] = []
        self.high: list[np.ndarray] = []

    def add(self, row: Ints, column: Ints, value: np.ndarray, low: float, high: float, count: int) -> None:
        self.parts.append((row + self.height, column, value))
        self.low.append(np.full(count, low, dtype=float))
        self.high.append(np.full(count, high, dtype=float))
        self.height += count

    def constraint(self) -> LinearConstraint:
        row, column, value = (np.concatenate([part[k] for part in self.parts]) for k in range(3))
        matrix = csr_array((value, (row, column)), shape=(self.height, self.width))
        return LinearConstraint(matrix, np.concatenate(self.low), np.concatenate(self.high))


def reduced(block: Block, manager: Ints, costs: Ints, width: int) -> Ints:
    """Costs with everything fixed but the units of managers over a limit and of the `width` managers cheapest to reach
    from them: the core in which a broken limit is repaired."""
    units, managers = block.size
    everyone = np.arange(units)
    load = np.bincount(manager, weights=block.effort, minlength=managers).astype(np.int64)
    keys = np.bincount(manager, weights=block.keys, minlength=managers).astype(np.int64)
    over = load > block.capacity
    if block.key_limit is not None:
        over |= keys > block.key_limit
    for first, second in block.apart.tolist():
        if manager[first] == manager[second]:
            over[manager[first]] = True
    inside = over.copy()
    held = np.flatnonzero(over[manager])
    if len(held):
        reach = (costs[held] - costs[held, manager[held]][:, None]).min(axis=0)
        reach[over] = FORBIDDEN
        room = np.maximum(block.capacity - load, 0)
        order = np.lexsort((np.arange(managers), reach, room == 0))
        inside[order[:width]] = True
    free = inside[manager]
    fixed = np.full_like(costs, FORBIDDEN)
    fixed[everyone, manager] = costs[everyone, manager]
    fixed[np.ix_(free, inside)] = costs[np.ix_(free, inside)]
    return fixed
