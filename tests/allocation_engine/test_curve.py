"""Moves against quality: points rise in moves and fall in cost, their bounds are bounds, the ends are what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings

from customers.allocation.engine import plan as planning
from customers.allocation.engine.curve import curve
from customers.allocation.engine.plan import Unplannable, propose

from .exact import best, broken_rules, objective_of
from .hand import column
from .hand import problem as made
from .small import problems
from .test_coordination import backwards
from .worlds import bank


def checked(problem, points):
    """What holds of every curve."""
    moves, costs = [p.moves for p in points], [p.objective for p in points]
    assert moves == sorted(set(moves))
    assert costs == sorted(set(costs), reverse=True)
    for point in points:
        assert point.plan.least <= point.moves <= point.budget == point.plan.budget
        assert point.bound <= point.objective == objective_of(problem, point.plan.manager)
        assert broken_rules(problem.with_policy(budget=point.budget), point.plan.manager) == []
        assert (point.measures.moves, point.measures.over_capacity) == (point.moves, 0)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_no_plan_within_a_points_budget_costs_less_than_its_bound(problem):
    try:
        points = curve(problem, 4)
    except Unplannable:
        assert best(problem.with_policy(budget=None)) is None
        return
    checked(problem, points)
    free = propose(problem.with_policy(budget=None))
    assert points[-1].objective <= free.objective
    for point in points:
        optimum = best(problem.with_policy(budget=point.budget))
        assert optimum is not None
        assert point.bound <= optimum.objective <= point.objective


@settings(max_examples=25, deadline=None)
@given(problems())
def test_the_first_point_moves_as_few_as_there_can_be(problem):
    """The exact fewest, from programs that count nothing but moves."""
    free = problem.with_policy(budget=None)
    fewest = next((n for n in range(10) if best(problem.with_policy(budget=n)) is not None), None)
    assume(fewest is not None)
    assert curve(free, 3)[0].moves == fewest


def test_a_branch_and_a_bank_of_several():
    for problem in (bank(600, 24, 2), bank(1200, 60, 12)):
        points = curve(problem)
        assert len(points) == 7
        checked(problem, points)
        free = propose(problem)
        # Whole customers may need a few moves more than the divided optimum.
        assert points[0].moves <= points[0].plan.least + 4
        # The last is the plan without a budget or a better one, and needs no more moves.
        assert points[-1].moves <= points[-1].budget == free.moves
        assert points[-1].objective <= free.objective
        # Budgets are spread evenly, and each point spends nearly all of its own.
        spread = np.diff([point.budget for point in points])
        assert spread.max() - spread.min() <= 1
        assert all(point.budget - point.moves <= 5 for point in points)
        # The fewest moves of whole customers cost what the divided optimum can do without.
        assert max(point.gap for point in points[2:]) < 0.02
        assert points[-1].gap < 0.005


def test_the_same_points_whoever_works_on_them(monkeypatch):
    problem = bank(300, 15, 3)
    first = curve(problem, 3)
    monkeypatch.setattr(planning, "BUNDLE", 1)
    again = curve(problem, 3, backwards)
    assert [(p.budget, p.plan.digest, p.bound) for p in first] == [
        (p.budget, p.plan.digest, p.bound) for p in again
    ]


def test_by_hand():
    """Three customers of 1 point with 0, who has room for two: one must go. The second manager is worth 500, 300 and 200 of
    match less a move of 100: each further move is taken while it brings something."""
    problem = made(
        [1, 1, 1], [2, 3], owner=[0, 0, 0], skill=[200, 1000], customers={"weight": column(5, 3, 2)}, budget=1
    )
    points = curve(problem, 3)
    # 800 a weight with 0, nothing with 1: 1 move 8000 − 4000 + 100, 2 moves 1600 + 200, 3 moves 300.
    assert [(p.moves, p.objective) for p in points] == [(1, 4100), (2, 1800), (3, 300)]


def test_one_point_is_no_curve():
    with pytest.raises(ValueError, match="two points"):
        curve(made([1], [1]), 1)


def test_where_nothing_is_to_be_had_there_is_one_point():
    points = curve(made([1, 1], [2, 2], owner=[0, 1]))
    assert [(p.moves, p.objective) for p in points] == [(0, 0)]
