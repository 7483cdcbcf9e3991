"""Moves against quality: what each further move buys, from the fewest a plan needs to as many as it likes.

A plan is made for each number of moves, and the best mixture of the blocks of all of them is taken. A bound belongs to each
point: for any price, bound at the price − price × moves is one for whoever moves no more, and the best is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .blocks import block_of
from .bundle import BlockPlan, counted, least_moves, perfect_bundle, refine_bundle
from .core import solve_core
from .measures import Measures, measures
from .plan import (
    FEW_BLOCKS,
    PRICE_LIMIT,
    Plan,
    Run,
    Unplannable,
    Work,
    in_turn,
    merged,
    mixed,
    within,
)
from .problem import Problem

POINTS = 7
# Prices per move at which the relaxation is asked for bounds, far apart.
LADDER = (0, *(1 << k for k in range(12, 29, 4)))
# The bound for the fewest moves is sharpened in so many steps at most, and no longer than a further one could add one part in
# ENOUGH; so many plans are made for it.
STEPS, ENOUGH, SOLVES = 5, 5000, 3
# A block of so many pairs is small.
SMALL = 10_000
MIXED = (2, 3, 4, 6, 9, 99)


@dataclass(frozen=True)
class Point:
    """One point of the curve: the best plan found with at most `budget` moves.

    plan: whole (its `bound` is proven for this budget, its `price` what one move more could save at most there, its `least`
    the fewest moves proven necessary). measures: fairness, distance and match of it.
    """

    budget: int
    plan: Plan
    measures: Measures

    @property
    def moves(self) -> int:
        return self.plan.moves

    @property
    def objective(self) -> int:
        return self.plan.objective

    @property
    def bound(self) -> int:
        return self.plan.bound

    @property
    def gap(self) -> float:
        return self.plan.gap


def curve(problem: Problem, points: int = POINTS, run: Run = in_turn) -> tuple[Point, ...]:
    """Up to `points` points by rising moves, each with a lower objective than the one before.

    The policy's own budget is left aside. The first point moves as few as could be found (`plan.least` says how few could be
    at best), the last is the plan without a budget, or a better one met on the way; between them budgets are spread evenly,
    and points that would say the same as their neighbour are left out. The same problem gives the same points, whatever
    `run` does. Cost: some ten plans a point. Raises Unplannable, ValueError (fewer than two points).
    """
    if points < 2:
        raise ValueError("a curve has at least two points")
    free = problem.with_policy(budget=None)
    work = Work(free, run)
    options = [work.solve(0)]
    each = work.each(least_moves)
    least, most = sum(each), _moves(options[0])
    scale = sum(plan.match + plan.continuity for plan in options[0])
    bounds = [(price, *work.relax(price)) for price in LADDER]
    _sharpen(work, bounds, least, scale)
    for price in sorted({bound[0] for bound in bounds if bound[2] <= least * 1000 + 1000} - {0})[:SOLVES]:
        options.append(work.solve(price))
    options.append(_fewest(work, options, each))
    goals = _spread(_moves(options[-1]), most, points)
    proven = dict.fromkeys(goals, (sum(plan.bound for plan in options[0]), 0))
    for goal in goals[1:-1]:
        try:
            plans, *at = within(work, options[0], proven[goal][0], goal)
        except Unplannable:
            continue
        options.append(plans)
        proven[goal] = (at[0], at[1])
    found: list[Point] = []
    for goal in goals:
        plans = _best(work, options, goal)
        known = [(bound - price * goal, price) for price, bound, _ in bounds]
        bound, price = max(*known, proven[goal])
        plan = merged(free.with_policy(budget=goal), plans, bound, least, price)
        if found and plan.objective >= found[-1].objective:
            continue
        # No more moves and yet better: the earlier points would mislead.
        while found and plan.moves <= found[-1].moves:
            found.pop()
        found.append(Point(goal, plan, measures(free, plan.manager)))
    return tuple(found)


def _spread(low: int, high: int, points: int) -> list[int]:
    """So many budgets from the lowest to the highest, evenly; fewer where there are fewer whole numbers."""
    return sorted({low + (high - low) * k // (points - 1) for k in range(points)})


def _moves(plans: Sequence[BlockPlan]) -> int:
    return sum(plan.moves for plan in plans)


def _cost(plans: Iterable[BlockPlan]) -> int:
    return sum(plan.cost for plan in plans)


def _fewest(work: Work, options: Sequence[Sequence[BlockPlan]], least: Sequence[int]) -> list[BlockPlan]:
    """Plans with as few moves as could be found: those at hand polished on at a price above everything else, and a small
    program for each small block that is not known to need so many (`least`, moves by block)."""
    found = mixed([*options, work.refine(mixed(options, 0), PRICE_LIMIT)], 0)
    for k, (plan, needed) in enumerate(zip(found, least, strict=True)):
        if plan.moves <= needed or len(plan.cut.customers) * len(plan.cut.managers) > SMALL:
            continue
        block = block_of(work.problem, plan.cut)
        done = solve_core(block, block.costs(PRICE_LIMIT), plan.moves - 1)
        if done.manager is not None:
            found[k] = counted(block, done.manager, plan.price, plan.bound, plan.relaxed_moves)
    return found


def _best(work: Work, options: Sequence[Sequence[BlockPlan]], budget: int) -> list[BlockPlan]:
    """The best within the budget: a mixture of the blocks' plans, of those near it or of all, or one of them whole; where
    few blocks leave little to mix, what is left of the budget is spent."""
    near = sorted(options, key=lambda plans: abs(_moves(plans) - budget))
    mixtures = [mixed(near[:count], budget) for count in MIXED]
    fitting = [list(plans) for plans in (*mixtures, *options) if _moves(plans) <= budget]
    chosen = min(fitting, key=_cost)
    if len(chosen) <= FEW_BLOCKS:
        spent = refine_bundle(work.problem, chosen, 0, budget - _moves(chosen))
        spent = perfect_bundle(work.problem, min(chosen, spent, key=_cost), budget - _moves(spent))
        chosen = min(chosen, spent, key=_cost)
    return chosen


def _sharpen(work: Work, bounds: list[tuple[int, int, int]], goal: int, scale: int) -> None:
    """Puts in what the relaxation says at the prices that matter to the bound for `goal` moves.

    bounds: (price, bound, moves in thousandths) in order of price. The bound for the goal is concave in the price, so
    between the two neighbours it lies below where their tangents meet; there it is asked next, until little of `scale` could
    be gained.
    """
    for _ in range(STEPS):
        at = next((k for k, (_, _, moves) in enumerate(bounds) if moves <= goal * 1000), len(bounds) - 1)
        low, high = bounds[max(at - 1, 0)], bounds[at]
        rise, fall = low[2] - goal * 1000, high[2] - goal * 1000
        if at == 0 or rise <= fall or high[0] - low[0] <= 1:
            break
        mine, other = low[1] - low[0] * goal, high[1] - high[0] * goal
        price = low[0] + ((other - mine) * 1000 - fall * (high[0] - low[0])) // (rise - fall)
        price = min(max(price, low[0] + 1), high[0] - 1)
        if mine + rise * (price - low[0]) // 1000 - max(mine, other) <= scale // ENOUGH:
            break
        bounds.append((price, *work.relax(price)))
        bounds.sort()


__all__ = ["Point", "Unplannable", "curve"]
