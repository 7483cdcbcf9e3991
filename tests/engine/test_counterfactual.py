"""The nearest change of single inputs, on cases worked out by hand, with and without peers."""

from __future__ import annotations

from typing import Any

from appraisal.schemes.engine import load_scheme, load_scheme_data, read_cohort
from appraisal.schemes.engine.counterfactual import counterfactuals
from tests.engine.casting import example, one_method
from tests.engine.test_demo import PERSON


def nearest(scheme: Any, people: list[dict[str, Any]], who: str) -> dict[tuple[str, str], str]:
    loaded = load_scheme(scheme) if isinstance(scheme, str) else load_scheme_data(scheme)
    found = [
        item.data()
        for item in counterfactuals(loaded, read_cohort({"period": "2025Q4", "people": people}), who)
    ]
    return {
        (item["input"], "down" if item["change"].startswith("-") else "up"): item["nearest"] for item in found
    }


def test_the_demo_promotion_hangs_on_these() -> None:
    found = nearest(example("demo"), [PERSON], "A1")
    # sales: 95.715 points needed, 2871/3000 = 95.70; target: 3482/3637 = 95.74, 3482/3638 = 95.71
    # overdue: 3 is the band of 0 points: 81.249 < 85; TEAM: 52.05 + 0.4 x ≥ 80 needs 69.875; COMM superior likewise:
    # (x + 85.5)/2 × 0.6 + 36.4 ≥ 80 needs x ≥ 59.8…
    assert found == {
        ("reading.SALES", "down"): "2871", ("target.SALES", "up"): "3638", ("target.SALES", "down"): "0",
        ("reading.OVERDUE", "up"): "3", ("months_in_grade", "down"): "11", ("rating.TEAM.superior", "down"): "69",
        ("rating.COMM.superior", "down"): "59", ("rating.COMM.peer", "down"): "57.3",
    }  # fmt: skip


def test_a_band_that_rises_and_falls_is_searched_on_both_sides() -> None:
    scheme = one_method(
        {
            "type": "bands",
            "bands": [
                {"to": 10, "score": 90},
                {"from": 10, "to": 20, "score": 50},
                {"from": 20, "to": 21, "score": 95},
                {"from": 21, "score": 0},
            ],
        }
    )
    scheme["grades"] = [{"code": "A", "name": "一", "order": 1}, {"code": "B", "name": "二", "order": 2}]
    scheme["promotion"] = [{"to": "B", "when": {"value": "performance", "op": ">=", "than": 90}}]
    person = {"employee_no": "A", "grade": "A", "readings": {"X": 15}}
    assert nearest(scheme, [person], "A") == {("reading.X", "down"): "9", ("reading.X", "up"): "20"}


def test_among_peers_the_change_is_the_one_that_overtakes() -> None:
    scheme = one_method({"type": "rank", "first": 100, "last": 0})
    scheme["grades"] = [{"code": "A", "name": "一", "order": 1}, {"code": "B", "name": "二", "order": 2}]
    scheme["promotion"] = [{"to": "B", "when": {"value": "performance", "op": ">=", "than": 50}}]
    people = [
        {"employee_no": str(k), "grade": "A", "readings": {"X": x}}
        for k, x in enumerate((70, 60, 50, 40, 30))
    ]
    # five people: places 1 2 3 give 100 75 50; the fourth must reach the third's 50 (equal figures share the better place)
    assert nearest(scheme, people, "3") == {("reading.X", "up"): "50"}


def test_a_full_grade_opens_when_the_score_beats_the_last_admitted() -> None:
    scheme = one_method({"type": "direct"})
    scheme["grades"] = [{"code": "A", "name": "一", "order": 1}, {"code": "B", "name": "二", "order": 2}]
    scheme["promotion"] = [{"to": "B", "when": {"value": "performance", "op": ">=", "than": 80}}]
    scheme["quotas"] = [
        {"code": "Q", "grade": "B", "kind": "promotions", "limit": 1, "tie_break": [{"value": "performance"}]}
    ]
    people = [
        {"employee_no": "X", "grade": "A", "readings": {"X": 95}},
        {"employee_no": "Y", "grade": "A", "readings": {"X": 90}},
    ]
    assert nearest(scheme, people, "Y") == {("reading.X", "up"): "96"}  # 95 would be a tie, given to nobody
    assert nearest(scheme, people, "X") == {("reading.X", "down"): "90"}
