"""Scoring 20 000 people × 20 indicators: the engine, a plain loop over the same document, NumPy's floor, in one run.

    python -m tests.benchmarks.bench_scoring [people]

Prints one JSON line per figure: {"name", "n", "median_s", "ratio", "against"}; `ratio` is median / median of `against`.
The loop and the engine are compared value by value before anything is timed.
"""

from __future__ import annotations

import itertools
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from appraisal.schemes.engine import Cohort, Column, Evaluation, Person, load_scheme_data, parse_period
from appraisal.schemes.engine.workings import Workings

KINDS: list[dict[str, Any]] = [
    {"type": "ratio", "floor": 0, "cap": 120},
    {"type": "lower_is_better", "floor": 0, "cap": 120},
    {"type": "bands", "bands": [{"to": 500, "score": 40}, {"from": 500, "to": 1000, "score": 80}, {"from": 1000, "score": 110}]},
    {"type": "linear", "points": [[0, 0], [600, 60], [1200, 100], [2000, 120]]},
    {"type": "per_unit", "base": 20, "per": 12, "points": 1, "floor": 0, "cap": 120},
]  # fmt: skip


def document() -> dict[str, Any]:
    """Two dimensions of ten indicators each, and a ladder."""

    def rows(prefix: str) -> list[dict[str, Any]]:
        return [{"code": f"{prefix}{k}", "name": f"{prefix}{k}", "weight": 10, "source": "reading", "missing": "block",
                 "method": KINDS[k % len(KINDS)]} for k in range(10)]  # fmt: skip

    return {
        "code": "BENCH", "version": 1, "name": "基准", "cycle": "quarter",
        "dimensions": [{"code": "ability", "weight": 50, "indicators": rows("A")},
                       {"code": "performance", "weight": 50, "indicators": rows("P")}],
        "matrix": {"kind": "quadrant", "ability": 70, "performance": 70},
        "grades": [{"code": f"G{k}", "name": f"{k}", "order": k} for k in (1, 2, 3)],
        "promotion": [{"to": f"G{k}", "when": {"all": [{"value": "performance", "op": ">=", "than": 70},
                                                       {"value": "months_in_grade", "op": ">=", "than": 12}]}} for k in (2, 3)],
        "demotion": [{"from": f"G{k}", "when": {"value": "performance", "op": "<", "than": 50, "consecutive": 2}} for k in (2, 3)],
    }  # fmt: skip


def cohort_of(count: int, codes: list[str]) -> Cohort:
    """People with readings and targets as columns of fen, as SQL hands them over; the same for every run."""
    generator = np.random.default_rng(7)
    present = np.ones(count, dtype=np.bool_)
    columns = {}
    for code in codes:
        columns[f"reading.{code}"] = Column(generator.integers(1_000, 200_000, count), 2, present)
        columns[f"target.{code}"] = Column(generator.integers(50_000, 150_000, count), 2, present)
    pick = random.Random(7)
    people = tuple(
        Person(f"E{k:06d}", grade=pick.choice(("G1", "G2", "G3")), unit=f"U{k % 200}", months_in_grade=Fraction(pick.randint(0, 40)),
               history=({"period": "2025Q3", "performance": None},)) for k in range(count)
    )  # fmt: skip
    period = parse_period("2025Q4")
    assert period is not None
    return Cohort(period, people, columns)


def plain_score(method: dict[str, Any], x: Decimal, target: Decimal) -> Decimal:
    """One score the plain way: Decimal arithmetic, one figure at a time."""
    kind = method["type"]
    if kind == "ratio":
        value = 100 * x / target
    elif kind == "lower_is_better":
        value = 100 * target / x
    elif kind == "bands":
        value = next(Decimal(b["score"]) for b in method["bands"]
                     if x >= b.get("from", -10**9) and x < b.get("to", 10**9))  # fmt: skip
    elif kind == "linear":
        points = method["points"]
        value = Decimal(points[-1][1])
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            if x <= x1:
                value = y0 + (y1 - y0) * (x - x0) / (x1 - x0)
                break
    else:
        value = method["base"] + method["points"] * x / method["per"]
    value = min(max(value, Decimal(method.get("floor", -(10**9)))), Decimal(method.get("cap", 10**9)))
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def plain_loop(
    data: dict[str, Any], readings: list[dict[str, Decimal]], targets: list[dict[str, Decimal]]
) -> list[Decimal]:
    """Totals of everybody, person by person and indicator by indicator over the same document."""
    totals = []
    for mine, goals in zip(readings, targets, strict=True):
        total = Decimal(0)
        for dimension in data["dimensions"]:
            value = Decimal(0)
            for item in dimension["indicators"]:
                value += (
                    plain_score(item["method"], mine[item["code"]], goals[item["code"]])
                    * item["weight"]
                    / 100
                )
            total += value * dimension["weight"] / 100
        totals.append(total)
    return totals


