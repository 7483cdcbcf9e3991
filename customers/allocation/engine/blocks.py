"""A block: the customers and managers solved together, as numbers. Groups become one unit, like customers share rows.

Customers of one kind (profile, tier, place, certificates, branch) fit managers alike, so the costs are a table of kinds ×
managers; what is personal (present manager, price of moving, effort, weight) stays a column. A unit is what is assigned
whole: a customer, or a group that stays together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .loads import Loads, Squares
from .problem import CLOSED, NONE, OPEN, Flags, Ints, Problem
from .rules import GENERAL, PERSONAL, personal
from .terms import fit, move_price

# Costs of permitted pairs stay far below; sums of a few still fit 64 bits together with an index.
FORBIDDEN = 1 << 44


@dataclass(frozen=True)
class Cut:
    """Which customers (int64[n], sorted) and managers (int64[m], sorted) of a problem form a block; `number` sorts."""

    number: int
    customers: Ints
    managers: Ints


@dataclass(frozen=True)
class Block:
    """u units of n customers, m managers, k kinds.

    unit: int64[n], the unit of each customer. effort, times, kind, owner, price, keys: int64[u]; owner is the manager's
    index in the block, m when he is elsewhere, −1 when a move is not counted by the column (nobody yet, or a group,
    whose row counts its own). may_stay: bool[u]. base: int64[k, m] cost of one `times`; open: bool[k, m] who may take a
    customer of the kind that is not his; moved: int64[k, m] members that would move (rows of groups).
    apart: int64[p, 2] units that must not share a manager. member_owner, member_price: int64[n], as owner and price but
    for each customer, whether in a group or not. value: int64[u] points, values: their load table (None: left alone).
    """

    cut: Cut
    unit: Ints
    effort: Ints
    times: Ints
    kind: Ints
    owner: Ints
    price: Ints
    keys: Ints
    value: Ints
    may_stay: Flags
    base: Ints
    open: Flags
    moved: Ints
    apart: Ints
    loads: Loads
    values: Squares | None
    key_limit: int | None
    member_owner: Ints
    member_price: Ints

    @property
    def size(self) -> tuple[int, int]:
        """(units, managers)."""
        return len(self.effort), len(self.cut.managers)

    @property
    def capacity(self) -> Ints:
        return self.loads.capacity

    def costs(self, price_per_move: int = 0) -> Ints:
        """int64[u, m]: match and continuity of each pair plus the price of its moves; FORBIDDEN where not permitted."""
        found = self.base[self.kind] * self.times[:, None]
        if price_per_move:
            found += price_per_move * self.moved[self.kind]
        counted = self.owner >= 0
        found += np.where(counted, self.price + price_per_move, 0)[:, None]
        found[~self.open[self.kind]] = FORBIDDEN
        stays = np.flatnonzero(self.may_stay)
        at = self.owner[stays]
        found[stays, at] = (
            self.base[self.kind[stays], at] * self.times[stays]
            + price_per_move * self.moved[self.kind[stays], at]
        )
        return found

    def cost_of(self, manager: Ints) -> int:
        """Match and continuity of one whole assignment (int64[u]), exactly; raises ValueError for a forbidden pair."""
        each = self.base[self.kind, manager] * self.times
        away = (self.owner >= 0) & (manager != self.owner)
        if bool((~self.open[self.kind, manager] & ~(self.may_stay & (manager == self.owner))).any()):
            raise ValueError("the assignment uses a forbidden pair")
        return int(each.sum()) + int(self.price[away].sum())

    def moves_of(self, manager: Ints) -> int:
        """How many customers an assignment (int64[u]) takes from their present manager."""
        holder = manager[self.unit]
        return int(((self.member_owner >= 0) & (holder != self.member_owner)).sum())


def cuts(problem: Problem) -> list[Cut]:
    """The blocks of a problem in the order of their numbers; one with customers or managers only is kept."""
    mine, theirs = problem.block[problem.customers.branch], problem.block[problem.managers.branch]
    customers, managers = np.argsort(mine, kind="stable"), np.argsort(theirs, kind="stable")
    numbers = np.union1d(mine, theirs)
    low, high = (
        np.searchsorted(mine[customers], numbers),
        np.searchsorted(mine[customers], numbers, side="right"),
    )
    first, last = (
        np.searchsorted(theirs[managers], numbers),
        np.searchsorted(theirs[managers], numbers, side="right"),
    )
    return [
        Cut(int(number), customers[low[t] : high[t]], managers[first[t] : last[t]])
        for t, number in enumerate(numbers.tolist())
    ]


def block_of(problem: Problem, cut: Cut) -> Block:
    """The block's numbers: terms and rules evaluated once per kind, personal rules once per customer they name."""
    rows, staff = cut.customers, cut.managers
    kind, first = _kinds(problem, rows)
    shown = rows[first][:, None]
    base, barred = fit(problem, shown, staff), np.zeros((len(shown), len(staff)), dtype=np.bool_)
    for rule in (*GENERAL.values(), *PERSONAL.values()):
        barred |= rule(problem, shown, staff)
    state = problem.managers.intake[staff]
    owner = _local(problem.customers.owner[rows], staff)
    here = (owner >= 0) & (owner < len(staff))
    at = np.where(here, owner, 0)
    may_stay = here
    if len(staff):
        may_stay = here & ~barred[kind, at] & (state[at] != CLOSED)
    customers, price = problem.customers, move_price(problem, rows)
    capacity = problem.usable_capacity()[staff]
    block = Block(
        cut=cut,
        unit=np.arange(len(rows), dtype=np.int64),
        effort=customers.effort[rows],
        times=customers.weight[rows],
        kind=kind,
        owner=owner,
        price=price,
        keys=customers.key[rows].astype(np.int64),
        value=problem.points[rows],
        may_stay=may_stay,
        base=base,
        open=~barred & (state == OPEN)[None, :],
        moved=np.zeros_like(base),
        apart=_inside(problem.policy.apart, rows),
        loads=Loads.of(problem.policy.fairness, capacity),
        values=value_loads(problem, capacity),
        key_limit=problem.policy.key_limit,
        member_owner=owner,
        member_price=price,
    )
    group = customers.group[rows]
    return _merged(block, group) if problem.policy.together and bool((group >= 0).any()) else block


