"""The cheapest way to give way, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from customers.allocation.engine.plan import Unplannable, propose
from customers.allocation.engine.relaxation import cheapest
from customers.allocation.engine.rules import Broken

from .hand import column, problem
from .small import problems


def lacks(made):
    with pytest.raises(Unplannable) as caught:
        propose(made)
    return caught.value.lacks


def test_room_where_room_is_short():
    made = problem([3, 3], [2, 3])
    found = cheapest(made, lacks(made))
    assert (sum(points for _, points in found.capacity), found.exceptions) == (1, ())


def test_an_exception_where_no_room_helps():
    made = problem([2, 2], [4, 4], exclusions=np.array([[1, 0], [1, 1]]), customers={"requires": column(0, 1)},
                   managers={"holds": column(0, 1)})  # fmt: skip
    found = cheapest(made, lacks(made))
    assert found.capacity == ()
    ((customer, manager, broken),) = found.exceptions
    assert customer == 1
    assert Broken("exclusion") in broken
    assert manager in (0, 1)


def test_an_exception_when_it_is_cheaper_than_room():
    made = problem([2, 2], [2, 4], exclusions=np.array([[0, 1], [1, 1]]))
    assert cheapest(made, lacks(made)).capacity == ((0, 2),)
    (one,) = cheapest(made, lacks(made), exception=1).exceptions
    assert one[1:] == (1, (Broken("exclusion"),))


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"key_limit": 1, "customers": {"key": np.array([True] * 4)}}, "key_limit", 1),
        ({"owner": [0, 0, 0, 0], "budget": 1, "recusals": np.array([[0, 0], [1, 0], [2, 0]])}, "budget", 2),
        ({"apart": np.array([[0, 1], [1, 2], [0, 2]])}, "meet", ((0, 1, 2),)),
        (
            {"customers": {"group": column(1, 1, -1, -1)}, "recusals": np.array([[0, 0], [1, 1]])},
            "split",
            ((0, 1),),
        ),
    ],
)
def test_limits_of_several_customers_at_once(given, field, value):
    made = problem([1] * 4, [9, 9], **given)
    assert getattr(cheapest(made, lacks(made)), field) == value


@settings(max_examples=40, deadline=None)
@given(problems())
def test_the_points_named_are_enough_and_no_fewer_would_be(problem):
    """For lacks of capacity alone: with the points the flow no longer lacks any, with one point less it still does."""
    try:
        propose(problem)
        return
    except Unplannable as refused:
        found = refused.lacks
    if {lack.rule for lack in found} != {"capacity"} or any(len(lack.customers) < 2 for lack in found):
        return
    relaxed = cheapest(problem.with_policy(together=False), found)
    if relaxed.exceptions or problem.policy.together:
        return
    room = problem.managers.capacity.copy()
    for manager, points in relaxed.capacity:
        room[manager] += points
    assert sum(points for _, points in relaxed.capacity) == sum(lack.missing for lack in found)
    wider = replace(problem, managers=replace(problem.managers, capacity=room))
    try:
        propose(wider)
    except Unplannable as still:
        assert all(lack.rule != "capacity" or len(lack.customers) == 1 for lack in still.lacks)
