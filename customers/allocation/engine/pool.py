"""The relaxation of a block in stay/pool form: exact, with 3–15 times fewer arcs than every customer with every manager.

A unit's points go to its present manager by one "stay" arc, or by one "pool" arc, which carries the price of moving, into
the class of units that fit managers alike up to a constant, which their pool arcs carry; classes have the arcs to managers.
Where a team sits under one roof the distance of a customer is such a constant, and classes are few. A pool point that
returns to the present manager pays for a move it does not make, which is never better than staying, so nothing is lost.
Costs per point are scaled by the least common multiple of the efforts; where that would leave 64 bits they are rounded down, and the bound
stays a bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .blocks import Block
from .flow import Infeasible, Sinks
from .loads import Loads
from .network import SAFE, distances, lack, solve_network
from .problem import Flags, Ints

# The scale used when the least common multiple of the efforts is too large: many divisors, costs rounded down.
COARSE = 720_720
# Any large odd number: rows of costs are marked by multiples of it, 64 bits wrapping round.
ODD = 0x9E3779B97F4A7C1


@dataclass(frozen=True)
class Relaxed:
    """An optimum of the relaxation at a price per move.

    bound: no whole assignment of the block costs less (match, continuity, load table and priced moves; whole units,
    rounded up). moves: of the divided optimum, in `scale`ths of a move. stay: int64[u] points that stay. pool: int64[u]
    points that leave into class `label` (int64[u], −1 for a unit that only stays). flow: int64[c, m] points from class
    to manager. scale: points' costs are in 1/scale cost units. exact: whether no rounding down was needed.
    """

    bound: int
    moves: int
    scale: int
    exact: bool
    stay: Ints
    pool: Ints
    label: Ints
    flow: Ints
    network: Network


@dataclass(frozen=True)
class Network:
    """The arcs and their flow, kept for the prices. Nodes: units with a choice, classes, managers, the sink."""

    tails: Ints
    heads: Ints
    room: Ints
    costs: Ints
    flow: Ints
    units: int
    classes: int
    managers: int

    def manager_prices(self) -> Ints:
        """What one point more of each manager's load is worth, in 1/scale cost units (int64[m])."""
        sink = self.units + self.classes + self.managers
        widest = (
            max((abs(int(v)) for v in (self.costs.min(), self.costs.max())), default=0)
            if len(self.costs)
            else 0
        )
        above = (2 * widest + 1) * (2 * self.managers + 2)
        room = np.where(self.room > 0, self.room, self.flow + 1)
        start = np.full(sink + 1, min(above, SAFE // 4), dtype=np.int64)
        away = distances(self.tails, self.heads, room, self.costs, self.flow, sink, start)
        return away[sink - self.managers : sink]


def relax(block: Block, price: int = 0, key_price: Ints | None = None, *, whole: bool = True) -> Relaxed:
    """The optimum of the block's relaxation at `price` per move and `key_price` (int64[m] ≥ 0) per key customer held.

    whole: loads are known to be multiples of the efforts' greatest common divisor, and cost what they cost there; without
    it the prices hold for customers of any effort.

    Cost: one min-cost flow over (units + classes × managers + load segments) arcs, 5 ms for 1 000 customers and 20
    managers. Raises Infeasible (indices are the block's units and managers) and RangeError.
    """
    label, shown = _classes(block, key_price is not None)
    scale, exact = _scale(block)
    effort, owner = block.effort, block.owner
    stays, pooled = block.may_stay, np.asarray(block.open.any(axis=1))[block.kind]
    lost = np.flatnonzero(~stays & ~pooled)
    if len(lost):
        raise Infeasible(lost, np.zeros(0, dtype=np.int64), int(effort[lost].sum()))
    leave = np.where(owner >= 0, block.price + price, 0)
    choice = np.flatnonzero(stays)
    free = np.flatnonzero(~stays)
    at = owner[choice]
    here = (
        block.base[block.kind[choice], at] * block.times[choice] + price * block.moved[block.kind[choice], at]
    )
    both = choice[pooled[choice]]
    row = block.base[block.kind[shown]] * block.times[shown][:, None] + price * block.moved[block.kind[shown]]
    if key_price is not None:
        here += block.keys[choice] * key_price[at]
        row += block.keys[shown][:, None] * key_price
    per_point = row * scale // effort[shown][:, None]
    permitted, moving = block.open[block.kind[shown]], block.moved[block.kind[shown]]
    merged, kept, constant = _alike(per_point, permitted, moving)
    extra, label, shown = constant[label], merged[label], shown[kept]
    per_point = per_point[kept] - constant[kept][:, None]
    line, column = np.nonzero(permitted[kept])
    # Nodes: units with a choice, then classes, managers, the sink.
    units, classes, managers = len(choice), len(shown), block.size[1]
    node = np.zeros(len(effort), dtype=np.int64)
    node[choice] = np.arange(units)
    supply = np.concatenate([effort[choice], _total(effort[free], label[free], classes)])
    tails = [node[choice], node[both], units + line]
    heads = [units + classes + at, units + label[both], units + classes + column]
    costs = [
        here * scale // effort[choice],
        leave[both] * scale // effort[both] + extra[both],
        per_point[line, column],
    ]
    loads = block.loads.grouped(int(np.gcd.reduce(effort)) if whole else 1)
    carried, sinks, flows = _solve(block, loads, supply, tails, heads, costs, units + classes, scale)
    stay = np.zeros(len(effort), dtype=np.int64)
    pool = np.where(stays, 0, effort)
    a, b = len(choice), len(choice) + len(both)
    stay[choice], pool[both] = carried[:a], carried[a:b]
    flow = np.zeros((classes, managers), dtype=np.int64)
    flow[line, column] = carried[b:]
    load = flow.sum(axis=0) + _total(stay[choice], at, managers)
    fixed = int(leave[free].sum())
    linear = int((carried * np.concatenate(costs)).sum()) + int((effort[free] * extra[free]).sum())
    table = int(loads.cost(np.arange(managers), load).sum())
    moved = int((pool[both] * (scale // effort[both])).sum()) + scale * int((owner[free] >= 0).sum())
    moved += int((flow * block.moved[block.kind[shown]] * scale // effort[shown][:, None]).sum())
    return Relaxed(
        bound=-(-linear // scale) + fixed + table,
        moves=moved,
        scale=scale,
        exact=exact,
        stay=stay,
        pool=pool,
        label=label,
        flow=flow,
        network=Network(
            np.concatenate([*tails, units + classes + sinks.owner]),
            np.concatenate([*heads, np.full(len(sinks.owner), units + classes + managers)]),
            np.concatenate([np.zeros(len(carried), dtype=np.int64), sinks.size]),
            np.concatenate([*costs, sinks.slope * scale]),
            flows,
            units,
            classes,
            managers,
        ),
    )


def _solve(
    block: Block,
    loads: Loads,
    supply: Ints,
    tails: list[Ints],
    heads: list[Ints],
    costs: list[Ints],
    first: int,
    scale: int,
) -> tuple[Ints, Sinks, Ints]:
    """Flow on the given arcs, the load segments used, flow on all arcs; the window is widened when a load touches it."""
    managers, total = block.size[1], int(supply.sum())
    tail, head, cost = np.concatenate(tails), np.concatenate(heads), np.concatenate(costs)
    supplies = np.concatenate([supply, np.zeros(managers, dtype=np.int64), [-total]])
    room = np.full(len(tail), total, dtype=np.int64)
    window: tuple[Ints, Ints] | None = loads.window(total)
    while True:
        sinks = loads.sinks(window)
        flows = solve_network(
            np.concatenate([tail, first + sinks.owner]),
            np.concatenate([head, np.full(len(sinks.owner), first + managers)]),
            np.concatenate([room, sinks.size]),
            np.concatenate([cost, sinks.slope * scale]),
            supplies,
        )
        if flows is None:
            raise Infeasible(*_lack(block))
        carried = flows[: len(tail)]
        into = head >= first
        load = _total(carried[into], head[into] - first, managers)
        if window is None or loads.inside(load, window):
            return carried, sinks, flows
        window = None


def _lack(block: Block) -> tuple[Ints, Ints, int]:
    permitted = block.open[block.kind]
    stays = np.flatnonzero(block.may_stay)
    permitted[stays, block.owner[stays]] = True
    customer, manager = np.nonzero(permitted)
    return lack(block.effort, customer, manager, block.capacity)


def _classes(block: Block, keyed: bool) -> tuple[Ints, Ints]:
    """The class of each unit (same kind, same weight and key customers per point) and one unit of each class."""
    share = np.gcd(block.times, block.effort)
    columns = [block.times // share, block.effort // share]
    if keyed:
        share = np.gcd(block.keys, block.effort)
        columns += [block.keys // share, block.effort // share]
    code = block.kind
    for column in columns:
        values, back = np.unique(column, return_inverse=True)
        if len(values) > 1:
            code = code * len(values) + back
    _, shown, label = np.unique(code, return_index=True, return_inverse=True)
    return label.astype(np.int64), shown.astype(np.int64)


def _alike(per_point: Ints, permitted: Flags, moving: Ints) -> tuple[Ints, Ints, Ints]:
    """Classes whose costs per point differ by a constant at the managers permitted, who are the same: the new class of each
    (int64[c]), one old class of each new one, and each old class's constant (its least cost). Rows that count moves of a
    group stay as they are."""
    constant = np.where(permitted, per_point, np.iinfo(np.int64).max).min(
        axis=1, initial=np.iinfo(np.int64).max
    )
    constant[~permitted.any(axis=1) | moving.any(axis=1)] = 0
    rest = np.where(permitted, per_point - constant[:, None], -1)
    alone = np.where(moving.any(axis=1), np.arange(len(rest)), -1)
    # Rows are told apart by a mark; whether a mark has mixed different rows is looked at.
    marks = rest @ (np.arange(1, rest.shape[1] + 1, dtype=np.int64) * ODD | 1) + alone * ODD
    _, kept, merged = np.unique(marks, return_index=True, return_inverse=True)
    if not np.array_equal(rest[kept][merged], rest) or not np.array_equal(alone[kept][merged], alone):
        _, kept, merged = np.unique(
            np.column_stack([rest, alone]), axis=0, return_index=True, return_inverse=True
        )
    return merged.reshape(-1).astype(np.int64), kept.astype(np.int64), constant


def _scale(block: Block) -> tuple[int, bool]:
    """The least common multiple of the efforts, or COARSE when costs times it leave a wide margin of 64 bits."""
    whole = 1
    for effort in np.unique(block.effort).tolist():
        whole = whole * effort // int(np.gcd(whole, effort))
        if whole > COARSE * 100:
            return COARSE, False
    widest = int(block.base.max(initial=0)) * int(block.times.max(initial=1)) + int(
        block.price.max(initial=0)
    )
    widest = max(widest, int(block.loads.slope.max(initial=0)))
    nodes = sum(block.size) + len(block.base) + int(block.effort.sum())
    return (whole, True) if widest * whole * nodes * 8 < SAFE else (min(whole, COARSE), whole <= COARSE)


def _total(values: Ints, group: Ints, count: int) -> Ints:
    found = np.zeros(count, dtype=np.int64)
    np.add.at(found, group, values)
    return found
