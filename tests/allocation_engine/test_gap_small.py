"""Small problems against every possible plan: the objective within the printed gap, the bound on its side, rules kept."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.allocation.engine.document import read_problem_data
from customers.allocation.engine.gap import Solution, solve_problem
from customers.allocation.engine.gap.conflicts import obvious
from customers.allocation.engine.gap.core import open_pairs
from customers.allocation.engine.gap.instance import candidates, instance_of
from customers.allocation.engine.gap.knapsack import tighten
from customers.allocation.engine.gap.prices import proven
from customers.allocation.engine.gap.uniform import relax_any

QUICK = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)  # fmt: skip


@st.composite
def problems(draw: Any) -> dict[str, Any]:
    """2 to 3 managers, 1 to 6 customers, tight or loose capacities, some rules, either sense, fairness half the time."""
    m, n = draw(st.integers(2, 3)), draw(st.integers(1, 6))
    uniform = draw(st.booleans())
    cost = [[draw(st.integers(-20, 60)) for _ in range(n)] for _ in range(m)]
    effort = [[draw(st.integers(0, 12)) for _ in range(n)] for _ in range(1 if uniform else m)]
    most = sum(max(row[j] for row in effort) for j in range(n))
    capacity = [draw(st.integers(0, 2 * most // m + 6)) for _ in range(m)]
    pair = st.tuples(st.integers(0, m - 1), st.integers(0, n - 1)).map(list)
    data: dict[str, Any] = {
        "sense": draw(st.sampled_from(["min", "max"])),
        "managers": [{"id": i, "capacity": capacity[i]} for i in range(m)],
        "customers": [{"id": j} for j in range(n)],
        "cost": cost,
        "effort": effort,
        "forbidden": draw(st.lists(pair, max_size=2)),
        "pinned": draw(st.lists(pair, max_size=1)),
    }
    if draw(st.booleans()):
        weight = draw(st.integers(0, 5))
        data["fairness"] = {"weight": weight if data["sense"] == "min" else -weight, "measure": "load"}
    return data


def value(data: dict[str, Any], plan: tuple[int, ...]) -> Fraction | None:
    """The objective of a plan by the letter of the document, or None when it breaks a rule."""
    m, n = len(data["managers"]), len(data["customers"])
    effort = data["effort"] if len(data["effort"]) == m else data["effort"] * m
    loads = [sum(effort[i][j] for j in range(n) if plan[j] == i) for i in range(m)]
    capacity = [row["capacity"] for row in data["managers"]]
    if any(load > limit for load, limit in zip(loads, capacity, strict=True)):
        return None
    if any([plan[j], j] in data.get("forbidden", []) for j in range(n)):
        return None
    if any(plan[j] != i for i, j in data.get("pinned", [])):
        return None
    total = Fraction(sum(data["cost"][plan[j]][j] for j in range(n)))
    rho = Fraction(sum(loads), sum(capacity)) if sum(capacity) else Fraction(0)
    weight = Fraction(data.get("fairness", {}).get("weight", 0))
    return total + weight * sum(
        (k * (Fraction(load, k) - rho) ** 2 for load, k in zip(loads, capacity, strict=True) if k),
        Fraction(0),
    )


def best(data: dict[str, Any]) -> Fraction | None:
    """The best objective of all plans, or None when there is no plan."""
    m, n = len(data["managers"]), len(data["customers"])
    found = [value(data, plan) for plan in itertools.product(range(m), repeat=n)]
    kept = [each for each in found if each is not None]
    return (min(kept) if data["sense"] == "min" else max(kept)) if kept else None


def agrees(data: dict[str, Any], solution: Solution) -> None:
    """Everything the document promises of an answer, against all plans."""
    optimum = best(data)
    assert solution.feasible == (optimum is not None)
    assert solution.proven
    if optimum is None:
        assert (solution.objective, solution.bound, solution.assignment) == (None, None, None)
        assert solution.conflicts and all(
            conflict.customers and conflict.managers for conflict in solution.conflicts
        )
        return
    assert solution.assignment is not None and solution.objective is not None and solution.bound is not None
    assert value(data, solution.assignment) == solution.objective
    side = 1 if data["sense"] == "min" else -1
    assert side * solution.bound <= side * optimum <= side * solution.objective
    assert solution.gap is not None or solution.objective == 0
    slack = abs(solution.objective) * (solution.gap or 0) if solution.objective else abs(solution.bound)
    assert abs(solution.objective - optimum) <= slack


@QUICK
@given(problems())
def test_against_every_plan(data: dict[str, Any]) -> None:
    solution = solve_problem(read_problem_data(data))
    agrees(data, solution)
    if solution.feasible and "fairness" not in data:
        assert solution.gap == 0


@QUICK
@given(problems(), st.randoms(use_true_random=False))
def test_a_permuted_document_gets_the_same_objective(data: dict[str, Any], dice: Any) -> None:
    m, n = len(data["managers"]), len(data["customers"])
    rows, columns = dice.sample(range(m), m), dice.sample(range(n), n)
    moved = dict(data)
    moved["managers"] = [data["managers"][i] for i in rows]
    moved["cost"] = [[data["cost"][i][j] for j in columns] for i in rows]
    order = rows if len(data["effort"]) == m else [0]
    moved["effort"] = [[data["effort"][i][j] for j in columns] for i in order]
    for key in ("forbidden", "pinned"):
        moved[key] = [[rows.index(i), columns.index(j)] for i, j in data[key]]
    first, second = solve_problem(read_problem_data(data)), solve_problem(read_problem_data(moved))
    assert (first.feasible, first.objective, first.bound) == (second.feasible, second.objective, second.bound)


@QUICK
@given(problems(), st.randoms(use_true_random=False))
def test_a_permuted_document_is_the_same_instance(data: dict[str, Any], dice: Any) -> None:
    """So the same plan, proven best or not; equal managers and customers may change places."""
    problem = read_problem_data(data)
    if obvious(problem, candidates(problem)):
        return
    m, n = len(data["managers"]), len(data["customers"])
    rows, columns = dice.sample(range(m), m), dice.sample(range(n), n)
    moved = replace(
        problem, cost=problem.cost[np.ix_(rows, columns)], effort=problem.effort[np.ix_(rows, columns)],
        capacity=problem.capacity[rows], allowed=problem.allowed[np.ix_(rows, columns)],
        pins=tuple((rows.index(i), columns.index(j)) for i, j in problem.pins),
    )  # fmt: skip
    first, second = (instance_of(each, candidates(each)) for each in (problem, moved))
    assert (first.capacity == second.capacity).all()
    assert sorted(map(tuple, first.cost.T.tolist())) == sorted(map(tuple, second.cost.T.tolist()))
    columns_of = [
        list(zip(each.capacity, map(tuple, each.cost.T), map(tuple, each.effort.T), strict=True))
        for each in (first, second)
    ]
    if len(set(columns_of[0])) == m:
        assert (first.cost == second.cost).all() and (first.effort == second.effort).all()


@QUICK
@given(problems())
def test_prices_and_knapsacks_never_claim_more_than_the_best_plan(data: dict[str, Any]) -> None:
    data.pop("fairness", None)
    optimum = best(data)
    problem = read_problem_data(data)
    if optimum is None:
        return
    instance = instance_of(problem, candidates(problem))
    relaxation = relax_any(instance)
    least = optimum if data["sense"] == "min" else -optimum
    assert relaxation.bound is not None
    assert (
        relaxation.bound.value <= tighten(instance, relaxation.prices, least, relaxation.bound.value) <= least
    )
    assert tighten(instance, relaxation.prices, least + 40, least - 1000) <= least


@QUICK
@given(problems(), st.integers(0, 2**32))
def test_whatever_the_prices_the_bound_holds_and_no_pair_of_a_better_plan_is_dropped(
    data: dict[str, Any], seed: int
) -> None:
    """With and without fairness; against the values of all plans in the instance's units."""
    m, n = len(data["managers"]), len(data["customers"])
    problem = read_problem_data(data)
    plans = [(value(data, plan), plan) for plan in itertools.product(range(m), repeat=n)]
    side = 1 if data["sense"] == "min" else -1
    values = sorted((side * each, plan) for each, plan in plans if each is not None)
    if not values:
        return
    instance = instance_of(problem, candidates(problem))
    dice = np.random.default_rng(seed)
    good = relax_any(instance).prices
    for prices in (good, good * 1.1, good * 0.9, *(dice.normal(0, size, m) for size in (0.0, 1.0, 10.0))):
        bound = proven(instance, prices)
        assert bound.value <= values[0][0]
        middle = values[len(values) // 2][0]
        kept = open_pairs(instance, bound, middle)
        row, column = np.argsort(instance.customers), np.argsort(instance.managers)
        for least, plan in values:
            if least < middle:
                assert kept[row, column[list(plan)]].all()


@QUICK
@given(problems(), st.integers(2, 1000))
def test_finer_units_change_nothing(data: dict[str, Any], factor: int) -> None:
    """Costs, efforts and capacities in other units: the objective scales with the costs, feasibility stays."""
    data.pop("fairness", None)
    finer = dict(data)
    finer["cost"] = [[each * factor for each in row] for row in data["cost"]]
    finer["effort"] = [[each * factor for each in row] for row in data["effort"]]
    finer["managers"] = [{**row, "capacity": row["capacity"] * factor} for row in data["managers"]]
    first, second = solve_problem(read_problem_data(data)), solve_problem(read_problem_data(finer))
    assert first.feasible == second.feasible
    if first.objective is not None:
        assert second.objective == first.objective * factor


def test_unevenness_may_be_rewarded_and_the_bound_still_holds() -> None:
    """max with a positive weight is taken at its word; there the bound is weak, never wrong."""
    dice = np.random.default_rng(5)
    for _ in range(15):
        data = {
            "sense": "max",
            "managers": [{"id": i, "capacity": int(dice.integers(8, 20))} for i in range(3)],
            "customers": [{"id": j} for j in range(5)],
            "cost": dice.integers(0, 30, (3, 5)).tolist(),
            "effort": dice.integers(1, 8, (3, 5)).tolist(),
            "fairness": {"weight": 3},
        }
        agrees(data, solve_problem(read_problem_data(data)))
