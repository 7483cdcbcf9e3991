"""Plans of small random problems against the exact optimum: the gap printed is kept, the bound is one, rules are kept."""

from __future__ import annotations

from hypothesis import given, settings

from customers.allocation.engine.plan import Unplannable, propose

from .exact import best, broken_rules, objective_of
from .small import problems


@settings(max_examples=120, deadline=None)
@given(problems())
def test_a_plan_keeps_every_rule_and_its_bound_is_one(problem):
    optimum = best(problem)
    try:
        plan = propose(problem)
    except Unplannable as refused:
        assert optimum is None, refused
        assert refused.lacks
        return
    assert optimum is not None
    assert broken_rules(problem, plan.manager) == []
    assert plan.objective == objective_of(problem, plan.manager)
    assert plan.bound <= optimum.objective <= plan.objective
    moved = (problem.customers.owner >= 0) & (problem.customers.owner != plan.manager)
    assert plan.moves == int(moved.sum())
    assert plan.forced <= plan.least <= plan.moves
