"""Small random banks: what is said before equals what is counted after; locks and bars are kept; blocks nobody touched are not
solved again and yet nothing differs from the beginning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from customers.allocation.engine.curve import curve
from customers.allocation.engine.explain import recount
from customers.allocation.engine.measures import measures
from customers.allocation.engine.plan import Unplannable, propose
from customers.allocation.engine.rules import broken_by
from customers.planning.bench import Bench
from customers.planning.later import points_of
from customers.planning.snapshots import packed_answers, unpacked_answers
from customers.planning.solving import (
    budget_of,
    parts_of,
    put_together,
    solve_again,
    solve_part,
    with_choices,
)
from tests.allocation_engine.small import problems
from tests.allocation_engine.worlds import bank


def drawn(data: Any, problem: Any) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    pair = st.tuples(st.integers(0, len(problem.customers) - 1), st.integers(0, len(problem.managers) - 1))
    locks = list({i: (i, j) for i, j in data.draw(st.lists(pair, max_size=2))}.values())
    locks = [(i, j) for i, j in locks if not broken_by(problem, i, j)]
    return locks, [one for one in data.draw(st.lists(pair, max_size=2)) if one not in locks]


@settings(max_examples=40, deadline=None)
@given(problems(), st.data())
def test_choices_are_kept_as_if_planned_anew(problem: Any, data: Any) -> None:
    problem = problem.with_policy(budget=None)
    locks, bars = drawn(data, problem)
    percent = data.draw(st.sampled_from([None, 0, 20, 100]))
    first = [answer for part in parts_of(problem) for answer in solve_part(problem, part)]
    assume(not any(answer.lacks for answer in first))
    known = {answer.cut.number: answer for answer in first}
    chosen = with_choices(problem, locks, bars)
    anew = [answer for part in parts_of(chosen) for answer in solve_part(chosen, part)]
    try:
        found = solve_again(problem, locks, bars, percent, known)
    except Unplannable:
        with pytest.raises(Unplannable):
            put_together(chosen, anew, percent)
        return
    if found.plan is None:
        assert any(answer.lacks for answer in anew)
        return
    scratch = put_together(chosen, anew, percent)
    assert scratch.plan is not None
    assert (found.plan.digest, found.plan.bound) == (scratch.plan.digest, scratch.plan.bound)
    if percent is None:
        assert found.plan.digest == propose(chosen).digest
    else:
        assert found.plan.moves <= budget_of(chosen, found.plan.least, percent)
    assert all(found.plan.manager[i] == j for i, j in locks)
    assert all(found.plan.manager[i] != j for i, j in bars)


@settings(max_examples=40, deadline=None)
@given(problems(), st.data())
def test_an_effect_is_what_the_engine_counts(problem: Any, data: Any) -> None:
    problem = problem.with_policy(budget=None)
    try:
        plan = propose(problem)
    except Unplannable:
        assume(False)
        raise
    table = Bench(problem, plan.manager)
    some = st.dictionaries(
        st.integers(0, len(problem.customers) - 1),
        st.integers(-1, len(problem.managers) - 1),
        min_size=1,
        max_size=4,
    )
    changes = data.draw(some)
    effect = table.effect(changes)
    _same(problem, plan.manager, effect.before)
    altered = plan.manager.copy()
    for customer, manager in changes.items():
        altered[customer] = manager
    assert sorted(effect.unheld) == sorted(customer for customer, manager in changes.items() if manager < 0)
    assert sorted(effect.broken) == sorted(
        (customer, manager)
        for customer, manager in changes.items()
        if manager >= 0 and broken_by(problem, customer, manager)
    )
    if effect.unheld:
        assert effect.after is None
        return
    load = np.bincount(altered, weights=problem.customers.effort, minlength=len(problem.managers)).astype(
        np.int64
    )
    above = np.maximum(load - problem.usable_capacity(), 0)
    assert effect.over == {seat: above[seat] for seat in np.flatnonzero(above).tolist()}
    assert (effect.after is None) == bool(effect.over or effect.broken)
    if effect.after is not None:
        _same(problem, altered, effect.after)


def _same(problem: Any, manager: Any, standing: Any) -> None:
    counted = measures(problem, manager)
    assert (standing.moves, standing.max_mean, standing.gini, standing.match, standing.mean_metres) == (
        counted.moves, counted.use_max_over_mean, counted.use_gini, counted.match, counted.mean_metres,
    )  # fmt: skip
    assert standing.objective == recount(problem, manager).objective


def test_untouched_blocks_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    from customers.planning import solving

    made = bank(400, 16, 4)
    first = [answer for part in parts_of(made) for answer in solve_part(made, part)]
    kept = unpacked_answers(packed_answers(first), [answer.cut for answer in first])
    solved: list[int] = []
    real = solving.solve_block
    monkeypatch.setattr(
        solving, "solve_block", lambda problem, cut: solved.append(cut.number) or real(problem, cut)
    )
    line = int(np.flatnonzero(made.customers.branch == 2)[5])
    bars = [(line, int(propose(made).manager[line]))]
    found = solve_again(made, [], bars, None, {answer.cut.number: answer for answer in kept})
    assert solved == [2]
    assert found.plan is not None
    assert found.plan.digest == propose(with_choices(made, [], bars)).digest


def test_more_moves_are_never_worse() -> None:
    made = bank(120, 6, 2, even=True)
    points = points_of(made)
    assert [point["moves"] for point in points] == [point.moves for point in curve(made)]
    moves, costs = [point["moves"] for point in points], [point["objective"] for point in points]
    assert moves == sorted(set(moves))
    assert costs == sorted(set(costs), reverse=True)
    assert all(point["bound"] <= point["objective"] for point in points)
    percents = [point["percent"] for point in points]
    assert percents == sorted(percents)
    assert len(points) >= 4
    # The percentage of a point buys it: computed under it, the plan is no worse.
    first = [answer for part in parts_of(made) for answer in solve_part(made, part)]
    middle = points[len(points) // 2]
    found = put_together(made, first, middle["percent"])
    assert found.plan is not None
    assert found.plan.budget is not None
    assert found.plan.budget >= middle["moves"]
