"""Transport of effort points from customers to managers at least cost: exact in integers, with prices and a named lack.

The relaxation of an allocation whose effort depends on the customer alone: a customer's points may be divided among
managers, and each manager's load costs a convex piecewise-linear amount. OR-Tools' `SimpleMinCostFlow` solves it
exactly; prices (the dual solution) are read off the residual network, so whoever doubts the optimum can check it in
one pass: `customer_price[i] <= arc_cost[a] + manager_price[j]` on every arc, with equality where there is flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .network import SAFE, RangeError, distances, lack, solve_network

Ints = npt.NDArray[np.int64]
Marginal = Sequence[tuple[Ints, Ints]]


class Infeasible(Exception):
    """The supply cannot be carried: `customers` (indices, int64) together may use only `managers` (indices, int64), who
    lack `missing` points of capacity for them. The set is a Hall violator: supply(customers) − capacity(managers) =
    missing, and no other set lacks more."""

    def __init__(self, customers: Ints, managers: Ints, missing: int) -> None:
        super().__init__(
            f"{len(customers)} customers may use only {len(managers)} managers, who lack {missing} points"
        )
        self.customers, self.managers, self.missing = customers, managers, missing


@dataclass(frozen=True)
class Transport:
    """A least-cost transport.

    flow: int64[a], points on each arc, in the order the arcs were given. objective: exact, arcs and sinks together.
    customer_price: int64[n], what one point more of this customer would cost. manager_price: int64[m], what one point
    of this manager's load is worth: between the slopes left and right of his load, above the last when he is full.
    """

    flow: Ints
    objective: int
    customer_price: Ints
    manager_price: Ints

    @property
    def lower_bound(self) -> int:
        """The objective: nothing that carries the supply, divided or whole, costs less."""
        return self.objective


@dataclass(frozen=True)
class Sinks:
    """Convex load costs as columns: segment t of manager `owner[t]` holds `size[t]` points at `slope[t]` each.

    Segments are sorted by manager, then by load; sizes of a manager add up to his capacity; slopes never fall.
    """

    owner: Ints
    size: Ints
    slope: Ints

    @classmethod
    def of(cls, capacity: Ints, marginal: Marginal) -> Sinks:
        """From (breaks, slopes) per manager; a break at or beyond the capacity is cut off.

        Raises ValueError when breaks do not start at 0 and rise, or slopes fall.
        """
        owners, sizes, slopes = [], [], []
        for j, (breaks, slope) in enumerate(marginal):
            edges = np.asarray(breaks, dtype=np.int64)
            price = np.asarray(slope, dtype=np.int64)
            if (
                len(edges) == 0
                or len(edges) != len(price)
                or edges[0] != 0
                or bool((np.diff(edges) <= 0).any())
            ):
                raise ValueError(f"manager {j}: breaks must start at 0 and rise, one slope for each")
            if bool((np.diff(price) < 0).any()):
                raise ValueError(f"manager {j}: slopes must not fall (the load cost is convex)")
            inside = edges < capacity[j]
            edges, price = edges[inside], price[inside]
            owners.append(np.full(len(edges), j, dtype=np.int64))
            sizes.append(np.diff(np.append(edges, capacity[j])))
            slopes.append(price)
        if not owners:
            empty = np.zeros(0, dtype=np.int64)
            return cls(empty, empty, empty)
        return cls(np.concatenate(owners), np.concatenate(sizes), np.concatenate(slopes))

    def fill(self, load: Ints) -> Ints:
        """How many points of each segment a load (int64[m]) fills from below."""
        before = np.cumsum(self.size) - self.size
        first = np.searchsorted(self.owner, self.owner, side="left")
        inner: Ints = np.clip(load[self.owner] - (before - before[first]), 0, self.size)
        return inner

    def cost(self, load: Ints) -> int:
        """What these loads cost, exactly."""
        return int((self.fill(load) * self.slope).sum())


def transport(
    *,
    supply: Ints,
    arc_customer: Ints,
    arc_manager: Ints,
    arc_cost: Ints,
    capacity: Ints,
    marginal: Marginal,
) -> Transport:
    """The least-cost way to carry every customer's points to managers who may take them.

    supply: int64[n] points ≥ 0 of each customer. arc_customer, arc_manager, arc_cost: int64[a], one permitted pair each
    with its cost per point of supply (negative allowed). capacity: int64[m] points ≥ 0. marginal: for each manager
    (breaks int64[k], slopes int64[k]): slopes[t] is the cost of each point of load from breaks[t] up to breaks[t + 1]
    (the last up to the capacity); breaks start at 0 and rise, slopes never fall. No load cost: `([0], [0])`.

    The same input gives the same flow; the objective and the prices do not depend on the order of arcs, customers or
    managers. Cost: one cost-scaling min-cost flow (about 5 µs an arc) and a few passes over the arcs for the prices.
    Raises Infeasible (which names customers, managers and missing points), RangeError when the numbers could leave 64
    bits, ValueError for columns that do not fit together.
    """
    supply, capacity = _column(supply, "supply"), _column(capacity, "capacity")
    customer, manager = _column(arc_customer, "arc_customer"), _column(arc_manager, "arc_manager")
    cost = _column(arc_cost, "arc_cost")
    if not len(customer) == len(manager) == len(cost):
        raise ValueError("arc columns differ in length")
    if len(marginal) != len(capacity):
        raise ValueError("one marginal per manager is needed")
    if bool((supply < 0).any()) or bool((capacity < 0).any()):
        raise ValueError("supply and capacity must not be negative")
    for column, size, name in (
        (customer, len(supply), "arc_customer"),
        (manager, len(capacity), "arc_manager"),
    ):
        if len(column) and (int(column.min()) < 0 or int(column.max()) >= size):
            raise ValueError(f"{name} names an index outside 0..{size - 1}")
    sinks = Sinks.of(capacity, marginal)
    return carry(supply, customer, manager, cost, capacity, sinks)


def _column(values: Ints, name: str) -> Ints:
    column = np.asarray(values)
    if column.ndim != 1 or (column.size and column.dtype.kind not in "iu"):
        raise ValueError(f"{name} must be one column of integers")
    return column.astype(np.int64, copy=False)


def carry(supply: Ints, customer: Ints, manager: Ints, cost: Ints, capacity: Ints, sinks: Sinks) -> Transport:
    """`transport` for columns already checked, the load costs as `Sinks`."""
    n, m, arcs = len(supply), len(capacity), len(customer)
    sink = n + m
    total = int(supply.sum())
    tails = np.concatenate([customer, n + sinks.owner])
    heads = np.concatenate([n + manager, np.full(len(sinks.owner), sink)])
    room = np.concatenate([supply[customer], sinks.size])
    costs = np.concatenate([cost, sinks.slope])
    supplies = np.concatenate([supply, np.zeros(m, dtype=np.int64), [-total]])
    flows = solve_network(tails, heads, room, costs, supplies)
    if flows is None:
        raise Infeasible(*lack(supply, customer, manager, capacity))
    flow = flows[:arcs]
    load = np.bincount(manager, weights=None if not arcs else flow, minlength=m).astype(np.int64)
    objective = int((flow * cost).sum()) + sinks.cost(load)
    customer_price, manager_price = _prices(n, customer, manager, cost, flow, load, sinks)
    return Transport(flow, objective, customer_price, manager_price)


def _prices(
    n: int, customer: Ints, manager: Ints, cost: Ints, flow: Ints, load: Ints, sinks: Sinks
) -> tuple[Ints, Ints]:
    """Shortest residual distances to the sink: from a manager with room by his next slope, from a full one through a
    customer he holds to somebody else; a set of managers without any room gets a price above every path."""
    widest = max(
        (abs(int(v)) for column in (cost, sinks.slope) if len(column) for v in (column.min(), column.max())),
        default=0,
    )
    above = (2 * widest + 1) * (len(load) + 1)
    if above * 2 >= SAFE:
        raise RangeError(f"costs up to {widest} with {len(load)} managers leave 64 bits")
    m, sink = len(load), n + len(load)
    tails = np.concatenate([customer, n + sinks.owner])
    heads = np.concatenate([n + manager, np.full(len(sinks.owner), sink)])
    # A customer's arc is never full: what it carries could always be one point more of the same customer.
    room = np.concatenate([flow + 1, sinks.size])
    carried = np.concatenate([flow, sinks.fill(load)])
    start = np.full(n + m + 1, above, dtype=np.int64)
    away = distances(tails, heads, room, np.concatenate([cost, sinks.slope]), carried, sink, start)
    return away[:n], away[n:sink]
