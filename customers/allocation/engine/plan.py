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
from .bundle import BlockPlan, Lack, counted, least_moves, refine_bundle, relax_bundle, solve_bundle
from .core import solve_core
from .loads import constant
from .problem import Ints, Problem

# Customers in a bundle: about a second of work.
BUNDLE = 20_000
# A price per move beyond this would leave the range of costs; no sensible match is worth it.
PRICE_LIMIT = 1 << 32
STEPS = 24
# With few blocks the budget is met by halving the price between a plan within it and one beyond it.
FEW_BLOCKS, HALVINGS = 8, 8


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

    manager: int64[n], index of the manager of each customer. objective = match + continuity + load, whole cost units
    (thousandths of a weight); load already has the constant of the mean taken off. bound: no plan that keeps the rules
    and the budget costs less. moves: customers taken from their present manager; forced: of these, how many the pair
    rules make unavoidable; least: the least any plan needs, capacities counted. price: what one move more within the
    budget would save (0 when the budget does not bind). digest: sha256 over (customer id, manager id) in order of id.
    """

    manager: Ints
    match: int
    continuity: int
    load: int
    bound: int
    moves: int
    forced: int
    least: int
    budget: int | None
    price: int
    digest: str

    @property
    def objective(self) -> int:
        return self.match + self.continuity + self.load

    @property
    def gap(self) -> float:
        """(objective − bound) / |objective|: how far from the best possible this plan can be at most."""
        return (self.objective - self.bound) / abs(self.objective) if self.objective else 0.0


def bundles(found: Sequence[Cut], size: int = BUNDLE) -> list[list[Cut]]:
    """Blocks in bundles of about `size` customers, in order of their numbers."""
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
    customer; under a binding budget about five times that. Raises Unplannable, RangeError.
    """
    work = _Work(problem, run)
    plans = work.solve(0)
    forced, least = (
        (sum(values) for values in zip(*work.each(least_moves), strict=True)) if work.cuts else (0, 0)
    )
    bound, price, budget = sum(p.bound for p in plans), 0, problem.policy.budget
    if budget is not None:
        if least > budget:
            raise Unplannable([work.lack_of_budget(budget, least, True)])
        if sum(p.moves for p in plans) > budget:
            plans, bound, price = _within(work, plans, bound, budget)
    return _merged(problem, plans, bound, forced, least, price)


class _Work:
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


def _within(work: _Work, plans: list[BlockPlan], free: int, budget: int) -> tuple[list[BlockPlan], int, int]:
    """Plans with at most `budget` moves, a bound for that budget, the price per move found."""
    price, bound = _price(work, free, budget, sum(p.match + p.continuity for p in plans))
    plans = work.solve(price)
    tight, loose, tight_at, loose_at = _bracket(work, plans, price, budget)
    for _ in range(HALVINGS if len(plans) <= FEW_BLOCKS else 0):
        middle = (tight_at + loose_at) // 2
        if loose is None or middle in (tight_at, loose_at) or _moves(tight) == budget:
            break
        found = work.refine(tight, middle)
        if _moves(found) > budget:
            loose, loose_at = found, middle
        else:
            tight, tight_at = _better(tight, found, budget), middle
    return tight if loose is None else _mixed(tight, loose, budget), bound, price


def _bracket(
    work: _Work, plans: list[BlockPlan], price: int, budget: int
) -> tuple[list[BlockPlan], list[BlockPlan] | None, int, int]:
    """(plans within the budget, plans beyond it or None, the prices they were polished at)."""
    step, at, before = max(price // 64, 1), price, price
    loose: list[BlockPlan] | None = None
    while _moves(plans) > budget:
        if at >= PRICE_LIMIT:
            return _exactly(work, plans, budget), None, at, at
        loose, before = plans, at
        at, step = min(at + step, PRICE_LIMIT), step * 2
        plans = work.refine(plans, at)
    while loose is None and at > 0 and _moves(plans) < budget:
        before, step = max(at - step, 0), step * 2
        freer = work.refine(plans, before)
        if _moves(freer) > budget:
            loose = freer
        else:
            plans, at = _better(plans, freer, budget), before
    return plans, loose, at, before


def _moves(plans: Iterable[BlockPlan]) -> int:
    return sum(plan.moves for plan in plans)


def _price(work: _Work, free: int, budget: int, scale: int) -> tuple[int, int]:
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


def _better(plans: list[BlockPlan], others: list[BlockPlan], budget: int) -> list[BlockPlan]:
    """The cheaper of each block's two plans where together they keep the budget, else the cheaper whole."""
    chosen = [b if b.cost < a.cost else a for a, b in zip(plans, others, strict=True)]
    if _moves(chosen) <= budget:
        return chosen
    return min(plans, others, key=lambda found: sum(plan.cost for plan in found))


def _mixed(plans: Sequence[BlockPlan], freer: Sequence[BlockPlan], budget: int) -> list[BlockPlan]:
    """Blocks taken from `freer` while the budget lasts, those first that save most per move."""
    chosen, left = list(plans), budget - _moves(plans)
    gains = [
        (a.cost - b.cost, b.moves - a.moves, k) for k, (a, b) in enumerate(zip(plans, freer, strict=True))
    ]
    useful = [gain for gain in gains if gain[0] > 0]
    useful.sort(key=lambda gain: (-(gain[0] * 1000 // gain[1]) if gain[1] > 0 else -(1 << 62), gain[2]))
    for _, moves, k in useful:
        if moves <= left:
            chosen[k] = freer[k]
            left -= moves
    return chosen


def _exactly(work: _Work, plans: Sequence[BlockPlan], budget: int) -> list[BlockPlan]:
    """The last resort: the blocks with the most moves are solved as small programs that count nothing but moves."""
    found = list(plans)
    for k in sorted(range(len(found)), key=lambda k: (-found[k].moves, k)):
        others = _moves(found) - found[k].moves
        block = block_of(work.problem, found[k].cut)
        done = solve_core(block, block.costs(0), max(budget - others, 0))
        if done.manager is not None:
            found[k] = counted(block, done.manager, found[k].price, found[k].bound, found[k].relaxed_moves)
        if _moves(found) <= budget:
            return found
    raise Unplannable([work.lack_of_budget(budget, _moves(found), False)])


def _merged(
    problem: Problem, plans: Sequence[BlockPlan], bound: int, forced: int, least: int, price: int
) -> Plan:
    manager = np.zeros(len(problem.customers), dtype=np.int64)
    for plan in plans:
        assert plan.manager is not None
        manager[plan.cut.customers] = plan.manager
    mean = constant(
        problem.policy.fairness, int(problem.customers.effort.sum()), int(problem.usable_capacity().sum())
    )
    return Plan(
        manager=manager,
        match=sum(plan.match for plan in plans),
        continuity=sum(plan.continuity for plan in plans),
        load=sum(plan.table for plan in plans) - mean,
        bound=bound - mean,
        moves=_moves(plans),
        forced=forced,
        least=least,
        budget=problem.policy.budget,
        price=price,
        digest=digest(problem, manager),
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
