"""Types A to E by their published recipes: plans that keep every limit, bounds on the right side, the same for a seed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from customers.allocation.engine.document import Problem, read_problem_data
from customers.allocation.engine.gap import Solution, solve_problem
from customers.allocation.engine.gap.instance import candidates, instance_of
from customers.allocation.engine.gap.prices import proven
from customers.allocation.engine.gap.search import Walk, first_penalty
from customers.allocation.engine.gap.uniform import relax_any
from tests.allocation_engine.gap_instances import document, generated, recipe

LARGE = [(kind, m, n) for kind in "ABCDE" for m, n in ((20, 200), (40, 400), (80, 1600))]


def kept(problem: Problem, solution: Solution) -> None:
    """Limits kept and the objective recomputed from the assignment."""
    assert solution.feasible and solution.assignment is not None
    plan, columns = np.array(solution.assignment), np.arange(len(problem.customers))
    loads = np.zeros(len(problem.managers), dtype=np.int64)
    np.add.at(loads, plan, problem.effort[plan, columns])
    assert (loads <= problem.capacity).all()
    assert solution.objective == int(problem.cost[plan, columns].sum())
    assert solution.bound is not None and solution.bound <= solution.objective


def greedy(problem: Problem) -> bool:
    """Customers in order to the cheapest manager with room; whether all found one."""
    left = problem.capacity.copy()
    for j in range(len(problem.customers)):
        fits = np.nonzero(problem.effort[:, j] <= left)[0]
        if not len(fits):
            return False
        left[fits[problem.cost[fits, j].argmin()]] -= problem.effort[fits[problem.cost[fits, j].argmin()], j]
    return True


@pytest.mark.parametrize("kind", "ABCDE")
def test_the_recipes_have_their_published_ranges(kind: str) -> None:
    cost, effort, capacity = recipe(kind, 5, 100, 1)
    assert cost.shape == effort.shape == (5, 100) and capacity.shape == (5,)
    if kind in "ABC":
        assert cost.min() >= 10 and cost.max() <= 50 and effort.min() >= 5 and effort.max() <= 25
    elif kind == "D":
        assert effort.min() >= 1 and effort.max() <= 100 and np.abs(cost + effort - 111).max() <= 10
    else:
        assert effort.min() >= 1 and cost.max() <= 1000 and (cost * effort <= 1000 + effort).all()
    assert (recipe(kind, 5, 100, 1)[0] == cost).all() and (recipe(kind, 5, 100, 2)[0] != cost).any()


@pytest.mark.parametrize(("kind", "limit"), [("A", 0), ("B", 1), ("C", 1), ("D", 1), ("E", 1)])
def test_five_managers_and_a_hundred_customers(kind: str, limit: int) -> None:
    """Within `limit` per cent of the bound, where a customer-by-customer greedy often finds nothing."""
    problem = generated(kind, 5, 100)
    solution = solve_problem(problem)
    kept(problem, solution)
    assert solution.gap is not None and solution.gap <= Fraction(limit, 100)


def test_large_instances_get_a_tight_bound_and_a_plan_soon() -> None:
    """80 × 1 600 with the walk cut short: the pieces of the solution, not its last tenth of a per cent."""
    problem = generated("D", 80, 1600)
    instance = instance_of(problem, candidates(problem))
    relaxation = relax_any(instance)
    assert relaxation.bound is not None
    walk = Walk(
        instance,
        relaxation.part.argmax(axis=1),
        first_penalty(instance, relaxation.prices),
        np.random.default_rng(0),
    )
    walk.run(1200, 3, relaxation.bound.value)
    assert walk.best is not None and walk.value is not None and instance.feasible(walk.best)
    assert relaxation.bound.value <= walk.value <= relaxation.bound.value * Fraction(1015, 1000)


def test_any_prices_give_a_valid_bound() -> None:
    """Even absurd ones; and a reduced cost is what a pair costs at least above the bound."""
    problem = generated("C", 5, 100)
    optimum = solve_problem(problem)
    assert optimum.objective is not None and optimum.assignment is not None and optimum.gap == 0
    instance = instance_of(problem, candidates(problem))
    dice = np.random.default_rng(2)
    for size in (0.0, 0.5, 1.0, 3.0, 1e3, 1e9, 1e15):
        assert proven(instance, dice.normal(size, size, 5)).value <= optimum.objective
    tight = relax_any(instance).bound
    assert tight is not None
    where = np.argsort(instance.customers)
    columns = np.argsort(instance.managers)
    used = [int(tight.reduced[where[j], columns[i]]) for j, i in enumerate(optimum.assignment)]
    assert max(used) <= (optimum.objective - tight.value + 1) * tight.scale


def test_fairness_has_a_bound_too_and_evens_the_loads() -> None:
    cost, effort, tight = recipe("C", 4, 20, 4)
    capacity = tight * 3 // 2
    plain = solve_problem(read_problem_data(document(cost, effort, capacity)))
    even = solve_problem(read_problem_data(document(cost, effort, capacity, fairness={"weight": 50})))

    def spread(solution: Solution) -> float:
        assert solution.assignment is not None
        loads = np.zeros(4)
        np.add.at(loads, list(solution.assignment), effort[list(solution.assignment), np.arange(20)])
        return float((loads / capacity).max() - (loads / capacity).min())

    assert even.gap is not None and even.gap < Fraction(2, 100)
    assert even.objective is not None and plain.bound is not None and even.objective >= plain.bound
    assert spread(even) < spread(plain)


def test_one_row_of_effort_is_solved_by_flow_and_agrees_with_the_linear_program() -> None:
    from customers.allocation.engine.gap.relaxation import relax
    from customers.allocation.engine.gap.uniform import is_uniform

    cost, effort, _capacity = recipe("C", 8, 120, 5)
    shared = effort[:1]
    capacity = np.linspace(0.8, 1.2, 8) * shared.sum() * 1.05 / 8
    for weight in (0, 3):
        more = {"fairness": {"weight": weight}} if weight else {}
        problem = read_problem_data(
            document(cost, np.repeat(shared, 8, axis=0), capacity.astype(np.int64), **more)
        )
        instance = instance_of(problem, candidates(problem))
        assert is_uniform(instance)
        flow, program = relax_any(instance).bound, relax(instance).bound
        assert flow is not None and program is not None
        assert abs(flow.value - program.value) <= program.value / 10_000


def test_the_same_seed_gives_the_same_plan() -> None:
    problem = generated("C", 6, 40)
    first, second = solve_problem(problem, 5), solve_problem(problem, 5)
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "m", "n"), LARGE)
def test_every_type_and_size_is_feasible_with_a_bound(kind: str, m: int, n: int) -> None:
    problem = generated(kind, m, n)
    solution = solve_problem(problem)
    kept(problem, solution)
    assert solution.gap is not None and solution.gap <= Fraction(1, 100)


def test_greedy_is_no_match() -> None:
    """The baseline of the benchmark: cheapest with room fails on types C, D and E."""
    assert sum(greedy(generated(kind, 20, 200)) for kind in "CDE") <= 1
