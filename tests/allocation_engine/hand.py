"""Problems small enough to work by hand: one place, one skill, every permille a round number."""

from __future__ import annotations

from typing import Any

import numpy as np

from customers.allocation.engine.problem import Customers, Managers, Places, Policy, Problem, build


def column(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def no_pairs() -> np.ndarray:
    return np.zeros((0, 2), dtype=np.int64)


def problem(
    effort: list[int],
    capacity: list[int],
    *,
    owner: list[int] | None = None,
    skill: list[int] | None = None,
    customers: dict[str, Any] | None = None,
    managers: dict[str, Any] | None = None,
    places: Places | None = None,
    block: np.ndarray | None = None,
    **policy: Any,
) -> Problem:
    """Only expertise counts (weight 1) and, where moves happen, 100 a move; everything else is switched on by name."""
    n, m = len(effort), len(capacity)
    zero, nil = np.zeros(n, dtype=np.int64), np.zeros(m, dtype=np.int64)
    people = Customers(
        ids=np.arange(n), effort=column(*effort), tier=zero, profile=zero, place=zero, branch=zero,
        owner=column(*(owner or [-1] * n)), tenure=zero, value=zero, weight=np.ones(n, dtype=np.int64), requires=zero,
        key=np.zeros(n, dtype=bool), group=np.full(n, -1),
    )  # fmt: skip
    staff = Managers(
        ids=np.arange(m), capacity=column(*capacity), grade=nil, merit=nil, place=nil, branch=nil, holds=nil, intake=nil,
        skill=column(*(skill or [1000] * m)).reshape(m, 1),
    )  # fmt: skip
    given = {"wanted_grade": column(0, 2), "minimum_grade": column(0, 0), "move_price": np.array([[100], [300]]),
             "expertise": 1, "proximity": 0, "shortfall": 0, "waste": 0, "merit": 0, "fairness": 0, **policy}  # fmt: skip
    return build(
        customers=Customers(**{**vars(people), **(customers or {})}),
        managers=Managers(**{**vars(staff), **(managers or {})}),
        places=places or Places(column(30_000_000, 30_090_000), column(100_000_000, 100_000_000)),
        profiles=np.array([[1000]]),
        policy=Policy(**given),
        block=block,
    )
