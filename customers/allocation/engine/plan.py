"""The coordinator: blocks handed to whoever works, results put together, the move budget priced, the plan signed.

Blocks are coupled by the budget alone: the mean load leaves decisions alone (see `loads`), managers lent between branches
make the branches one block. A price per move uncouples the budget; the sum of the blocks' bounds at any price, less
price × budget, is a bound for the whole, and the best of them is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .blocks import Cut, block_of, cuts
from .bundle import (
    BlockPlan,
    Lack,
    counted,
    least_moves,
    perfect_bundle,
    refine_bundle,
    relax_bundle,
    solve_bundle,
)
from .core import solve_core
from .loads import constant
from .problem import Ints, Problem

# Customers in a bundle: about a second of work.
BUNDLE = 20_000
# A price per move beyond this would leave the range of costs; no sensible match is worth it.
PRICE_LIMIT = 1 << 32
STEPS = 24
# Under a budget whole plans are made at so many prices: more where few blocks leave little to choose from.
FEW_BLOCKS, HALVINGS, SOLVES = 8, 10, 3


class Run(Protocol):
    """Runs `function(problem, part, *rest)` for every part and gives the results in the order of the parts."""

    def __call__(
        self, function: Callable[..., list[Any]], problem: Problem, parts: Sequence[Any], *rest: Any
    ) -> list[list[Any]]: ...


def in_turn(
    function: Callable[..., list[Any]], problem: Problem, parts: Sequence[Any], *rest: Any
) -> list[list[Any]]:
    """One part after the other, in this process."""
    return [function(problem, part, *rest) for part in parts]


class Unplannable(Exception):
    """Not all hard rules can be kept; `lacks` names each rule with its customers, managers and what is missing."""

    def __init__(self, lacks: Sequence[Lack]) -> None:
        super().__init__(
            "; ".join(
                f"{lack.rule}: {len(lack.customers)} customers, {lack.missing} missing" for lack in lacks
            )
        )
        self.lacks = tuple(lacks)


@dataclass(frozen=True)
class Plan:
    """A plan for every customer of a problem.

    manager: int64[n], index of the manager of each customer. objective = match + continuity + load + value, whole cost
    units (thousandths of a weight); load and value (0 when left alone) already have the constants of their means off. bound: no plan that keeps the rules
    and the budget costs less. moves: customers taken from their present manager; forced: of these, how many the pair
    rules make unavoidable; least: the least any plan needs, capacities counted too where there is a budget. price: what
    one move more within the budget would save (0 when the budget does not bind). digest: sha256 over (customer id, manager id) in order of id.
    """

    manager: Ints
    match: int
    continuity: int
    load: int
    value: int
    bound: int
    moves: int
    forced: int
    least: int
    budget: int | None
    price: int
    digest: str
    blocks: tuple[BlockPlan, ...]

    @property
    def objective(self) -> int:
        return self.match + self.continuity + self.load + self.value

    @property
    def gap(self) -> float:
        """(objective − bound) / |objective|: how far from the best possible this plan can be at most."""
        return (self.objective - self.bound) / abs(self.objective) if self.objective else 0.0


def bundles(found: Sequence[Cut], size: int | None = None) -> list[list[Cut]]:
    """Blocks in bundles of about `size` (usually BUNDLE) customers, in order of their numbers."""
    size = BUNDLE if size is None else size
    parts: list[list[Cut]] = []
    held = size
    for cut in found:
        if held >= size:
            parts.append([])
            held = 0
        parts[-1].append(cut)
        held += max(len(cut.customers), 1)
    return parts


def propose(problem: Problem, run: Run = in_turn) -> Plan:
    """The plan of a problem with its bound.

    run: how bundles are worked on (a pool of processes, say); the plan is the same whatever it does. Cost: about 20 µs a
    customer; under a binding budget about ten times that. Raises Unplannable, RangeError.
    """
    work = Work(problem, run)
    plans = work.solve(0)
    least = _forced(plans) if problem.policy.budget is None else work.least()
    bound, price, budget = sum(p.bound for p in plans), 0, problem.policy.budget
    if budget is not None:
        if least > budget:
            raise Unplannable([work.lack_of_budget(budget, least, True)])
        if sum(p.moves for p in plans) > budget:
            plans, bound, price = within(work, plans, bound, budget)
    return merged(problem, plans, bound, least, price)


class Work:
    """The problem cut into bundles, and the calls on them."""

    def __init__(self, problem: Problem, run: Run) -> None:
        self.problem, self.run = problem, run
        self.cuts = cuts(problem)
        self.parts = bundles(self.cuts)

    def each(self, function: Callable[..., list[Any]], *rest: Any) -> list[Any]:
        """The function's results for all blocks, in order."""
        return [one for part in self.run(function, self.problem, self.parts, *rest) for one in part]

    def solve(self, price: int) -> list[BlockPlan]:
        plans: list[BlockPlan] = self.each(solve_bundle, price)
        lacks = [lack for plan in plans for lack in plan.lacks]
        if lacks:
            raise Unplannable(lacks)
        return plans

    def least(self) -> int:
        """The least moves any plan needs, capacities counted."""
        return sum(self.each(least_moves))

    def relax(self, price: int) -> tuple[int, int]:
        """(bound, moves in thousandths) of the whole at a price per move."""
        found = self.each(relax_bundle, price)
        return sum(bound for bound, _ in found), sum(moves for _, moves in found)

    def refine(self, plans: Sequence[BlockPlan], price: int) -> list[BlockPlan]:
        parts, at = [], 0
        for part in self.parts:
            parts.append(list(plans[at : at + len(part)]))
            at += len(part)
        return [one for part in self.run(refine_bundle, self.problem, parts, price) for one in part]

    def lack_of_budget(self, budget: int, needed: int, proven: bool) -> Lack:
        movers = np.flatnonzero(self.problem.customers.owner >= 0)
        return Lack(
            "budget", tuple(movers.tolist()) if len(movers) <= 1000 else (), (), needed - budget, proven
        )