def value_loads(problem: Problem, capacity: Ints) -> Squares | None:
    """What value loads of managers with these capacities cost; None when the policy leaves value alone."""
    weight = problem.policy.value_fairness
    return Squares(weight, capacity) if weight else None


def _kinds(problem: Problem, rows: Ints) -> tuple[Ints, Ints]:
    """The kind of each customer (int64[n]) and the first customer of each kind (int64[k], positions in `rows`)."""
    customers = problem.customers
    alone = np.isin(rows, personal(problem))
    single = np.where(alone, np.arange(len(rows)), NONE)
    code = np.zeros(len(rows), dtype=np.int64)
    columns = (customers.profile, customers.tier, customers.place, customers.requires, customers.branch)
    for column in (*(c[rows] for c in columns), single):
        values, back = np.unique(column, return_inverse=True)
        if len(values) > 1:
            _, code = np.unique(code * len(values) + back, return_inverse=True)
    _, first, kind = np.unique(code, return_index=True, return_inverse=True)
    return kind.astype(np.int64), first.astype(np.int64)


def _local(owner: Ints, staff: Ints) -> Ints:
    """Positions of managers in a sorted block; len(staff) for one elsewhere, −1 for none."""
    if not len(staff):
        return np.where(owner >= 0, 0, NONE)
    at = np.minimum(np.searchsorted(staff, owner), len(staff) - 1)
    found: Ints = np.where(owner < 0, NONE, np.where(staff[at] == owner, at, len(staff)))
    return found


def _inside(pairs: Ints, rows: Ints) -> Ints:
    """Pairs of customers that both lie in the block, as positions."""
    if not len(pairs) or not len(rows):
        return np.zeros((0, 2), dtype=np.int64)
    at = np.minimum(np.searchsorted(rows, pairs), len(rows) - 1)
    both = (rows[at] == pairs).all(axis=1)
    found: Ints = at[both]
    return found


def _merged(block: Block, group: Ints) -> Block:
    """The block with each group as one unit: its row holds what all members together cost with each manager, moves
    included, and is open where every member may go (or stay)."""
    m = len(block.cut.managers)
    unit_of = np.arange(len(group), dtype=np.int64)
    grouped = np.flatnonzero(group >= 0)
    order = grouped[np.argsort(group[grouped], kind="stable")]
    starts = np.flatnonzero(np.diff(group[order], prepend=NONE))
    unit_of[order] = np.repeat(order[starts], np.diff(np.append(starts, len(order))))
    kept, unit = np.unique(unit_of, return_inverse=True)
    leader, by_leader = np.sort(order[starts]), np.argsort(order[starts], kind="stable")
    owner = block.owner[order][:, None]
    away = (owner != np.arange(m)[None, :]) & (owner >= 0)
    may = block.open[block.kind[order]] | ((owner == np.arange(m)[None, :]) & block.may_stay[order][:, None])
    cost = block.base[block.kind[order]] * block.times[order][:, None] + away * block.price[order][:, None]
    is_group = np.isin(kept, leader)
    kind = block.kind[kept]
    kind[is_group] = len(block.base) + np.arange(len(leader))
    return replace(
        block,
        unit=unit.astype(np.int64),
        effort=_summed(block.effort, unit),
        times=np.where(is_group, 1, block.times[kept]),
        kind=kind,
        owner=np.where(is_group, NONE, block.owner[kept]),
        price=np.where(is_group, 0, block.price[kept]),
        keys=_summed(block.keys, unit),
        value=_summed(block.value, unit),
        may_stay=block.may_stay[kept] & ~is_group,
        base=np.concatenate([block.base, np.add.reduceat(cost, starts, axis=0)[by_leader]]),
        open=np.concatenate([block.open, np.logical_and.reduceat(may, starts, axis=0)[by_leader]]),
        moved=np.concatenate(
            [block.moved, np.add.reduceat(away.astype(np.int64), starts, axis=0)[by_leader]]
        ),
        apart=np.unique(np.sort(unit[block.apart], axis=1), axis=0) if len(block.apart) else block.apart,
    )


def _summed(column: Ints, unit: Ints) -> Ints:
    total = np.zeros(int(unit.max()) + 1, dtype=np.int64)
    np.add.at(total, unit, column)
    return total
