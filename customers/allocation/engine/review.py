"""What a reviewer does to a plan: lock lines, reject lines, see the effect at once (ALC-5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .bundle import solve_bundle
from .plan import Plan, Run, Unplannable, Work, in_turn, merged, propose
from .problem import Fault, Ints, Problem, ProblemError


@dataclass(frozen=True)
class Resolved:
    """The problem with the reviewer's decisions in it, its plan, and the customers (indices) whose manager differs from
    the plan before."""

    problem: Problem
    plan: Plan
    altered: Ints


def resolve(
    problem: Problem,
    plan: Plan,
    locks: Iterable[tuple[int, int]] = (),
    rejects: Iterable[tuple[int, int]] = (),
    run: Run = in_turn,
) -> Resolved:
    """The plan again, with (customer, manager) pairs locked and others rejected.

    A lock is a pin and replaces an earlier one; a reject is an exclusion. Where no budget binds only the blocks concerned
    are solved again, and the result is the same as from the beginning. Raises ProblemError for a pair both locked and
    rejected or a customer locked twice, Unplannable when the decisions cannot all be kept.
    """
    kept, dropped = sorted(set(locks)), sorted(set(rejects))
    _refuse(problem, kept, dropped)
    altered = problem.with_policy(
        pins=_joined(problem.policy.pins, kept, replace_first=True),
        exclusions=_joined(problem.policy.exclusions, dropped, replace_first=False),
    )
    if problem.policy.budget is None and plan.price == 0:
        again = _touched_again(altered, plan, [customer for customer, _ in (*kept, *dropped)], run)
    else:
        again = propose(altered, run)
    return Resolved(altered, again, np.flatnonzero(again.manager != plan.manager))


def _refuse(problem: Problem, locks: list[tuple[int, int]], rejects: list[tuple[int, int]]) -> None:
    customers, managers = len(problem.customers), len(problem.managers)
    named = [customer for customer, _ in locks]
    twice = sorted({c for c in named if named.count(c) > 1} | {c for c, _ in set(locks) & set(rejects)})
    unknown = [c for c, j in (*locks, *rejects) if not (0 <= c < customers and 0 <= j < managers)]
    faults = [Fault("decided_twice", "locks", tuple(twice[:10]), len(twice))] if twice else []
    faults += [Fault("unknown", "locks", tuple(unknown[:10]), len(unknown))] if unknown else []
    if faults:
        raise ProblemError(faults)


def _joined(pairs: Ints, more: list[tuple[int, int]], *, replace_first: bool) -> Ints:
    if not more:
        return pairs
    added = np.array(more, dtype=np.int64)
    kept = pairs[~np.isin(pairs[:, 0], added[:, 0])] if replace_first else pairs
    return np.unique(np.concatenate([kept, added]), axis=0)


def _touched_again(problem: Problem, plan: Plan, customers: list[int], run: Run) -> Plan:
    work = Work(problem, run)
    touched = set(problem.block[problem.customers.branch[customers]].tolist()) if customers else set()
    again = [[cut] for cut in work.cuts if cut.number in touched]
    fresh = {found.cut.number: found for part in run(solve_bundle, problem, again, 0) for found in part}
    lacks = [lack for found in fresh.values() for lack in found.lacks]
    if lacks:
        raise Unplannable(lacks)
    plans = [fresh.get(held.cut.number, held) for held in plan.blocks]
    least = sum(found.forced for found in plans)
    return merged(problem, plans, sum(found.bound for found in plans), least, 0)
