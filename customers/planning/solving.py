"""Solving a plan in parts, and putting the parts together. Pure but for the engine: no database.

A customer for whom the rules leave nobody is taken out and named; a block that cannot be planned even so is taken out whole,
so that one branch without room does not keep the others from their plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from customers.allocation.engine.blocks import Cut, cuts
from customers.allocation.engine.bundle import BlockPlan, Lack, solve_block
from customers.allocation.engine.plan import Plan, Work, bundles, in_turn, merged, propose
from customers.allocation.engine.problem import Ints, Problem
from customers.planning.snapshots import without

Pair = tuple[int, int]


@dataclass(frozen=True)
class Solved:
    """A plan for the customers that can be planned (`problem`), and why the others cannot: lacks with their customers and
    managers as indices of the whole problem. `left_out` are the indices of those customers. `answers` are the blocks of
    `problem` at no price per move, in order."""

    problem: Problem
    plan: Plan | None
    lacks: tuple[Lack, ...]
    left_out: Ints
    answers: tuple[BlockPlan, ...] = ()


def parts_of(problem: Problem) -> list[list[Cut]]:
    """The bundles, the same in every process."""
    return bundles(cuts(problem))


def solve_part(problem: Problem, part: Sequence[Cut]) -> list[BlockPlan]:
    """The answers of one bundle at no price per move. A block in which the rules leave nobody for some customers is solved
    without them: its answer is for the others, and carries the lacks."""
    answers = []
    for cut in part:
        plan = solve_block(problem, cut)
        if plan.lacks and all(lack.rule == "nobody" for lack in plan.lacks):
            gone = np.array(sorted({one for lack in plan.lacks for one in lack.customers}), dtype=np.int64)
            rest = without(problem, gone)
            left = next((one for one in cuts(rest) if one.number == cut.number), None)
            again = solve_block(rest, left) if left is not None else _empty(cut)
            plan = replace(again, cut=cut, lacks=(*plan.lacks, *_as_before(again.lacks, gone)))
        answers.append(plan)
    return answers


def _as_before(lacks: Sequence[Lack], gone: Ints) -> list[Lack]:
    """Lacks of the problem without some customers, with the customers' indices in the whole problem."""
    return [replace(lack, customers=tuple(_before(one, gone) for one in lack.customers)) for lack in lacks]


def _before(index: int, gone: Ints) -> int:
    for one in gone.tolist():
        if one > index:
            break
        index += 1
    return index


def _empty(cut: Cut) -> BlockPlan:
    """The answer of a block with nobody in it."""
    return BlockPlan(cut, 0, np.zeros(0, dtype=np.int64), 0, 0, 0, 0, 0, 0)


class TooLong(Exception):
    """A move budget binds, and the whole would have to be planned under it: more than one may wait for."""


def put_together(
    problem: Problem, answers: Sequence[BlockPlan], budget_percent: int | None, at_most: int | None = None
) -> Solved:
    """The whole plan. With a budget of p percent, of the customers who have a manager at most so many may move beyond
    the moves that no plan can avoid; where that binds the whole is planned again under it. No plan where nothing is left."""
    lacks = tuple(lack for plan in answers for lack in plan.lacks)
    gone = _gone(answers)
    rest = without(problem, gone) if len(gone) else problem
    if not len(rest.customers):
        return Solved(rest, None, lacks, gone)
    found = {cut.number: cut for cut in cuts(rest)}
    plans = [
        replace(plan, cut=found[plan.cut.number], lacks=())
        for plan in answers
        if plan.manager is not None and plan.cut.number in found
    ]
    done = {plan.cut.number for plan in plans}
    plans += [_empty(cut) for number, cut in found.items() if number not in done]
    plans.sort(key=lambda plan: plan.cut.number)
    forced, moves = sum(plan.forced for plan in plans), sum(plan.moves for plan in plans)
    bound = sum(plan.bound for plan in plans)
    if budget_percent is None:
        return Solved(rest, merged(rest, plans, bound, forced, 0), lacks, gone, tuple(plans))
    least = Work(rest, in_turn).least()
    limited = rest.with_policy(budget=budget_of(rest, least, budget_percent))
    if moves <= (limited.policy.budget or 0):
        return Solved(limited, merged(limited, plans, bound, least, 0), lacks, gone, tuple(plans))
    if at_most is not None and len(rest.customers) > at_most:
        raise TooLong
    return Solved(limited, propose(limited), lacks, gone, tuple(plans))


def budget_of(problem: Problem, least: int, percent: int) -> int:
    """How many moves a percentage allows: those that no plan can avoid, and so many of the customers who have a manager."""
    return least + int((problem.customers.owner >= 0).sum()) * percent // 100


def percent_for(problem: Problem, least: int, moves: int) -> int:
    """The smallest percentage that allows so many moves, 0 to 100."""
    held = int((problem.customers.owner >= 0).sum())
    more = max(moves - least, 0)
    return min(-(-more * 100 // held), 100) if held else 0


def with_choices(problem: Problem, locks: Sequence[Pair], bars: Sequence[Pair]) -> Problem:
    """The problem with a planner's choices as pins and exclusions: (customer, manager) indices. A lock replaces a pin."""
    if not locks and not bars:
        return problem
    pins, out = problem.policy.pins, problem.policy.exclusions
    if locks:
        added = np.array(sorted(locks), dtype=np.int64)
        pins = np.unique(np.concatenate([pins[~np.isin(pins[:, 0], added[:, 0])], added]), axis=0)
    if bars:
        out = np.unique(np.concatenate([out, np.array(sorted(bars), dtype=np.int64)]), axis=0)
    return problem.with_policy(pins=pins, exclusions=out)


def solve_again(
    problem: Problem, locks: Sequence[Pair], bars: Sequence[Pair], percent: int | None,
    known: Mapping[int, BlockPlan] | None = None, at_most: int | None = None,
) -> Solved:  # fmt: skip
    """The plan of the problem with the choices kept; the same as from the beginning, but blocks no choice is about are
    taken from `known` (block number → its answer without choices). Where not all can be kept the plan is None and `lacks`
    says what for. Raises Unplannable (the budget), RangeError, TooLong (a budget binds for more than `at_most` customers)."""
    chosen = with_choices(problem, locks, bars)
    about = np.array(sorted({customer for customer, _ in (*locks, *bars)}), dtype=np.int64)
    touched = set(problem.block[problem.customers.branch[about]].tolist())
    answers = []
    for cut in cuts(chosen):
        found = None if known is None or cut.number in touched else known.get(cut.number)
        answers.append(solve_block(chosen, cut) if found is None else replace(found, cut=cut))
    lacks = tuple(lack for answer in answers for lack in answer.lacks)
    if lacks:
        return Solved(chosen, None, lacks, np.zeros(0, dtype=np.int64))
    return put_together(chosen, answers, percent, at_most)


def _gone(answers: Sequence[BlockPlan]) -> Ints:
    """Customers the rules leave nobody, and all customers of blocks without a plan."""
    rows = [
        np.array(lack.customers, dtype=np.int64)
        for plan in answers
        for lack in plan.lacks
        if lack.rule == "nobody"
    ]
    rows += [plan.cut.customers for plan in answers if plan.manager is None]
    return np.unique(np.concatenate(rows)) if rows else np.zeros(0, dtype=np.int64)
