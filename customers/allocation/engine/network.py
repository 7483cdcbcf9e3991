"""A min-cost flow on int64 columns, and who lacks what when there is none. Everything that meets OR-Tools meets it here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from ortools.graph.python import min_cost_flow

Ints = npt.NDArray[np.int64]

# OR-Tools multiplies costs by the number of nodes; sums are kept one bit below its 63.
SAFE = 1 << 62


class RangeError(ValueError):
    """The numbers of a problem could leave 64 bits; the message says which."""


def solve_network(tails: Ints, heads: Ints, capacities: Ints, costs: Ints, supplies: Ints) -> Ints | None:
    """The flow on each arc (int64[a]) of a least-cost flow that meets all supplies, or None when there is none.

    tails, heads, capacities, costs: int64[a]; supplies: int64[nodes], positive where flow enters, adding up to 0.
    Exact. Raises RangeError before any number could leave 64 bits.
    """
    nodes = len(supplies)
    widest = max((abs(int(v)) for v in (costs.min(), costs.max())), default=0) if len(costs) else 0
    total = int(supplies[supplies > 0].sum())
    if widest * (nodes + 2) * 2 >= SAFE or widest * max(total, 1) * 4 >= SAFE:
        raise RangeError(f"costs up to {widest} on {nodes} nodes with {total} points leave 64 bits")
    if total == 0:
        return np.zeros(len(tails), dtype=np.int64)
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        tails.astype(np.int32), heads.astype(np.int32), capacities, costs
    )
    solver.set_nodes_supplies(np.arange(nodes, dtype=np.int32), supplies)
    status = solver.solve()
    if status == solver.OPTIMAL:
        flows: Ints = solver.flows(arcs)
        return flows
    if status == solver.INFEASIBLE:
        return None
    raise RangeError(f"the flow solver refuses the numbers: {status.name}")


def lack(supply: Ints, customer: Ints, manager: Ints, capacity: Ints) -> tuple[Ints, Ints, int]:
    """Customers, managers and missing points of the largest lack: (indices, indices, points).

    A flow that leaves as few points as possible unserved; from the customers left over, everything the residual network
    reaches: managers they may use are full, and full of customers who may use no others.
    """
    n, m, arcs = len(supply), len(capacity), len(customer)
    over, sink = n + m, n + m + 1
    everyone, staff = np.arange(n), np.arange(m)
    tails = np.concatenate([customer, n + staff, everyone, [over]])
    heads = np.concatenate([n + manager, np.full(m, sink), np.full(n, over), [sink]])
    total = int(supply.sum())
    room = np.concatenate([supply[customer], capacity, supply, [total]])
    costs = np.zeros(len(tails), dtype=np.int64)
    costs[-1] = 1
    supplies = np.concatenate([supply, np.zeros(m + 1, dtype=np.int64), [-total]])
    flows = solve_network(tails, heads, room, costs, supplies)
    assert flows is not None
    carried, left = flows[:arcs] > 0, flows[arcs + m : arcs + m + n]
    short = left > 0
    full = np.zeros(m, dtype=np.bool_)
    while True:
        reached = full.copy()
        reached[manager[short[customer]]] = True
        more = short.copy()
        more[customer[carried & reached[manager]]] = True
        if np.array_equal(more, short) and np.array_equal(reached, full):
            return np.flatnonzero(short), np.flatnonzero(full), int(left.sum())
        short, full = more, reached


def distances(tails: Ints, heads: Ints, room: Ints, costs: Ints, flow: Ints, sink: int, start: Ints) -> Ints:
    """Least residual cost from every node to the sink (int64[nodes]): the prices that prove a least-cost flow.

    room: int64[a], capacity of each arc. start: int64[nodes], a price no node exceeds (above every path). Exact; a few
    passes over the arcs. The residual network of a least-cost flow has no negative circle, so it ends.
    """
    forward, backward = flow < room, flow > 0
    origin = np.concatenate([tails[forward], heads[backward]])
    target = np.concatenate([heads[forward], tails[backward]])
    price = np.concatenate([costs[forward], -costs[backward]])
    order = np.argsort(origin, kind="stable")
    origin, target, price = origin[order], target[order], price[order]
    away = start.copy()
    away[sink] = 0
    starts = np.flatnonzero(np.diff(origin, prepend=-1)) if len(origin) else origin
    nodes = origin[starts]
    while len(starts):
        reach = np.minimum.reduceat(price + away[target], starts)
        better = np.minimum(away[nodes], reach)
        if np.array_equal(better, away[nodes]):
            break
        away[nodes] = better
    return away
