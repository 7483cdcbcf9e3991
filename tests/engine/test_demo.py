"""The fixed example of the interfaces: every number exactly."""

from __future__ import annotations

import copy
from typing import Any

from tests.engine.casting import example, line, results

PERSON: dict[str, Any] = {
    "employee_no": "A1", "grade": "JUNIOR", "unit": "U1", "months_in_grade": 14,
    "readings": {"SALES": 3482, "OVERDUE": 1.0}, "targets": {"SALES": 3000},
    "ratings": {
        "COMM": [{"group": "superior", "score": 88}, {"group": "peer", "score": 84}, {"group": "peer", "score": 87}],
        "TEAM": [{"group": "superior", "score": 91}],
    },
    "events": [], "history": [{"period": "2025Q3", "performance": 87.40}], "facts": {},
}  # fmt: skip


def test_the_numbers_of_the_demo() -> None:
    person = results(example("demo"), [PERSON])[0]
    # SALES 100 × 3482 / 3000 = 116.0666… → 116.07; OVERDUE 1.0 lies in [1, 3) → 60
    # COMM (88 × 50 + (84 + 87) / 2 × 50) / 100 = 86.75; TEAM superior alone = 91
    assert {item["code"]: item["score"] for item in person["lines"]} == {
        "COMM": "86.75", "TEAM": "91.00", "SALES": "116.07", "OVERDUE": "60.00",
    }  # fmt: skip
    # 116.07 × 0.7 + 60 × 0.3 = 81.249 + 18; 86.75 × 0.6 + 91 × 0.4 = 52.05 + 36.40; half of each
    assert (person["performance"], person["ability"], person["total"]) == ("99.249", "88.45", "93.8495")
    assert person["quadrant"] == "HH"
    assert person["proposal"] == {"kind": "promotion", "to": "MIDDLE", "eligible_for": None}
    assert [item["contribution"] for item in person["lines"]] == ["52.05", "36.40", "81.249", "18.00"]


def test_one_good_period_is_not_two() -> None:
    lone = {**PERSON, "history": []}
    weak = {**PERSON, "employee_no": "A2", "history": [{"period": "2025Q3", "performance": 84.99}]}
    gap = {**PERSON, "employee_no": "A3", "history": [{"period": "2025Q2", "performance": 99}]}
    assert [item["proposal"]["kind"] for item in results(example("demo"), [lone, weak, gap])] == ["hold"] * 3


def test_a_missing_reading_is_zero_only_where_the_document_says_so_and_is_noted() -> None:
    without_sales = copy.deepcopy(PERSON)
    del without_sales["readings"]["SALES"]
    without_overdue = {**copy.deepcopy(PERSON), "employee_no": "A2"}
    del without_overdue["readings"]["OVERDUE"]
    first, second = results(example("demo"), [without_sales, without_overdue])
    assert (line(first, "SALES")["score"], line(first, "SALES")["note"]) == ("0.00", "missing_zero")
    assert (line(second, "OVERDUE")["score"], line(second, "OVERDUE")["note"]) == (None, "missing_blocked")
    assert (second["performance"], second["total"], second["quadrant"]) == (None, None, None)
    assert second["proposal"]["kind"] == "not_rated"
    assert second["reasons"] == [
        {
            "rule": "dimension:performance",
            "passed": False,
            "detail": {"code": "blocked", "indicators": ["OVERDUE"]},
        }
    ]


def test_demotion_after_two_weak_quarters_one_step_down() -> None:
    person = {
        **copy.deepcopy(PERSON),
        "grade": "MIDDLE",
        "history": [{"period": "2025Q3", "performance": 59}],
    }
    person["readings"] = {"SALES": 1500, "OVERDUE": 2}  # 50 × 0.7 + 60 × 0.3 = 53
    found = results(example("demo"), [person])[0]
    assert found["performance"] == "53.00"
    assert found["proposal"] == {"kind": "demotion", "to": "JUNIOR", "eligible_for": None}
