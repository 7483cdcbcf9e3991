"""Advice for one new customer: the rise stated is the rise, and planning again can save no more than is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from customers.allocation.engine.advice import advise, desk
from customers.allocation.engine.blocks import cuts
from customers.allocation.engine.plan import propose
from customers.allocation.engine.problem import Customers, build
from customers.allocation.engine.rules import Broken

from .exact import mean_cost, objective_of
from .hand import column, problem
from .worlds import bank


def one(rows: Customers, at: int) -> Customers:
    found = Customers(**{key: values[at : at + 1] for key, values in vars(rows).items()})
    return replace(found, owner=column(-1), tenure=column(0))


def joined(made, newcomer: Customers):
    both = {
        key: np.concatenate([values, getattr(newcomer, key)]) for key, values in vars(made.customers).items()
    }
    both["ids"] = np.arange(len(both["ids"]))
    return build(customers=Customers(**both), managers=made.managers, places=made.places, profiles=made.profiles,
                 policy=made.policy)  # fmt: skip


def test_the_rise_is_what_the_objective_rises_by_and_planning_again_saves_no_more_than_said():
    made = bank(200, 10, 1)
    plan = propose(made)
    found = desk(made, cuts(made)[0], plan.manager)
    for at in range(0, 200, 37):
        newcomer = one(made.customers, at)
        advice = advise(made, found, newcomer)
        assert list(advice.rise) == sorted(advice.rise)
        more = joined(made, newcomer)
        mean = mean_cost(more) - mean_cost(made)
        for manager, rise in zip(advice.managers, advice.rise, strict=True):
            assert objective_of(more, np.append(plan.manager, manager)) == plan.objective + rise - mean
        again = propose(more)
        assert plan.objective + advice.rise[0] - mean - advice.saving <= again.bound
        assert advice.saving >= 0
        named = {*advice.managers, *(j for j, _ in advice.barred), *(j for j, _ in advice.full)}
        assert named == set(range(10))


def test_who_is_barred_or_full_is_said():
    made = problem([4, 1], [4, 9, 9, 9], pins=column(0, 0, 1, 1).reshape(2, 2), key_limit=1, minimum_grade=column(1, 0),
                   customers={"key": np.array([False, True]), "tier": column(1, 1)},
                   managers={"grade": column(1, 1, 0, 1), "intake": column(0, 0, 0, 1)})  # fmt: skip
    plan = propose(made)
    newcomer = replace(one(made.customers, 1), tier=column(0))
    advice = advise(made, desk(made, cuts(made)[0], plan.manager), newcomer)
    assert advice.managers == ()
    assert advice.full == ((0, 1),)
    assert advice.barred == (
        (1, (Broken("key_limit", 1, 1),)), (2, (Broken("minimum_grade", 1, 0),)), (3, (Broken("intake", None, 1),)),
    )  # fmt: skip
