"""Value beside workload: winsorised by hand, a second goal with a bound that is one, and a fairer share of it."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import assume, given, settings

from customers.allocation.engine.explain import explainer, recount
from customers.allocation.engine.measures import gini, measures, totals
from customers.allocation.engine.plan import Unplannable, propose
from customers.allocation.engine.problem import Winsor

from .exact import broken_rules, objective_of
from .hand import column, problem
from .small import problems
from .worlds import bank


def test_value_above_the_cap_counts_no_more():
    winsor = Winsor.of(column(10, 20, 30, 40, 9_000), column(1, 1, 1, 1, 1), 750)
    assert (winsor.cap, winsor.top, winsor.bottom) == (40, 5, 140)
    assert winsor.points(column(28, 56, 9_000)).tolist() == [1, 1, 1]
    assert Winsor.of(column(5, 5), column(10, 30), 990).points(column(5, 1)).tolist() == [20, 4]


def test_value_alone_is_shared_out():
    given = problem([2, 2, 2, 2], [4, 4], customers={"value": column(9, 9, 1, 1)}, value_fairness=100)
    assert given.points.tolist() == [3, 3, 0, 0]
    plan = propose(given)
    assert plan.manager[0] != plan.manager[1]
    # 1000·100·3²/4 = 225 000 for each of the two, no more than the mean costs: 1000·100·6²/8 = 450 000.
    assert (plan.value, plan.bound, plan.gap) == (0, 0, 0.0)


@settings(max_examples=25, deadline=None)
@given(problems())
def test_with_value_the_bound_is_one_and_everything_still_adds_up(problem):
    valued = problem.with_policy(value_fairness=40)
    try:
        plan = propose(valued)
    except Unplannable:
        assume(False)
        raise
    assert broken_rules(valued, plan.manager) == []
    assert plan.objective == objective_of(valued, plan.manager) == recount(valued, plan.manager).objective
    staff, n = range(len(valued.managers)), len(valued.customers)
    if len(staff) ** n <= 300:
        all_plans = (np.array(one, dtype=np.int64) for one in itertools.product(staff, repeat=n))
        sound = [objective_of(valued, one) for one in all_plans if not broken_rules(valued, one)]
        assert plan.bound <= min(sound) <= plan.objective
    found = explainer(valued, plan).explain(0, runners=9)
    for other in (one for one in found.runners if not one.full):
        moved = plan.manager.copy()
        moved[[0, *found.together]] = other.line.manager
        assert plan.objective + other.change == objective_of(valued, moved)


def test_the_second_goal_narrows_the_spread_of_value_at_a_stated_gap():
    valued = bank(1000, 20, 1, even=True, value_fairness=500, value_cap_permille=950)
    capacity = valued.usable_capacity()
    spread = [
        gini(totals(valued.points, propose(one).manager, len(capacity)), capacity)
        for one in (valued, valued.with_policy(value_fairness=0))
    ]
    assert spread[0] < spread[1] / 5
    plan = propose(valued)
    assert measures(valued, plan.manager).use_max_over_mean <= 1.08
    assert 0 < plan.gap < 0.02
