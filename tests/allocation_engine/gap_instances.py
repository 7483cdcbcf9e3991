"""Generalised assignment problems by their published recipes, as neutral documents.

Types A-D: P. C. Chu and J. E. Beasley, "A genetic algorithm for the generalised assignment problem" (1997). Type E:
M. Laguna, J. P. Kelly, J. L. González-Velarde and F. Glover, "Tabu search for the multilevel generalized assignment
problem" (1995), as used by Yagiura, Ibaraki and Glover (2006). All are minimised. m managers, n customers; effort
depends on the pair.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from customers.allocation.engine.document import Problem, read_problem_data

SIZES = {"A": (5, 100), "B": (5, 100), "C": (20, 200), "D": (20, 200), "E": (20, 200)}


def recipe(kind: str, m: int, n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """cost[m, n], effort[m, n], capacity[m] of one instance of type A to E; the same for a seed."""
    dice = np.random.default_rng([ord(kind), m, n, seed])
    if kind == "E":
        effort = np.ceil(1 - 10 * np.log(1 - dice.random((m, n)))).astype(np.int64)
        cost = np.ceil(1000 / effort - 10 * dice.random((m, n))).astype(np.int64)
    elif kind == "D":
        effort = dice.integers(1, 101, (m, n))
        cost = 111 - effort + dice.integers(-10, 11, (m, n))
    else:
        effort = dice.integers(5, 26, (m, n))
        cost = dice.integers(10, 51, (m, n))
    if kind in "AB":
        cheapest = np.argmin(cost, axis=0)
        most = max(int(effort[i, cheapest == i].sum()) for i in range(m))
        limit = 0.6 * (n / m) * 15 + 0.4 * most
        capacity = np.full(m, limit if kind == "A" else 0.7 * limit).astype(np.int64)
    else:
        capacity = (0.8 * effort.sum(axis=1) / m).astype(np.int64)
    return cost, effort, capacity


def document(
    cost: np.ndarray, effort: np.ndarray, capacity: np.ndarray, sense: str = "min", **more: Any
) -> dict[str, Any]:
    """The neutral document of plain arrays."""
    return {
        "sense": sense,
        "managers": [{"id": f"M{i}", "capacity": int(limit)} for i, limit in enumerate(capacity)],
        "customers": [{"id": f"C{j}"} for j in range(cost.shape[1])],
        "cost": cost.tolist(),
        "effort": effort.tolist(),
        **more,
    }


def generated(kind: str, m: int, n: int, seed: int = 0) -> Problem:
    """One instance of type A to E."""
    return read_problem_data(document(*recipe(kind, m, n, seed)))


def from_library(text: str) -> dict[str, Any]:
    """The document of a file in OR-Library form: m n, costs m by n, resources m by n, capacities m."""
    numbers = np.array(text.split(), dtype=np.int64)
    m, n = int(numbers[0]), int(numbers[1])
    cost, effort = numbers[2 : 2 + 2 * m * n].reshape(2, m, n)
    return document(cost, effort, numbers[2 + 2 * m * n :])
