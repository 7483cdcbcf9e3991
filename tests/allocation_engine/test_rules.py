"""Each hard rule: without it the best plan would break it, with it the plan keeps it, and a pair says what it breaks."""

from __future__ import annotations

import numpy as np
import pytest

from customers.allocation.engine import polish
from customers.allocation.engine.plan import Unplannable, propose
from customers.allocation.engine.problem import CLOSED, KEEP_ONLY
from customers.allocation.engine.rules import Broken, broken_by

from .exact import broken_rules
from .hand import column, problem
from .worlds import bank

PAIR = np.array([[0, 0]])
# Manager 0 serves everybody best; every rule below stands between customer 0 and him.
CASES = {
    "minimum_grade": (
        {"minimum_grade": column(1, 0), "managers": {"grade": column(0, 1)}},
        {"minimum_grade": column(0, 0), "managers": {"grade": column(0, 1)}},
        Broken("minimum_grade", 1, 0),
    ),
    "certificates": (
        {"customers": {"requires": column(2, 0)}, "managers": {"holds": column(1, 3)}},
        {"customers": {"requires": column(2, 0)}, "managers": {"holds": column(1, 3)}, "certificates": False},
        Broken("certificates", 2, 1),
    ),
    "exclusion": ({"exclusions": PAIR}, {}, Broken("exclusion")),
    "recusal": ({"recusals": PAIR}, {}, Broken("recusal")),
    "complaint": ({"complaints": PAIR}, {}, Broken("complaint")),
    "pin": ({"pins": np.array([[0, 1]])}, {}, Broken("pin", 1, 0)),
    "intake": ({"managers": {"intake": column(CLOSED, 0)}}, {}, Broken("intake", None, CLOSED)),
    "tenure_limit": (
        {"customers": {"tenure": column(36, 0)}, "owner": [0, -1], "tenure_limit": 36},
        {"customers": {"tenure": column(36, 0)}, "owner": [0, -1], "tenure_limit": 37},
        Broken("tenure_limit", 36, 36),
    ),
}


def made(**given):
    return problem([2, 2], [4, 4], skill=[1000, 500], **given)


@pytest.mark.parametrize("rule", CASES)
def test_a_pair_rule_turns_the_best_plan_and_says_so(rule):
    with_rule, without, broken = CASES[rule]
    free = propose(made(**without))
    assert free.manager.tolist() == [0, 0]
    ruled = made(**with_rule)
    plan = propose(ruled)
    assert plan.manager[0] == 1
    assert broken_rules(ruled, plan.manager) == []
    assert broken_by(ruled, 0, 0) == (broken,)
    assert broken_by(ruled, 0, 1) == ()


def test_capacity_turns_the_best_plan():
    plan = propose(problem([2, 2], [3, 4], skill=[1000, 500]))
    assert sorted(plan.manager.tolist()) == [0, 1]


def test_a_manager_who_keeps_only_his_own_takes_nobody_new():
    given = problem(
        [2, 2], [9, 9], skill=[1000, 500], owner=[0, 1], managers={"intake": column(KEEP_ONLY, 0)}
    )
    assert propose(given).manager.tolist() == [0, 1]
    assert broken_by(given, 1, 0) == (Broken("intake", None, KEEP_ONLY),)
    assert broken_by(given, 0, 0) == ()


def test_the_branch_is_a_wall_unless_the_block_lends_managers():
    given = {"customers": {"branch": column(0, 1)}, "managers": {"branch": column(0, 1)}}
    walled = made(**given, block=column(0, 0))
    assert propose(walled).manager.tolist() == [0, 1]
    assert broken_by(walled, 1, 0) == (Broken("branch", 1, 0),)
    assert propose(made(**given, block=column(0, 0), cross_branch=True)).manager.tolist() == [0, 0]
    assert propose(made(**given, cross_branch=True)).manager.tolist() == [0, 1]