def floor(data: dict[str, Any], columns: dict[str, tuple[Any, Any]]) -> Any:
    """The least NumPy can do for the same formulas: floats, no policies, no rounding rule, no exactness."""
    total = 0.0
    for dimension in data["dimensions"]:
        for item in dimension["indicators"]:
            x, target = columns[item["code"]]
            method = item["method"]
            kind = method["type"]
            if kind == "ratio":
                score = 100 * x / target
            elif kind == "lower_is_better":
                score = 100 * target / x
            elif kind == "bands":
                score = np.array([40.0, 80.0, 110.0])[np.searchsorted([500.0, 1000.0], x, side="right")]
            elif kind == "linear":
                score = np.interp(x, [p[0] for p in method["points"]], [p[1] for p in method["points"]])
            else:
                score = method["base"] + method["points"] * x / method["per"]
            total = total + np.round(np.clip(score, 0, 120), 2) * (
                item["weight"] * dimension["weight"] / 10_000
            )
    return total


def median(action: Callable[[], Any], times: int) -> float:
    """Median wall time in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def report(
    name: str, count: int, seconds: float, against: str | None = None, other: float | None = None
) -> None:
    """One JSON line."""
    ratio = None if other is None else round(seconds / other, 3)
    print(
        json.dumps(
            {"name": name, "n": count, "median_s": round(seconds, 4), "ratio": ratio, "against": against}
        )
    )


def main(count: int = 20_000) -> None:
    """Runs and prints everything."""
    data = document()
    scheme = load_scheme_data(data)
    codes = [item.code for item in scheme.indicators()]
    cohort = cohort_of(count, codes)
    floats = {code: (cohort.columns[f"reading.{code}"].units / 100, cohort.columns[f"target.{code}"].units / 100)
              for code in codes}  # fmt: skip
    readings = [
        {code: Decimal(int(cohort.columns[f"reading.{code}"].units[k])) / 100 for code in codes}
        for k in range(count)
    ]
    targets = [
        {code: Decimal(int(cohort.columns[f"target.{code}"].units[k])) / 100 for code in codes}
        for k in range(count)
    ]

    def score() -> Any:
        workings = Workings(scheme, Cohort(cohort.period, cohort.people, cohort.columns))
        return workings.total.column

    column, totals = score(), plain_loop(data, readings, targets)
    for k in range(count):
        assert Decimal(int(column.units[k])).scaleb(-column.scale) == totals[k], k
    engine, numpy_floor = median(score, 5), median(lambda: floor(data, floats), 5)
    loop = median(lambda: plain_loop(data, readings, targets), 1)
    report("scoring.numpy_floor", count, numpy_floor)
    report("scoring.plain_loop", count, loop, "scoring.numpy_floor", numpy_floor)
    report("scoring.engine", count, engine, "scoring.plain_loop", loop)
    report("scoring.engine", count, engine, "scoring.numpy_floor", numpy_floor)

    def decide() -> Any:
        return Evaluation(scheme, Cohort(cohort.period, cohort.people, cohort.columns)).proposals

    decided = median(decide, 3)
    report("scoring.engine_with_proposals", count, decided, "scoring.plain_loop", loop)
    evaluation = Evaluation(scheme, cohort)
    shown = min(count, 2000)
    evaluation.person(0)
    explained = median(lambda: [evaluation.person(k) for k in range(shown)], 1)
    report("scoring.explanations", shown, explained)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
