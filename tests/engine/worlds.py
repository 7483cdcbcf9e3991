"""Random schemes and people for the property tests, small enough to shrink, wide enough to hurt."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

NUMBERS = st.decimals(min_value=0, max_value=5000, places=2)
SMALL = st.decimals(min_value=0, max_value=300, places=1)
MISSING = st.sampled_from(["zero", "exclude_and_reweight", "block"])


@st.composite
def rising_methods(draw: st.DrawFn) -> dict[str, Any]:
    """Methods in which a higher figure is never worse."""
    kind = draw(
        st.sampled_from(
            ["ratio", "linear", "per_unit", "bands", "threshold", "step", "progressive", "direct"]
        )
    )
    cap = draw(st.sampled_from([100, 120, Decimal("130.5")]))
    if kind == "ratio":
        return {"type": "ratio", "floor": 0, "cap": cap}
    if kind == "direct":
        return {"type": "direct", "floor": 0, "cap": cap}
    if kind == "per_unit":
        per = draw(st.sampled_from([1, 3, Decimal("0.7")]))
        return {
            "type": "per_unit",
            "base": 10,
            "per": per,
            "points": 2,
            "cap": cap,
            "whole": draw(st.booleans()),
        }
    if kind == "threshold":
        return {"type": "threshold", "at": 50, "score": 60, "above": "proportional", "cap": cap}
    if kind == "step":
        return {"type": "step", "at": 97, "base": 80, "whole": draw(st.booleans()),
                "up": {"per": 3, "points": 5, "limit": 20}, "down": {"per": 7, "points": 2, "limit": 80}}  # fmt: skip
    edges = sorted(draw(st.sets(SMALL, min_size=2, max_size=4)))
    scores = sorted(draw(st.lists(st.integers(0, 120), min_size=len(edges) + 1, max_size=len(edges) + 1)))
    if kind == "linear":
        return {"type": "linear", "points": [[x, y] for x, y in zip(edges, scores, strict=False)]}
    if kind == "progressive":
        rows: list[dict[str, Any]] = [
            {"to": edges[0], "rate": Decimal("0.5")},
            {"from": edges[0], "rate": Decimal("0.1")},
        ]
        return {"type": "progressive", "bands": rows, "cap": cap}
    bands: list[dict[str, Any]] = [{"to": edges[0], "score": scores[0]}]
    for k, low in enumerate(edges[:-1]):
        bands.append({"from": low, "to": edges[k + 1], "score": scores[k + 1]})
    bands.append({"from": edges[-1], "score": scores[-1]})
    return {"type": "bands", "edges": draw(st.sampled_from(["lower", "upper"])), "bands": bands}


def split_hundred(draw: st.DrawFn, count: int) -> list[int]:
    """Whole weights that add up to 100."""
    cuts = sorted(draw(st.lists(st.integers(1, 99), min_size=count - 1, max_size=count - 1)))
    bounds = [0, *cuts, 100]
    return [high - low for low, high in itertools.pairwise(bounds)]


@st.composite
def schemes(draw: st.DrawFn, extras: bool = True) -> dict[str, Any]:
    """Two dimensions of rising methods with a ladder of four grades."""
    dimensions = []
    for code in ("ability", "performance"):
        count = draw(st.integers(1, 4))
        weights = split_hundred(draw, count)
        rows = [
            {"code": f"{code[0].upper()}{k}", "name": f"{code}{k}", "weight": weights[k], "source": "reading",
             "method": draw(rising_methods()), "missing": draw(MISSING)}
            for k in range(count)
        ]  # fmt: skip
        dimension: dict[str, Any] = {"code": code, "weight": 50, "indicators": rows}
        if extras and draw(st.booleans()):
            dimension["bonus"] = {
                "cap": 5,
                "items": [{"code": f"{code}_BONUS", "event": "GOOD", "points": 2}],
            }
            dimension["deductions"] = {
                "cap": 9,
                "items": [{"code": f"{code}_LOSS", "event": "BAD", "points": 4}],
            }
            dimension["coefficients"] = [{"code": f"{code}_FACTOR", "of": "fact.factor", "missing": "one"}]
        dimensions.append(dimension)
    return {
        "code": "RANDOM", "version": 1, "name": "随机方案", "cycle": "quarter", "dimensions": dimensions,
        "rounding": {"places": draw(st.integers(0, 3)), "mode": draw(st.sampled_from(["half_up", "half_even", "floor"]))},
        "events": [{"code": "GOOD"}, {"code": "BAD"}], "facts": [{"name": "factor", "type": "number"}],
        "matrix": {"kind": "quadrant", "ability": 60, "performance": 60},
        "grades": [{"code": f"G{k}", "name": f"{k} 级", "order": k} for k in range(1, 5)],
        "promotion": [
            {"to": f"G{k}", "when": {"all": [{"value": "total", "op": ">=", "than": 50 + 10 * k},
                                             {"value": "quadrant", "op": "in", "than": ["HH", "LH", "HL"]}]}}
            for k in (2, 3, 4)
        ],
        "demotion": [{"from": f"G{k}", "when": {"value": "performance", "op": "<", "than": 20 + 10 * k}} for k in (2, 3, 4)],
    }  # fmt: skip


@st.composite
def figures(draw: st.DrawFn, scheme: dict[str, Any], number: int) -> dict[str, Any]:
    """One person of a random scheme; some figures are missing."""
    codes = [item["code"] for dimension in scheme["dimensions"] for item in dimension["indicators"]]
    readings = {code: draw(st.one_of(NUMBERS, SMALL)) for code in codes if draw(st.integers(0, 9)) > 0}
    targets = {code: draw(st.decimals(min_value=1, max_value=500, places=1)) for code in codes}
    person: dict[str, Any] = {
        "employee_no": f"E{number}", "unit": draw(st.sampled_from(["U1", "U2"])),
        "grade": draw(st.sampled_from(["G1", "G2", "G3", "G4"])), "readings": readings, "targets": targets,
        "events": [{"code": code, "count": draw(st.integers(0, 3))} for code in ("GOOD", "BAD")],
        "facts": {"factor": draw(st.sampled_from([1, Decimal("0.95"), Decimal("1.1")]))},
    }  # fmt: skip
    return person


@st.composite
def worlds(
    draw: st.DrawFn, least: int = 1, most: int = 5, extras: bool = True
) -> tuple[dict[str, Any], list[Any]]:
    """A scheme and its people."""
    scheme = draw(schemes(extras))
    count = draw(st.integers(least, most))
    return scheme, [draw(figures(scheme, k)) for k in range(count)]