def test_at_most_so_many_key_customers():
    keys = {"customers": {"key": np.array([True, True])}}
    assert propose(made(**keys)).manager.tolist() == [0, 0]
    assert sorted(propose(made(**keys, key_limit=1)).manager.tolist()) == [0, 1]


def test_conflicting_parties_have_different_managers():
    assert sorted(propose(made(apart=np.array([[0, 1]]))).manager.tolist()) == [0, 1]


def test_a_group_stays_together_although_apart_would_be_better():
    given = {"customers": {"group": column(5, 5)}, "owner": [0, 1], "move_price": np.array([[900], [900]])}
    assert propose(made(**given, together=False)).manager.tolist() == [0, 1]
    plan = propose(made(**given))
    assert plan.manager.tolist() == [0, 0]
    assert (plan.match, plan.continuity, plan.moves) == (0, 900, 1)


def test_the_budget_holds_the_moves():
    given = {"owner": [1, 1], "skill": [1000, 500]}
    free = propose(problem([2, 2], [4, 4], **given))
    assert free.manager.tolist() == [0, 0]
    plan = propose(problem([2, 2], [4, 4], **given, budget=1))
    assert plan.moves == 1
    assert propose(problem([2, 2], [4, 4], **given, budget=0)).moves == 0


@pytest.mark.parametrize(
    ("given", "rule", "customers", "managers", "missing"),
    [
        ({"effort": [3, 3], "capacity": [2, 3]}, "capacity", (0, 1), (0, 1), 1),
        ({"effort": [1, 5], "capacity": [4, 4]}, "capacity", (1,), (0, 1), 1),
        ({"effort": [2, 2], "capacity": [4, 4], "exclusions": np.array([[1, 0], [1, 1]])}, "nobody", (1,), (), 2),
        ({"effort": [2, 2], "capacity": [4], "apart": np.array([[0, 1]])}, "apart", (0, 1), (0,), 1),
        ({"effort": [2, 2], "capacity": [4], "key_limit": 1, "customers": {"key": np.array([True, True])}},
         "key_limit", (0, 1), (0,), 1),
        ({"effort": [2, 2], "capacity": [4, 4], "customers": {"group": column(1, 1)},
          "recusals": np.array([[0, 0], [1, 1]])}, "together", (0, 1), (), 4),
        ({"effort": [3, 3, 3], "capacity": [5, 5]}, "whole", (0, 1, 2), (0, 1), 1),
        ({"effort": [2, 2], "capacity": [4, 4], "owner": [0, 0], "budget": 1, "exclusions": np.array([[0, 0], [1, 0]])},
         "budget", (0, 1), (), 1),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_named(given, rule, customers, managers, missing):
    with pytest.raises(Unplannable) as caught:
        propose(problem(**given))
    (lack,) = caught.value.lacks
    assert (lack.rule, lack.customers, lack.managers, lack.missing) == (rule, customers, managers, missing)
    assert lack.proven


def test_no_overload_however_large_is_worth_a_forbidden_pair():
    """Customers of thousands of points whose best managers overflow when rounded, and a wide one they may not have."""
    efforts = [5000, 4000, 3000, 5000, 4000, 3000, 2000, 2000]
    barred = np.array([[i, 2] for i in range(7)])
    given = problem(efforts, [14000, 14500, 90000], skill=[900, 900, 1000], exclusions=barred)
    plan = propose(given)
    assert broken_rules(given, plan.manager) == []
    assert plan.manager.tolist()[7] == 2


def test_a_large_region_is_looked_at_part_by_part(monkeypatch):
    region = bank(300, 12, 1)
    plan = propose(region)
    monkeypatch.setattr(polish, "CHUNK", 500)
    assert propose(region).digest == plan.digest


def test_each_group_goes_by_its_own_members():
    """Two groups with opposite present managers: neither pays for a move."""
    given = problem([1] * 4, [9, 9], customers={"group": column(3, 8, 3, 8)}, owner=[0, 1, 0, 1])
    plan = propose(given)
    assert (plan.manager.tolist(), plan.objective, plan.moves) == ([0, 1, 0, 1], 0, 0)
