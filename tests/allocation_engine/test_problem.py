"""What a problem refuses, by column and id; and that the order of rows never matters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.allocation.engine.plan import Unplannable, propose
from customers.allocation.engine.problem import Customers, Managers, Policy, ProblemError, build

from .hand import column, problem
from .small import rows


@pytest.mark.parametrize(
    ("given", "code", "name", "ids"),
    [
        ({"customers": {"effort": column(0, 1)}}, "unknown", "customers.effort", (0,)),
        ({"customers": {"tier": column(0, 7)}}, "unknown", "customers.tier", (1,)),
        ({"customers": {"profile": column(-1, 0)}}, "unknown", "customers.profile", (0,)),
        ({"customers": {"place": column(0, 2)}}, "unknown", "customers.place", (1,)),
        ({"customers": {"owner": column(0, 5)}}, "unknown", "customers.owner", (1,)),
        ({"customers": {"tenure": column(-3, 0)}}, "unknown", "customers.tenure", (0,)),
        ({"customers": {"weight": column(1, 0)}}, "unknown", "customers.weight", (1,)),
        ({"customers": {"value": np.array([1.5, 2.0])}}, "not_a_whole_column", "customers.value", ()),
        ({"customers": {"ids": column(4, 4)}}, "duplicate", "customers.ids", (4,)),
        ({"managers": {"merit": column(1001, 0)}}, "unknown", "managers.merit", (0,)),
        ({"managers": {"intake": column(0, 3)}}, "unknown", "managers.intake", (1,)),
        ({"managers": {"skill": column(0, 0, 0, 0).reshape(2, 2)}}, "one_column_per_skill", "managers.skill", ()),
        ({"managers": {"capacity": column(1)}}, "not_a_whole_column", "managers.capacity", ()),
        ({"expertise": -1}, "negative", "policy.expertise", ()),
        ({"far": 0}, "not_positive", "policy.far", ()),
        ({"budget": -1}, "negative", "policy.budget", ()),
        ({"move_price": np.array([[1]])}, "one_price_per_tier_and_band", "policy.move_price", ()),
        ({"tenure_bands": (5, 3), "move_price": np.ones((2, 3), dtype=np.int64)}, "not_rising", "policy.tenure_bands", ()),
        ({"minimum_grade": column(0)}, "one_grade_per_tier", "policy.minimum_grade", ()),
        ({"pins": np.array([[0, 0], [0, 1]])}, "pinned_twice", "policy.pins", (0,)),
        ({"pins": np.array([[0, 9]])}, "unknown", "policy.pins", (9,)),
        ({"apart": np.array([[1, 1]])}, "apart_from_itself", "policy.apart", (1,)),
        ({"exclusions": np.array([[1, 1, 1]])}, "not_pairs", "policy.exclusions", ()),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(given, code, name, ids):
    with pytest.raises(ProblemError) as caught:
        problem([1, 1], [2, 2], **given)
    assert (code, name, ids) in [(f.code, f.column, f.ids) for f in caught.value.faults]


def shuffled(given, random):
    """The same rows in another order, every index translated."""
    customers, managers, policy = given["customers"], given["managers"], given["policy"]
    first, second = list(range(len(customers))), list(range(len(managers)))
    random.shuffle(first)
    random.shuffle(second)
    new_first, new_second = np.argsort(first), np.argsort(second)
    people = {key: values[first] for key, values in vars(customers).items()}
    people["owner"] = np.where(people["owner"] >= 0, new_second[people["owner"]], -1)
    pairs = {}
    for name in ("pins", "exclusions", "recusals", "complaints", "apart"):
        found = getattr(policy, name)
        pairs[name] = np.stack(
            [new_first[found[:, 0]], (new_first if name == "apart" else new_second)[found[:, 1]]], axis=1
        )
    staff = {key: values[second] for key, values in vars(managers).items()}
    return {**given, "customers": Customers(**people), "managers": Managers(**staff),
            "policy": Policy(**{**vars(policy), **pairs})}  # fmt: skip


def outcome(given):
    try:
        made = build(**given)
        plan = propose(made)
    except ProblemError as refused:
        return sorted((f.code, f.column) for f in refused.faults)
    except Unplannable as refused:
        return refused.lacks
    holders = zip(made.customers.ids.tolist(), made.managers.ids[plan.manager].tolist(), strict=True)
    return plan.digest, plan.objective, plan.bound, list(holders)


@settings(max_examples=40, deadline=None)
@given(rows(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(given, random):
    if given["block"] is not None:
        branches = 1 + max(int(given["customers"].branch.max()), int(given["managers"].branch.max()))
        given["block"] = given["block"][:branches]
    assert outcome(given) == outcome(shuffled(given, random))


def test_a_branch_without_customers_or_managers_is_no_harm():
    given = problem([1], [1, 1], managers={"branch": column(0, 1)})
    assert propose(given).manager.tolist() == [0]
    assert propose(problem([], [1])).objective == 0
