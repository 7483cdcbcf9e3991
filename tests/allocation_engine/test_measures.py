"""The figures of a plan by hand, before and after."""

from __future__ import annotations

import numpy as np

from customers.allocation.engine.measures import before, gini, max_over_mean, measures
from customers.allocation.engine.problem import CLOSED, KEEP_ONLY

from .hand import column, problem


def test_fairness_by_hand():
    load, capacity = column(2, 4, 6), column(4, 4, 4)
    assert max_over_mean(load, capacity) == 1.5
    # Uses ½, 1, 1½: Σ|a−b| over ordered pairs = 4; 4 / (2·9·1) = 0.222222.
    assert gini(load, capacity) == 0.222222
    assert (max_over_mean(column(0, 0), column(1, 1)), gini(column(0), column(1))) == (0.0, 0.0)


def test_before_and_after():
    given = problem(
        [2, 2, 2], [4, 4, 9], owner=[0, 0, -1], skill=[1000, 400, 0], managers={"intake": column(0, 0, CLOSED)},
        customers={"place": column(0, 1, 1), "value": column(5, 1, 1), "weight": column(1, 2, 1)},
    )  # fmt: skip
    past = before(given)
    assert (past.served, past.moves, past.use_max_over_mean, past.over_capacity, past.metres) == (
        2,
        0,
        2.0,
        0,
        10_008,
    )
    assert (past.use_gini, past.match) == (0.5, 1000.0)
    after = measures(given, column(0, 1, 1))
    assert (after.served, after.moves, after.use_max_over_mean, after.match) == (3, 1, 1.333333, 550.0)
    assert (after.metres, after.mean_metres) == (20_016, 6_672.0)
    assert after.value_gini == round((5 - 2) / 2 / (5 + 2), 6)


def test_within_areas_among_those_who_take_customers():
    """Two areas with means of ½ and 1: in the first uses of ¾ and ¼ beside one on leave, who counts nothing; in the second
    both are alike. Against their means 1½, ½, 1, 1: Σ|a−b| over ordered pairs = 6; 6 / (2·16·1) = 0.1875."""
    given = problem(
        [3, 1, 4, 8], [4, 4, 4, 4, 8], managers={"branch": column(0, 0, 0, 1, 1), "intake": column(0, 0, KEEP_ONLY, 0, 0)},
        customers={"branch": column(0, 0, 1, 1)},
    )  # fmt: skip
    found = measures(given, column(0, 1, 3, 4))
    assert (found.area_max_over_mean, found.area_gini) == (1.5, 0.1875)
    # Over all: 8 of 12 and 12 of 12 points, one with nothing.
    assert (found.use_max_over_mean, found.use_gini) == (1.5, 0.366667)


def test_nobody_served_is_no_fault():
    nobody = measures(problem([1], [1]), np.array([-1]))
    assert (nobody.served, nobody.mean_metres, nobody.match, nobody.use_gini) == (0, 0.0, 0.0, 0.0)
