"""Classes of the relaxation: what differs by a constant is one class, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from customers.allocation.engine import pool
from customers.allocation.engine.blocks import block_of, cuts
from customers.allocation.engine.flow import Infeasible
from customers.allocation.engine.plan import propose
from customers.allocation.engine.pool import relax

from .exact import best
from .hand import column
from .hand import problem as made
from .small import problems
from .worlds import bank


def each_alone(per_point, permitted, moving):
    """As if no two classes were alike."""
    everyone = np.arange(len(per_point))
    return everyone, everyone, np.zeros(len(per_point), dtype=np.int64)


def under_one_roof(customers=400, managers=16):
    """A bank whose people sit where their branch is."""
    problem = bank(customers, managers, 2)
    return replace(
        problem, managers=replace(problem.managers, place=problem.managers.branch * 6 + 0)
    ).with_policy(far=200_000)


@settings(max_examples=80, deadline=None)
@given(problems())
def test_the_bound_and_the_moves_are_those_of_classes_left_apart(problem):
    for cut in cuts(problem):
        block = block_of(problem, cut)
        if not len(cut.customers):
            continue
        found = []
        for alike in (pool._alike, each_alone):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(pool, "_alike", alike)
                try:
                    found.append([relax(block, price).bound for price in (0, 7_000)])
                except Infeasible:
                    found.append([])
        assert found[0] == found[1]


def test_distance_to_one_roof_makes_no_classes(monkeypatch):
    problem = under_one_roof()
    block = block_of(problem, cuts(problem)[0])
    merged = relax(block)
    monkeypatch.setattr(pool, "_alike", each_alone)
    apart = relax(block)
    # Six districts no longer tell classes apart; tiers, profiles and certificates do.
    assert merged.network.classes * 3 < apart.network.classes
    assert merged.bound == apart.bound
    assert propose(problem).gap < 0.01


def test_rows_whose_marks_fall_together_are_still_told_apart(monkeypatch):
    monkeypatch.setattr(pool, "ODD", 0)
    rows = np.array([[1, 5, 2], [2, 6, 3], [7, 7, 7]])
    merged, kept, constant = pool._alike(rows, np.ones((3, 3), dtype=bool), np.zeros((3, 3), dtype=np.int64))
    assert (constant.tolist(), merged[0] == merged[1] != merged[2], len(kept)) == ([1, 2, 7], True, 2)


def test_closed_doors_are_part_of_a_class():
    """The first two customers differ by a constant, but only one of them may go to manager 1."""
    given_ = made(
        [1, 1], [2, 2], skill=[400, 900], exclusions=np.array([[1, 1]]), customers={"weight": column(1, 1)}
    )
    assert propose(given_).manager.tolist() == [1, 0]


def test_customers_of_one_size_leave_no_gap():
    """Fifteen customers of 10 points for two managers: somebody must have 80 and somebody 70, which 75 each would hide."""
    problem = made([10] * 15, [90, 90], fairness=2000)
    plan = propose(problem)
    assert sorted(np.bincount(plan.manager).tolist()) == [7, 8]
    # 2 · 2000 · 90 · (5 / 90)² and not a part of a unit more for each of the 150 points.
    assert plan.objective == 1_111_111
    assert 0 <= plan.objective - plan.bound <= 150


@settings(max_examples=60, deadline=None)
@given(problems())
def test_efforts_with_a_common_divisor_keep_their_bound(problem):
    doubled = replace(
        problem, customers=replace(problem.customers, effort=problem.customers.effort * 3)
    ).with_policy(budget=None)
    optimum = best(doubled)
    if optimum is None:
        return
    plan = propose(doubled)
    assert plan.bound <= optimum.objective <= plan.objective
    for cut in cuts(doubled):
        if len(cut.customers):
            block = block_of(doubled, cut)
            assert relax(block, whole=False).bound <= relax(block).bound + int(block.effort.sum())
