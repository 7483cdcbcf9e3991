"""Whom to give one new customer to, from stored prices, without planning anything again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .blocks import Cut, block_of, value_loads
from .bundle import counted, value_bound
from .loads import Loads
from .measures import totals
from .pool import relax
from .problem import Customers, Ints, Problem
from .rules import GENERAL, Broken, broken_by
from .terms import fit


@dataclass(frozen=True)
class Desk:
    """What advice in one block needs, stored beside the plan (m numbers each).

    price, scale: one point more of a manager's load is worth price / scale cost units, by the relaxation's prices.
    load, value, keys: of the plan in force. cost, bound: of the plan in force and of any plan of the block, load costs
    without their constants.
    """

    cut: Cut
    price: Ints
    scale: int
    load: Ints
    value: Ints
    keys: Ints
    loads: Loads
    cost: int
    bound: int


@dataclass(frozen=True)
class Advice:
    """Managers for a new customer, best first.

    managers: indices of the problem; rise: by how much the objective rises with each (the constant of the mean, the same
    for all, left out). saving: the most that planning the block again with him could save against the first, whoever
    else were moved for it (proven by the prices; None when nobody has room for him). barred: the others, with the rules that bar them; full: permitted but
    without room, with the points missing.
    """

    managers: tuple[int, ...]
    rise: tuple[int, ...]
    saving: int | None
    barred: tuple[tuple[int, tuple[Broken, ...]], ...]
    full: tuple[tuple[int, int], ...]


def desk(problem: Problem, cut: Cut, manager: Ints) -> Desk:
    """The stored numbers of a block under the plan `manager` (int64[n], whole problem). Cost: one relaxation. Raises
    Infeasible when the block has no plan."""
    block = block_of(problem, cut)
    # A newcomer may be of any effort.
    relaxed = relax(block, whole=False)
    capacity = problem.usable_capacity()
    rows = cut.customers
    load = totals(problem.customers.effort[rows], manager[rows], len(capacity))[cut.managers]
    keys = totals(problem.customers.key[rows].astype(np.int64), manager[rows], len(capacity))[cut.managers]
    loads = Loads.of(problem.policy.fairness, capacity[cut.managers])
    value = totals(problem.points[rows], manager[rows], len(capacity))[cut.managers]
    start = np.zeros(block.size[0], dtype=np.int64)
    start[block.unit] = np.searchsorted(cut.managers, manager[rows])
    cost = counted(block, start, 0, relaxed.bound, 0).cost
    bound = relaxed.bound + value_bound(block)
    return Desk(cut, relaxed.network.manager_prices(), relaxed.scale, load, value, keys, loads, cost, bound)


def advise(problem: Problem, found: Desk, newcomer: Customers) -> Advice:
    """Managers of the block for one customer who is not in the problem yet (columns of length 1, no owner, no group).

    Cost: well under a millisecond for 40 managers.
    """
    asked = replace(problem, customers=newcomer)
    row, staff = np.zeros(1, dtype=np.int64), found.cut.managers
    effort = int(newcomer.effort[0])
    cost = fit(asked, row, staff) * int(newcomer.weight[0])
    barred = asked.managers.intake[staff] != 0
    for rule in GENERAL.values():
        barred |= rule(asked, row, staff)
    limit = problem.policy.key_limit
    crowded = bool(newcomer.key[0]) and limit is not None
    over = found.keys + 1 > limit if crowded and limit is not None else np.zeros(len(staff), dtype=np.bool_)
    after = found.load + effort
    missing = np.maximum(after - found.loads.capacity, 0)
    at = np.arange(len(staff))
    fits = np.flatnonzero(~barred & ~over & (missing == 0))
    rise = cost[fits] + found.loads.cost(at[fits], after[fits]) - found.loads.cost(at[fits], found.load[fits])
    values = value_loads(problem, found.loads.capacity)
    if values is not None:
        more = found.value + int(problem.winsor.points(newcomer.value)[0])
        rise += values.cost(at[fits], more[fits]) - values.cost(at[fits], found.value[fits])
    order = np.lexsort((fits, rise))
    permitted = np.flatnonzero(~barred)
    saving = None
    if len(fits):
        least = int((cost[permitted] + effort * found.price[permitted] // found.scale).min())
        # The bound was rounded up once, the prices down: one unit more is proven either way.
        saving = found.cost + int(rise.min()) - found.bound - least + 1
    return Advice(
        managers=tuple(staff[fits[order]].tolist()),
        rise=tuple(rise[order].tolist()),
        saving=saving,
        barred=tuple(
            (j, _why(asked, j, k, found)) for k, j in enumerate(staff.tolist()) if barred[k] or over[k]
        ),
        full=tuple(
            (j, int(missing[k]))
            for k, j in enumerate(staff.tolist())
            if missing[k] and not (barred[k] or over[k])
        ),
    )


def _why(problem: Problem, manager: int, position: int, found: Desk) -> tuple[Broken, ...]:
    """Rules that are pairs name customers of the problem, so they never concern a newcomer."""
    empty = np.zeros((0, 2), dtype=np.int64)
    policy = replace(problem.policy, pins=empty, exclusions=empty, recusals=empty, complaints=empty)
    plain = replace(problem, policy=policy)
    broken = broken_by(plain, 0, manager)
    limit = problem.policy.key_limit
    if limit is not None and bool(problem.customers.key[0]) and int(found.keys[position]) + 1 > limit:
        broken += (Broken("key_limit", limit, int(found.keys[position])),)
    return broken
