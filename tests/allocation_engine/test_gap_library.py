"""Published instances with known minima: all reached, all bounds proven, permuted alike, halved capacities refused."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from customers.allocation.engine.document import read_problem_data
from customers.allocation.engine.gap import solve_problem
from tests.allocation_engine.gap_instances import from_library

LIBRARY = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "gap"
MINIMA = {
    1: (261, 269, 256, 274, 251),
    2: (277, 269, 260, 269, 267),
    3: (438, 415, 446, 430, 411),
    4: (423, 424, 426, 395, 406),
}
NAMES = [(f"gap{group}-{k}", minimum) for group, minima in MINIMA.items() for k, minimum in enumerate(minima)]

pytestmark = pytest.mark.skipif(
    not LIBRARY.is_dir(), reason="the published instances are not beside the checkout"
)


def problem(name: str) -> dict[str, Any]:
    return from_library((LIBRARY / name).read_text(encoding="utf-8"))


def permuted(data: dict[str, Any], seed: int) -> dict[str, Any]:
    """Managers and customers in another order, and called otherwise."""
    dice = np.random.default_rng(seed)
    rows, columns = dice.permutation(len(data["managers"])), dice.permutation(len(data["customers"]))
    return {
        **data,
        "managers": [{**data["managers"][i], "id": k} for k, i in enumerate(rows)],
        "customers": [{"id": k} for k in range(len(columns))],
        "cost": np.array(data["cost"])[np.ix_(rows, columns)].tolist(),
        "effort": np.array(data["effort"])[np.ix_(rows, columns)].tolist(),
    }


@pytest.mark.parametrize(("name", "minimum"), NAMES)
def test_the_listed_minimum_is_reached_and_proven(name: str, minimum: int) -> None:
    data = problem(name)
    solution = solve_problem(read_problem_data(data))
    assert (solution.objective, solution.bound, solution.gap) == (minimum, minimum, 0)
    assert solution.assignment is not None
    cost, effort = np.array(data["cost"]), np.array(data["effort"])
    columns = np.arange(cost.shape[1])
    assert cost[list(solution.assignment), columns].sum() == minimum
    loads = np.zeros(len(cost))
    np.add.at(loads, list(solution.assignment), effort[list(solution.assignment), columns])
    assert (loads <= [row["capacity"] for row in data["managers"]]).all()


@pytest.mark.parametrize(("name", "minimum"), NAMES[::5])
def test_order_and_names_change_nothing(name: str, minimum: int) -> None:
    solution = solve_problem(read_problem_data(permuted(problem(name), 3)))
    assert (solution.objective, solution.bound) == (minimum, minimum)


@pytest.mark.parametrize("name", [name for name, _minimum in NAMES])
def test_halved_capacities_are_named_infeasible(name: str) -> None:
    data = problem(name)
    for row in data["managers"]:
        row["capacity"] //= 2
    start = time.perf_counter()
    solution = solve_problem(read_problem_data(data))
    assert time.perf_counter() - start < 60  # a few tenths of a second on an idle machine
    assert (solution.feasible, solution.objective, solution.bound, solution.assignment) == (
        False,
        None,
        None,
        None,
    )
    (conflict,) = solution.conflicts
    assert conflict.rule == "capacity" and solution.proven
    assert conflict.managers and conflict.customers and conflict.missing is not None
    # What is said to be missing is: even with it shared out at will, less would not do.
    cheapest = np.array(data["effort"]).min(axis=0).sum()
    assert conflict.missing >= cheapest - sum(row["capacity"] for row in data["managers"])


def test_the_bound_without_the_exact_program_is_within_one_per_cent_of_the_value() -> None:
    """The prices alone, before anything is enumerated."""
    from customers.allocation.engine.gap.instance import candidates, instance_of
    from customers.allocation.engine.gap.knapsack import tighten
    from customers.allocation.engine.gap.relaxation import relax

    for name, minimum in NAMES[10:]:
        read = read_problem_data(problem(name))
        instance = instance_of(read, candidates(read))
        relaxation = relax(instance)
        assert relaxation.bound is not None
        bound = tighten(instance, relaxation.prices, minimum, relaxation.bound.value)  # type: ignore[arg-type]
        assert relaxation.bound.value <= bound <= minimum <= bound * 101 / 100, name
