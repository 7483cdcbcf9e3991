"""Locks and rejects are kept, only what is concerned changes, and the result is that of planning anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from customers.allocation.engine.plan import Unplannable, propose
from customers.allocation.engine.problem import ProblemError
from customers.allocation.engine.review import resolve

from .exact import best, broken_rules
from .hand import problem
from .small import problems
from .worlds import bank


@settings(max_examples=40, deadline=None)
@given(problems(), st.data())
def test_locks_are_kept_and_the_bound_is_one(problem, data):
    try:
        plan = propose(problem)
    except Unplannable:
        assume(False)
        raise
    pair = st.tuples(st.integers(0, len(problem.customers) - 1), st.integers(0, len(problem.managers) - 1))
    locks = list({i: (i, j) for i, j in data.draw(st.lists(pair, max_size=2))}.values())
    rejects = [one for one in data.draw(st.lists(pair, max_size=2)) if one not in locks]
    try:
        found = resolve(problem, plan, locks, rejects)
    except Unplannable:
        altered = problem.with_policy(
            pins=np.array(sorted({**dict(problem.policy.pins.tolist()), **dict(locks)}.items())).reshape(
                -1, 2
            ),
            exclusions=np.array([*problem.policy.exclusions.tolist(), *rejects], dtype=np.int64).reshape(
                -1, 2
            ),
        )
        assert best(altered) is None
        return
    assert all(found.plan.manager[i] == j for i, j in locks)
    assert all(found.plan.manager[i] != j for i, j in rejects)
    assert broken_rules(found.problem, found.plan.manager) == []
    optimum = best(found.problem)
    assert optimum is not None
    assert found.plan.bound <= optimum.objective <= found.plan.objective
    assert found.plan.digest == propose(found.problem).digest


def test_only_the_branch_concerned_is_planned_again():
    made = bank(400, 16, 4)
    plan = propose(made)
    line = int(np.flatnonzero(made.customers.branch == 2)[5])
    here = int(plan.manager[line])
    found = resolve(made, plan, rejects=[(line, here)])
    assert found.plan.manager[line] != here
    assert set(made.customers.branch[found.altered].tolist()) == {2}
    again = propose(found.problem)
    for name in ("digest", "objective", "bound", "moves", "forced", "least"):
        assert getattr(found.plan, name) == getattr(again, name), name


@pytest.mark.parametrize(
    ("locks", "rejects"), [([(0, 0), (0, 1)], []), ([(0, 0)], [(0, 0)]), ([(5, 0)], []), ([], [(0, 9)])]
)
def test_decisions_that_contradict_or_name_nobody_are_refused(locks, rejects):
    made = problem([1, 1], [2, 2])
    with pytest.raises(ProblemError):
        resolve(made, propose(made), locks, rejects)


def test_a_lock_replaces_an_earlier_pin():
    made = problem([1, 1], [2, 2], pins=np.array([[0, 1]]))
    plan = propose(made)
    assert plan.manager[0] == 1
    found = resolve(made, plan, locks=[(0, 0)])
    assert found.plan.manager[0] == 0
    assert found.problem.policy.pins.tolist() == [[0, 0]]
    assert found.altered.tolist() == [0]
