"""The soft terms by hand: permille, cost, and parts that add up."""

from __future__ import annotations

import numpy as np
import pytest

from customers.allocation.engine import terms
from customers.allocation.engine.explain import Explainer
from customers.allocation.engine.loads import Loads, Squares
from customers.allocation.engine.network import RangeError
from customers.allocation.engine.problem import Places

from .hand import column, problem

ROW = np.zeros(1, dtype=np.int64)


def test_expertise_weighs_skills_by_the_profile_of_demand():
    given = problem([1], [1], skill=[700])
    assert terms.expertise_match(given, ROW, ROW).tolist() == [300]


def test_distance_is_that_of_a_great_circle():
    # One hundredth of a degree of latitude on a sphere of 6 371 008.8 m.
    places = Places(column(30_000_000, 30_010_000), column(100_000_000, 100_000_000))
    given = problem([1], [1], managers={"place": column(1)}, places=places, far=2_000)
    assert terms.distance(given, ROW, ROW).tolist() == [1112]
    assert terms.proximity(given, ROW, ROW).tolist() == [556]
    assert terms.proximity(given.with_policy(far=500), ROW, ROW).tolist() == [1000]


@pytest.mark.parametrize(
    ("tier", "grade", "short", "waste"),
    [(1, 0, 666, 0), (1, 1, 333, 0), (1, 2, 0, 0), (0, 2, 0, 666), (0, 9, 0, 1000)],
)
def test_grade_fit_counts_steps_short_and_steps_wasted(tier, grade, short, waste):
    given = problem([1], [1], customers={"tier": column(tier)}, managers={"grade": column(grade)})
    assert terms.grade_shortfall(given, ROW, ROW).tolist() == [short]
    assert terms.grade_waste(given, ROW, ROW).tolist() == [waste]


@pytest.mark.parametrize(("merit", "permille"), [(0, 1000), (650, 350), (800, 200), (950, 200)])
def test_merit_is_capped(merit, permille):
    given = problem([1], [1], managers={"merit": column(merit)})
    assert terms.merit(given, ROW, ROW).tolist() == [permille]


@pytest.mark.parametrize(("tenure", "price"), [(0, 100), (11, 100), (12, 200), (99, 200)])
def test_moving_costs_more_with_tenure(tenure, price):
    given = problem([1], [1], owner=[0], customers={"tenure": column(tenure)}, tenure_bands=(12,),
                    move_price=np.array([[100, 200], [1, 2]]))  # fmt: skip
    assert terms.move_price(given, ROW).tolist() == [price]


def test_nobody_to_leave_nothing_to_pay():
    assert terms.move_price(problem([1], [1]), ROW).tolist() == [0]


def test_the_parts_of_a_line_by_hand():
    given = problem(
        [1, 1], [2, 2], skill=[900, 400], owner=[0, 0], customers={"weight": column(3, 1), "tier": column(1, 0)},
        managers={"grade": column(3, 1), "merit": column(900, 500)}, expertise=30, shortfall=20, waste=5, merit=5,
    )  # fmt: skip
    line = Explainer(given, column(1, 0)).line(0, 1)
    assert [(p.term, p.permille, p.cost) for p in line.parts] == [
        ("expertise_match", 600, 54_000), ("proximity", 0, 0), ("grade_shortfall", 333, 19_980), ("grade_waste", 0, 0),
        ("merit", 500, 7_500),
    ]  # fmt: skip
    assert (line.continuity, line.cost) == (300, 81_780)


def test_costs_that_could_leave_64_bits_are_refused():
    given = problem([1], [1], customers={"weight": column(1 << 30)})
    with pytest.raises(RangeError):
        terms.fit(given, ROW, ROW)


def test_load_costs_that_could_leave_64_bits_are_refused():
    with pytest.raises(RangeError):
        Loads.of(1 << 40, column(1 << 20))
    with pytest.raises(RangeError):
        Squares(1 << 20, column(5)).cost(column(0), column(1 << 21))


def test_a_wide_capacity_is_cut_into_equal_steps():
    """10 000 points in steps of 3: F·L²/K at every step's end to within the rounding of its slopes."""
    loads = Loads.of(10, column(10_000))
    ends = np.arange(0, 9_999, 3)
    cost = loads.cost(np.zeros_like(ends), ends)
    assert int(loads.step[0]) == 3
    assert (abs(cost - 10_000 * ends * ends / 10_000) <= ends / 2 + 1).all()
    assert (np.diff(cost, 2) >= 0).all()
