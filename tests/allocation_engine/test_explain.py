"""Explanations: they add up to the objective, and say what another manager lacks."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings

from customers.allocation.engine.explain import explainer, recount
from customers.allocation.engine.plan import Unplannable, propose
from customers.allocation.engine.rules import Broken

from .exact import objective_of
from .hand import column, problem
from .small import problems


@settings(max_examples=40, deadline=None)
@given(problems())
def test_the_lines_add_up_to_the_objective_and_the_changes_are_what_would_happen(problem):
    try:
        plan = propose(problem)
    except Unplannable:
        assume(False)
        raise
    found = explainer(problem, plan)
    lines = [found.line(i, int(plan.manager[i])) for i in range(len(problem.customers))]
    counted = recount(problem, plan.manager)
    assert sum(line.cost for line in lines) + sum(counted.loads) == counted.objective == plan.objective
    assert sum(line.continuity for line in lines) == counted.continuity == plan.continuity
    for term, cost in counted.terms.items():
        assert sum(part.cost for line in lines for part in line.parts if part.term == term) == cost
    for i in range(len(problem.customers)):
        explained = found.explain(i, runners=9)
        for other in explained.runners:
            if other.full:
                continue
            moved = plan.manager.copy()
            moved[[i, *explained.together]] = other.line.manager
            assert plan.objective + other.change == objective_of(problem, moved)


def test_a_runner_up_says_what_he_lacks():
    given = problem(
        [2, 2, 2], [4, 4, 2, 9], skill=[900, 600, 1000, 100], owner=[3, 2, 2], exclusions=column(0, 3).reshape(1, 2),
        pins=column(1, 2, 2, 0).reshape(2, 2), customers={"weight": column(2, 1, 1)},
    )  # fmt: skip
    plan = propose(given)
    assert plan.manager.tolist() == [0, 2, 0]
    explained = explainer(given, plan).explain(0)
    assert explained.line.cost == 2 * 100 + 100
    second, third, last = explained.runners
    assert (second.line.manager, second.change, second.worse) == (1, 600, (("expertise_match", 600),))
    assert second.permitted
    assert (third.line.manager, third.full, third.permitted) == (2, 2, False)
    assert last == explained.present
    assert (last.line.manager, last.broken, last.permitted) == (3, (Broken("exclusion"),), False)
    assert last.change == 2 * 900 - 300


def test_keys_and_conflicts_stand_in_a_runner_ups_way():
    given = problem([1, 1, 1], [9, 9], skill=[1000, 500], customers={"key": [True, True, False]}, key_limit=1,
                    apart=column(0, 2).reshape(1, 2))  # fmt: skip
    plan = propose(given)
    assert plan.manager[0] != plan.manager[1]
    found = explainer(given, plan)
    (other,) = found.explain(0).runners
    assert (other.keys, other.permitted) == (1, False)
    (other,) = found.explain(2).runners
    assert other.apart == (0,)


@pytest.mark.parametrize("fairness", [0, 7, 1000])
def test_shares_of_the_load_cost_are_about_the_formula(fairness):
    given = problem([3, 1, 2], [4, 7], fairness=fairness)
    counted = recount(given, column(0, 1, 1))
    mean = 6 / 11
    for part, load, room in zip(counted.loads, (3, 3), (4, 7), strict=True):
        assert abs(part - 1000 * fairness * room * (load / room - mean) ** 2) <= 2 + load


def test_who_would_have_to_be_won_over_lacks_continuity():
    given = problem([1], [2, 2], skill=[950, 1000], owner=[0])
    explained = explainer(given, propose(given)).explain(0)
    assert (explained.line.manager, explained.line.cost, explained.present) == (0, 50, None)
    (other,) = explained.runners
    assert (other.change, other.worse) == (50, (("continuity", 100),))