def within(work: Work, plans: list[BlockPlan], free: int, budget: int) -> tuple[list[BlockPlan], int, int]:
    """Plans with at most `budget` moves, a bound for that budget, the price per move found.

    Each block's plans at the prices tried are kept; of them, those are put together that keep the budget at least cost.
    """
    price, bound = _price(work, free, budget, sum(p.match + p.continuity for p in plans))
    low, high = 0, price
    options = [plans]
    for _ in range(HALVINGS if len(plans) <= FEW_BLOCKS else SOLVES):
        found = work.solve(price)
        options.append(found)
        bound = max(bound, sum(plan.bound for plan in found) - price * budget)
        if _moves(found) > budget:
            low, high = price, high if high > price else min(price + max(price // 32, 1), PRICE_LIMIT)
        else:
            high = price
        step = max(price // 32, 1)
        price = max(high - step, (low + high) // 2) if high - low > 1 else high
        if high - low <= 1 and _moves(found) <= budget:
            break
    chosen = mixed(options, budget)
    if _moves(chosen) > budget:
        chosen = _squeezed(work, chosen, high, budget)
    if len(plans) <= FEW_BLOCKS:
        for part in (high, high // 2, 0):
            spent = refine_bundle(work.problem, chosen, part, budget - _moves(chosen))
            chosen = min(chosen, spent, key=_cost)
        chosen = perfect_bundle(work.problem, chosen, budget - _moves(chosen))
    return chosen, bound, high


def _squeezed(work: Work, plans: list[BlockPlan], price: int, budget: int) -> list[BlockPlan]:
    """Plans polished on at rising prices until they keep the budget."""
    options = [plans]
    while price < PRICE_LIMIT:
        price = min(max(price * 2, 1 << 16), PRICE_LIMIT)
        options.append(work.refine(options[-1], price))
        if _moves(options[-1]) <= budget:
            return mixed(options, budget)
    return _exactly(work, options[-1], budget)


def _cost(plans: Sequence[BlockPlan]) -> int:
    return sum(plan.cost for plan in plans)


def _forced(plans: Iterable[BlockPlan]) -> int:
    return sum(plan.forced for plan in plans)


def _moves(plans: Iterable[BlockPlan]) -> int:
    return sum(plan.moves for plan in plans)


def _price(work: Work, free: int, budget: int, scale: int) -> tuple[int, int]:
    """The least price found at which the relaxation moves at most `budget`, and the best bound met on the way.

    The bound is concave in the price with slope moves − budget, so it lies below the tangents of the two neighbours; the
    next price tried is where they meet. It ends when that point could add less than a 20 000th of `scale` (the
    objective without budget), or after a fixed number of steps.
    """
    best, high = free, 1 << 14
    low = _Point(0, *work.relax(0), budget)
    while True:
        upper = _Point(high, *work.relax(high), budget)
        best = max(best, upper.bound)
        if upper.slope <= 0 or high >= PRICE_LIMIT:
            break
        low, high = upper, high * 4
    for _ in range(STEPS):
        if upper.slope > 0 or upper.price - low.price <= 1 or low.slope <= upper.slope:
            break
        top = (upper.bound - low.bound) * 1000 + low.slope * low.price - upper.slope * upper.price
        price = min(max(top // (low.slope - upper.slope), low.price + 1), upper.price - 1)
        if low.bound + low.slope * (price - low.price) // 1000 - best <= abs(scale) // 20_000:
            break
        found = _Point(price, *work.relax(price), budget)
        best = max(best, found.bound)
        if found.slope <= 0:
            upper = found
        else:
            low = found
    return upper.price, best


class _Point:
    """A price per move with the bound it gives for the budget and the bound's slope (thousandths of a move)."""

    def __init__(self, price: int, bound: int, moves: int, budget: int) -> None:
        self.price, self.bound, self.slope = price, bound - price * budget, moves - budget * 1000


def mixed(options: Sequence[Sequence[BlockPlan]], budget: int) -> list[BlockPlan]:
    """One of its plans for each block: those with fewest moves, then the exchanges that save most per move while the
    budget lasts. May exceed the budget when the fewest moves do."""
    blocks = list(zip(*options, strict=True))
    chosen = [min((plan.moves, plan.cost, t) for t, plan in enumerate(plans))[2] for plans in blocks]
    left = budget - sum(plans[t].moves for plans, t in zip(blocks, chosen, strict=True))
    while True:
        steps = []
        for k, plans in enumerate(blocks):
            held = plans[chosen[k]]
            for t, plan in enumerate(plans):
                saved, more = held.cost - plan.cost, plan.moves - held.moves
                if saved > 0 and more <= max(left, 0):
                    steps.append((more > 0, -(saved * 1000 // max(more, 1)), k, t))
        if not steps:
            return [plans[t] for plans, t in zip(blocks, chosen, strict=True)]
        touched: set[int] = set()
        for _, _, k, t in sorted(steps):
            more = blocks[k][t].moves - blocks[k][chosen[k]].moves
            if k not in touched and more <= max(left, 0):
                touched.add(k)
                chosen[k] = t
                left -= more


def _exactly(work: Work, plans: Sequence[BlockPlan], budget: int) -> list[BlockPlan]:
    """The last resort: small programs, the block with the most moves first; within what the others leave of the budget
    if that can be, else with as few moves as there can be."""
    found = list(plans)
    for k in sorted(range(len(found)), key=lambda k: (-found[k].moves, k)):
        others = _moves(found) - found[k].moves
        block = block_of(work.problem, found[k].cut)
        done = solve_core(block, block.costs(0), max(budget - others, 0))
        if done.manager is None:
            done = solve_core(block, block.costs(PRICE_LIMIT))
        if done.manager is not None:
            fewer = counted(block, done.manager, found[k].price, found[k].bound, found[k].relaxed_moves)
            found[k] = min(found[k], fewer, key=lambda plan: (plan.moves, plan.cost))
        if _moves(found) <= budget:
            return found
    raise Unplannable([work.lack_of_budget(budget, _moves(found), False)])


def merged(problem: Problem, plans: Sequence[BlockPlan], bound: int, least: int, price: int) -> Plan:
    """The blocks' plans as one; `bound` is the sum of their bounds (load tables without the constant)."""
    manager = np.zeros(len(problem.customers), dtype=np.int64)
    for plan in plans:
        assert plan.manager is not None
        manager[plan.cut.customers] = plan.manager
    room = int(problem.usable_capacity().sum())
    mean = constant(problem.policy.fairness, int(problem.customers.effort.sum()), room)
    value = constant(problem.policy.value_fairness, int(problem.points.sum()), room)
    return Plan(
        manager=manager,
        match=sum(plan.match for plan in plans),
        continuity=sum(plan.continuity for plan in plans),
        load=sum(plan.table for plan in plans) - mean,
        value=sum(plan.value for plan in plans) - value,
        bound=bound - mean - value,
        moves=_moves(plans),
        forced=_forced(plans),
        least=least,
        budget=problem.policy.budget,
        price=price,
        digest=digest(problem, manager),
        blocks=tuple(plans),
    )


def digest(problem: Problem, manager: Ints) -> str:
    """sha256 over customer id and manager id of every line, in order of customer id."""
    signed = hashlib.sha256()
    holders = problem.managers.ids[manager]
    for start in range(0, len(manager), 1 << 16):
        lines = zip(
            problem.customers.ids[start : start + (1 << 16)].tolist(),
            holders[start : start + (1 << 16)].tolist(),
            strict=True,
        )
        signed.update("".join(f"{customer}\t{holder}\n" for customer, holder in lines).encode())
    return signed.hexdigest()
