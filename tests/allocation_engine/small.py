"""Small random problems with every rule in play, for comparison with the exact optimum."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from customers.allocation.engine.problem import (
    Customers,
    Managers,
    Places,
    Policy,
    Problem,
    ProblemError,
    build,
)


def column(values: Any) -> np.ndarray:
    return np.array(list(values), dtype=np.int64)


def pairs(found: list[tuple[int, int]]) -> np.ndarray:
    return np.array(sorted(set(found)), dtype=np.int64).reshape(-1, 2)


@st.composite
def rows(draw: Any) -> dict[str, Any]:
    """Everything `build` takes, up to 9 customers and 4 managers; any rule may be on."""
    n, m = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    several = draw(st.integers(0, 4)) == 0
    on = {
        name: draw(st.integers(0, 3)) == 0
        for name in ("requires", "grade", "intake", "pairs", "group", "apart")
    }

    def each(count: int, low: int, high: int) -> np.ndarray:
        return column(draw(st.lists(st.integers(low, high), min_size=count, max_size=count)))

    effort = each(n, 1, 5)
    customers = Customers(
        ids=np.array(draw(st.permutations(range(100, 100 + n)))), effort=effort, tier=each(n, 0, 2), profile=each(n, 0, 2),
        place=each(n, 0, 2), branch=each(n, 0, 1 if several else 0), owner=each(n, -1, m - 1), tenure=each(n, 0, 40),
        value=each(n, 0, 50), weight=effort if draw(st.booleans()) else each(n, 1, 3), requires=each(n, 0, 1) * each(n, 0, 1) * on["requires"],
        key=each(n, 0, 1).astype(bool), group=np.full(n, -1),
    )  # fmt: skip
    if on["group"]:
        group = each(n, 0, 1)
        customers = Customers(**{**vars(customers), "group": np.where(each(n, 0, 2) == 0, group, -1)})
    managers = Managers(
        ids=np.array(draw(st.permutations(range(m)))), capacity=each(m, 0, 6) + max(int(effort.sum()) // m, 1),
        grade=each(m, 0, 3), merit=each(m, 300, 1000), place=each(m, 0, 2), branch=each(m, 0, 1 if several else 0),
        holds=each(m, 0, 1), intake=column(draw(st.sampled_from([0, 0, 0, 0, 1, 2])) if on["intake"] else 0 for _ in range(m)),
        skill=np.stack([each(m, 0, 10) * 100 for _ in range(3)], axis=1),
    )  # fmt: skip
    one, other = st.integers(0, n - 1), st.integers(0, m - 1)
    some = st.lists(st.tuples(one, other), max_size=2 if on["pairs"] else 0)
    policy = Policy(
        wanted_grade=column((3, 2, 1)), minimum_grade=column((0, 0, 0)) if not on["grade"] else column((1, 0, 0)),
        move_price=np.array([[9_000, 20_000], [5_000, 9_000], [1_000, 4_000]]), tenure_bands=(12,),
        fairness=draw(st.sampled_from([0, 30, 500])), far=10_000, tenure_limit=draw(st.sampled_from([None, None, 36])),
        key_limit=draw(st.sampled_from([None, None, 2, 3])), budget=draw(st.sampled_from([None, None, 1, 3, 5])),
        cross_branch=several, pins=pairs(list({i: (i, j) for i, j in draw(some)}.values())), exclusions=pairs(draw(some)),
        recusals=pairs(draw(some)), complaints=pairs(draw(some)), together=draw(st.booleans()),
        apart=pairs([(a, b) for a, b in draw(st.lists(st.tuples(one, one), max_size=2 if on["apart"] else 0)) if a != b]),
    )  # fmt: skip
    places = Places(
        column((30_000_000, 30_040_000, 30_080_000)), column((100_000_000, 100_020_000, 100_090_000))
    )
    profiles = np.array([[1000, 0, 0], [500, 500, 0], [0, 300, 700]])
    block = np.zeros(2, dtype=np.int64) if several else None
    return {
        "customers": customers,
        "managers": managers,
        "places": places,
        "profiles": profiles,
        "policy": policy,
        "block": block,
    }


@st.composite
def problems(draw: Any) -> Problem:
    given = draw(rows())
    branches = 1 + max(int(given["customers"].branch.max()), int(given["managers"].branch.max()))
    if given["block"] is not None:
        given["block"] = given["block"][:branches]
    try:
        return build(**given)
    except ProblemError:
        assume(False)
        raise
