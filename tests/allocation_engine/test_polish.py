"""Exchanges and chains by hand: what they mend, what they leave alone, and that they say what is still broken."""

from __future__ import annotations

import numpy as np
import pytest

from customers.allocation.engine.blocks import block_of, cuts
from customers.allocation.engine.core import solve_core
from customers.allocation.engine.polish import polish

from .hand import column, problem


def block(*given, **more):
    made = problem(*given, **more)
    (cut,) = cuts(made)
    return block_of(made, cut)


def polished(found, start, **more):
    done = polish(found, column(*start), found.costs(), **more)
    return done.manager.tolist(), done.broken


def test_a_shift_and_a_swap():
    assert polished(block([1, 1], [2, 2], skill=[500, 900]), (0, 0)) == ([1, 1], 0)
    wrong = block([2, 2], [2, 2], exclusions=np.array([[0, 1], [1, 0]]))
    assert polished(wrong, (1, 0)) == ([0, 1], 0)


def test_a_chain_of_three_where_no_two_can_help():
    """0 would do better with manager 1, who is full until 1 goes on to manager 2; neither can go where the other is."""
    found = block(
        [2, 2], [2, 2, 2], skill=[100, 1000, 900], exclusions=np.array([[0, 2], [1, 0]]),
    )  # fmt: skip
    assert polished(found, (0, 1)) == ([1, 2], 0)
    assert polished(found, (0, 1), most_moves=0) == ([1, 2], 0)


def test_a_chain_keeps_the_budget():
    found = block(
        [2, 2], [2, 2, 2], skill=[100, 1000, 900], exclusions=np.array([[0, 2], [1, 0]]), owner=[0, 1],
        move_price=np.array([[1], [1]]),
    )  # fmt: skip
    assert polished(found, (0, 1)) == ([1, 2], 0)
    assert polished(found, (0, 1), most_moves=1) == ([0, 1], 0)


@pytest.mark.parametrize("pair", [[0, 1], [1, 0]])
def test_conflicting_parties_are_not_brought_together_from_either_side(pair):
    """Both would do better with manager 0."""
    found = block([1, 1], [4, 4], skill=[900, 500], apart=np.array([pair]))
    for start in ((0, 1), (1, 0)):
        assert polished(found, start) == (list(start), 0)
    assert sorted(polished(found, (0, 0))[0]) == [0, 1]


@pytest.mark.parametrize(
    ("given", "broken"),
    [
        ({"key_limit": 1, "customers": {"key": np.array([True] * 3)}}, 2),
        ({"apart": np.array([[0, 1], [1, 2]])}, 2),
        ({"capacity": [2]}, 1),
    ],
)
def test_what_cannot_be_mended_is_counted(given, broken):
    capacity = given.pop("capacity", [9])
    assert polished(block([1, 1, 1], capacity, **given), (0, 0, 0)) == ([0, 0, 0], broken)


def test_a_core_finds_what_exchanges_of_two_and_three_cannot():
    """Full managers of 6: two of 3 and three of 2 fit only together; from 3+2 / 3+2+2 no exchange mends it."""
    found = block([3, 3, 2, 2, 2], [6, 6])
    done = solve_core(found, found.costs())
    assert done.manager is not None
    assert sorted(found.effort[done.manager == done.manager[0]].tolist()) == [3, 3]
    assert solve_core(block([3, 3, 3], [5, 5]), block([3, 3, 3], [5, 5]).costs()).impossible


def test_no_relief_of_an_overload_is_worth_a_forbidden_pair():
    found = block([2000, 2000, 2000], [2500, 9000], exclusions=np.array([[0, 1], [1, 1], [2, 1]]))
    assert polished(found, (0, 0, 0)) == ([0, 0, 0], 3500)
