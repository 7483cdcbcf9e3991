"""One bundle of blocks solved: the pure function a worker runs. What a worker returns depends on the problem, the block
and the price per move alone, so any number of workers, in any order, twice over, give the same plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from .blocks import FORBIDDEN, Block, Cut, block_of
from .core import reduced, solve_core
from .flow import Infeasible, Sinks, carry
from .keys import ENOUGH, with_key_prices, worth
from .loads import Loads
from .polish import Polished, polish
from .pool import Relaxed, relax
from .problem import Ints, Problem
from .rounding import rounded

# Up to so many permitted pairs a block is a small team, whose plan is perfected by a program of so many nodes at most.
SMALL, SMALL_NODES = 1600, 500


@dataclass(frozen=True)
class Lack:
    """What stands in the way of a block's plan: customers and managers (indices of the problem), missing points or
    counts. rule: `capacity` (proven by a flow), `nobody` (pair rules leave no manager), `key_limit`, `apart`,
    `together` (a group cannot be placed whole), `whole` (points would fit, whole customers do not), `budget` (moves
    missing; the customers who have a manager, left out when there are more than 1 000). proven: False when the search
    gave up rather than proved it."""

    rule: str
    customers: tuple[int, ...]
    managers: tuple[int, ...]
    missing: int
    proven: bool = True


@dataclass(frozen=True)
class BlockPlan:
    """A block's part of the plan at a price per move.

    manager: int64[n], problem index of each customer of `cut.customers`; None when `lacks` says why there is none.
    match: Σ weight × fit; continuity: Σ move prices; table, value: load costs of effort and of value without their
    constants. bound: no plan of the block has match + continuity + table + value + price × moves below it.
    relaxed_moves: moves of the divided optimum, in thousandths. forced: moves the pair rules make unavoidable.
    """

    cut: Cut
    price: int
    manager: Ints | None
    match: int
    continuity: int
    table: int
    moves: int
    bound: int
    relaxed_moves: int
    forced: int = 0
    value: int = 0
    lacks: tuple[Lack, ...] = ()

    @property
    def cost(self) -> int:
        """Match, continuity and load costs, the price per move left out."""
        return self.match + self.continuity + self.table + self.value


def solve_bundle(problem: Problem, cuts: Iterable[Cut], price: int = 0) -> list[BlockPlan]:
    """The plans of these blocks at a price per move; about 20 ms for 1 000 customers and 20 managers."""
    return [solve_block(problem, cut, price) for cut in cuts]


def relax_bundle(problem: Problem, cuts: Iterable[Cut], price: int) -> list[tuple[int, int]]:
    """(bound, moves in thousandths) of each block's relaxation at a price; half the work of `solve_bundle`."""
    found = []
    for cut in cuts:
        if not len(cut.customers):
            found.append((0, 0))
            continue
        block = block_of(problem, cut)
        relaxed = relax(block, price)
        found.append((relaxed.bound + value_bound(block), relaxed.moves * 1000 // relaxed.scale))
    return found


def refine_bundle(
    problem: Problem, plans: Iterable[BlockPlan], price: int, spare: int | None = None
) -> list[BlockPlan]:
    """The same plans polished on at another price per move; their bounds stay those of their own price.

    spare: how many moves more the plans together may make, the first block first; None for no limit.
    """
    found = []
    for plan in plans:
        if plan.manager is None or not len(plan.cut.customers):
            found.append(plan)
            continue
        block = block_of(problem, plan.cut)
        start = np.zeros(block.size[0], dtype=np.int64)
        start[block.unit] = np.searchsorted(plan.cut.managers, plan.manager)
        limit = None if spare is None else plan.moves + spare
        done = polish(block, start, block.costs(price), limit)
        found.append(counted(block, done.manager, plan.price, plan.bound, plan.relaxed_moves))
        spare = None if spare is None else spare - (found[-1].moves - plan.moves)
    return found


def least_moves(problem: Problem, cuts: Iterable[Cut]) -> list[int]:
    """The least moves any plan of each block needs, capacities counted: the rounded-up optimum of the relaxation that
    counts nothing but moves."""
    found = []
    for cut in cuts:
        if not len(cut.customers):
            found.append(0)
            continue
        block = block_of(problem, cut)
        plain = replace(
            block,
            base=np.zeros_like(block.base),
            price=np.zeros_like(block.price),
            loads=Loads.of(0, block.capacity),
        )
        found.append(relax(plain, 1).bound)
    return found


def _forced(block: Block) -> int:
    """Moves no plan avoids whatever the capacities: the least each unit needs among its permitted managers."""
    counted = block.owner >= 0
    needed = np.where(counted & ~block.may_stay, 1, 0)
    rows = np.flatnonzero(block.moved.any(axis=1))
    least = np.where(block.open[rows], block.moved[rows], np.iinfo(np.int64).max).min(
        axis=1, initial=np.iinfo(np.int64).max
    )
    lines = np.zeros(len(block.moved), dtype=np.int64)
    lines[rows] = least
    return int(needed.sum() + lines[block.kind[~counted]].sum())


def solve_block(problem: Problem, cut: Cut, price: int = 0) -> BlockPlan:
    """One block: relaxation, rounding, exchanges, and a small core when a hard limit is left broken."""
    if not len(cut.customers):
        return BlockPlan(cut, price, np.zeros(0, dtype=np.int64), 0, 0, 0, 0, 0, 0)
    block = block_of(problem, cut)
    lacks = _evident(block)
    if lacks:
        return _without(cut, price, lacks)
    try:
        relaxed = relax(block, price)
    except Infeasible as lack:
        return _without(cut, price, (_named(block, lack, "capacity"),))
    costs = block.costs(price)
    done = polish(block, rounded(block, relaxed), costs)
    manager = done.manager
    if done.broken:
        repaired, lacks = _repaired(block, done, costs)
        if repaired is None:
            return _without(cut, price, lacks)
        mended = polish(block, repaired, costs)
        if mended.broken:
            return _without(cut, price, _unsettled(block, mended.broken))
        manager = mended.manager
    bound = relaxed.bound
    if block.key_limit is not None and bool(block.keys.any()):
        manager, bound = with_key_prices(block, price, relaxed, manager, costs)
    if price == 0:
        manager = _perfected(block, manager, costs, bound)
    return counted(block, manager, price, bound + value_bound(block), _thousandths(relaxed))


def perfect_bundle(problem: Problem, plans: Iterable[BlockPlan], spare: int) -> list[BlockPlan]:
    """The plans of small teams perfected at no price per move, with at most `spare` moves more, the first block first."""
    found = []
    for plan in plans:
        if plan.manager is None or not len(plan.cut.customers):
            found.append(plan)
            continue
        block = block_of(problem, plan.cut)
        start = np.zeros(block.size[0], dtype=np.int64)
        start[block.unit] = np.searchsorted(plan.cut.managers, plan.manager)
        done = _perfected(
            block, start, block.costs(), plan.bound - plan.price * plan.moves, plan.moves + spare
        )
        found.append(counted(block, done, plan.price, plan.bound, plan.relaxed_moves))
        spare -= found[-1].moves - plan.moves
    return found


def _perfected(block: Block, manager: Ints, costs: Ints, bound: int, most_moves: int | None = None) -> Ints:
    """A small team's plan as a small program, where exchanges left more than a little to the bound."""
    held = worth(block, manager, costs)
    pairs = int((costs < FORBIDDEN).sum())
    little = int(costs[np.arange(len(manager)), manager].sum()) // ENOUGH
    if pairs > SMALL or held - bound <= little or block.values is not None:
        return manager
    found = solve_core(block, costs, most_moves, SMALL_NODES)
    if found.manager is None:
        return manager
    done = polish(block, found.manager, costs, most_moves)
    sound = not done.broken and (most_moves is None or block.moves_of(done.manager) <= most_moves)
    return done.manager if sound and worth(block, done.manager, costs) < held else manager


def _without(cut: Cut, price: int, lacks: tuple[Lack, ...]) -> BlockPlan:
    return BlockPlan(cut, price, None, 0, 0, 0, 0, 0, 0, lacks=lacks)


def _thousandths(relaxed: Relaxed) -> int:
    return relaxed.moves * 1000 // relaxed.scale


def counted(block: Block, manager: Ints, price: int, bound: int, relaxed_moves: int) -> BlockPlan:
    """The figures of one whole assignment of a block (int64[u], positions in the block)."""
    managers = block.size[1]
    load = np.zeros(managers, dtype=np.int64)
    np.add.at(load, manager, block.effort)
    table = int(block.loads.cost(np.arange(managers), load).sum())
    holder = manager[block.unit]
    away = (block.member_owner >= 0) & (holder != block.member_owner)
    continuity = int(block.member_price[away].sum())
    return BlockPlan(
        cut=block.cut,
        price=price,
        manager=block.cut.managers[holder],
        match=block.cost_of(manager) - continuity,
        continuity=continuity,
        table=table,
        moves=int(away.sum()),
        bound=bound,
        relaxed_moves=relaxed_moves,
        forced=_forced(block),
        value=_value(block, manager),
    )


def _value(block: Block, manager: Ints) -> int:
    """Load costs of value under an assignment (int64[u]), without the constant."""
    if block.values is None:
        return 0
    held = np.zeros(block.size[1], dtype=np.int64)
    np.add.at(held, manager, block.value)
    return int(block.values.cost(np.arange(block.size[1]), held).sum())


def value_bound(block: Block) -> int:
    """No plan shares value out at less: a flow of value points alone, each kind to every manager any of its units may
    have. Added to the bound of everything else it is a bound for both goals together, and a weak one: it lets value go
    one way and effort another."""
    if block.values is None or not int(block.value.sum()):
        return 0
    permitted = block.open.copy()
    stays = np.flatnonzero(block.may_stay)
    permitted[block.kind[stays], block.owner[stays]] = True
    supply = np.zeros(len(block.base), dtype=np.int64)
    np.add.at(supply, block.kind, block.value)
    line, column = np.nonzero(permitted & (block.capacity > 0))
    zero = np.zeros(len(line), dtype=np.int64)
    total = int(block.value.sum())
    room = np.full(block.size[1], total, dtype=np.int64)
    return carry(supply, line, column, zero, room, block.values.sinks(total)).objective


def _members(block: Block, units: Ints) -> tuple[int, ...]:
    chosen = np.isin(block.unit, units)
    return tuple(block.cut.customers[chosen].tolist())


def _named(block: Block, lack: Infeasible, rule: str) -> Lack:
    named = rule if len(lack.managers) else "nobody"
    staff = tuple(block.cut.managers[lack.managers].tolist())
    return Lack(named, _members(block, lack.customers), staff, lack.missing)


def _permitted(block: Block) -> np.ndarray:
    permitted: np.ndarray = block.open[block.kind]
    stays = np.flatnonzero(block.may_stay)
    permitted[stays, block.owner[stays]] = True
    return permitted


def _evident(block: Block) -> tuple[Lack, ...]:
    """Lacks that need no search: units nobody may take or nobody can carry whole, members of a group to be kept apart,
    more key customers than the managers permitted to them may hold."""
    permitted, found = _permitted(block), []
    nobody = np.flatnonzero(~permitted.any(axis=1))
    if len(nobody):
        single = nobody[np.bincount(block.unit, minlength=block.size[0])[nobody] == 1]
        groups = np.setdiff1d(nobody, single)
        if len(single):
            found.append(Lack("nobody", _members(block, single), (), int(block.effort[single].sum())))
        found += [
            Lack("together", _members(block, np.array([g])), (), int(block.effort[g]))
            for g in groups.tolist()
        ]
    tight = np.flatnonzero(block.effort > int(block.capacity.min(initial=0)))
    room = np.full(block.size[0], -1, dtype=np.int64)
    room[tight] = np.where(permitted[tight], block.capacity[None, :], -1).max(axis=1, initial=-1)
    for unit in np.flatnonzero((room >= 0) & (room < block.effort)).tolist():
        staff = block.cut.managers[permitted[unit]]
        missing = int(block.effort[unit] - room[unit])
        found.append(Lack("capacity", _members(block, np.array([unit])), tuple(staff.tolist()), missing))
    for unit in block.apart[block.apart[:, 0] == block.apart[:, 1], 0].tolist():
        found.append(Lack("apart", _members(block, np.array([unit])), (), 1))
    if block.key_limit is not None and bool(block.keys.any()) and not found:
        keyed = np.flatnonzero(block.keys)
        line, column = np.nonzero(permitted[keyed])
        limit = np.full(block.size[1], block.key_limit, dtype=np.int64)
        zero = np.zeros(len(line), dtype=np.int64)
        staff = np.arange(block.size[1])
        try:
            carry(block.keys[keyed], line, column, zero, limit, Sinks(staff, limit, np.zeros_like(limit)))
        except Infeasible as lack:
            found.append(_named(block, _of_units(lack, keyed), "key_limit"))
    return tuple(found)


def _of_units(lack: Infeasible, units: Ints) -> Infeasible:
    """The same lack with its customers as positions in `units`."""
    return Infeasible(units[lack.customers], lack.managers, lack.missing)


def _unsettled(block: Block, broken: int) -> tuple[Lack, ...]:
    """The solver's plan did not survive being counted again in whole numbers."""
    everyone = np.arange(block.size[0])
    return (Lack("whole", _members(block, everyone), tuple(block.cut.managers.tolist()), broken, False),)


def _repaired(block: Block, done: Polished, costs: Ints) -> tuple[Ints | None, tuple[Lack, ...]]:
    """A whole assignment that keeps every limit, from cores that grow; or what stands in the way."""
    width = 4
    while width < block.size[1]:
        core = reduced(block, done.manager, costs, width)
        found = solve_core(block, core)
        if found.manager is not None:
            return found.manager, ()
        width *= 3
    found = solve_core(block, costs)
    if found.manager is not None:
        return found.manager, ()
    held = np.arange(block.size[0])
    rule = "whole"
    if len(block.apart):
        without = solve_core(replace(block, apart=block.apart[:0]), costs)
        if without.manager is not None:
            held, rule = np.unique(block.apart), "apart"
    return None, (
        Lack(rule, _members(block, held), tuple(block.cut.managers.tolist()), done.broken, found.impossible),
    )
