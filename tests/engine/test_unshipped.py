"""A regulation written from the guide alone (city_bank_retail): its numbers by hand, and no slip that goes unnoticed."""

from __future__ import annotations

from typing import Any

import pytest

from appraisal.schemes.engine import InputError
from tests.engine.casting import example, line, results


def rated(superior: list[int], peers: list[int]) -> list[dict[str, Any]]:
    rows = [{"group": "superior", "score": score} for score in superior]
    return rows + [{"group": "peer", "score": score} for score in peers]


A: dict[str, Any] = {
    "employee_no": "A", "grade": "G2", "months_in_grade": 8, "history": [{"period": "2025Q3", "total": 92}],
    "readings": {"SAVINGS": 1150, "NPL": 0.62, "WEALTH": 760}, "targets": {"SAVINGS": 1000},
    "events": [{"code": "COMPLAINT"}],
    "ratings": {"SERVICE": rated([92], [88, 90]), "COMPLIANCE": rated([95], [90]), "TEAMWORK": rated([90], [])},
    "facts": {"certificates": ["AFP", {"code": "CFP", "valid_until": "2025-12-31"}], "on_maternity_leave": False},
}  # fmt: skip
B: dict[str, Any] = {
    "employee_no": "B", "grade": "G3", "months_in_grade": 20, "history": [{"period": "2025Q3", "total": 58}],
    "readings": {"SAVINGS": 300, "NPL": 2.4, "WEALTH": 80}, "targets": {"SAVINGS": 1000},
    "events": [{"code": "COMPLAINT", "count": 4}],
    "ratings": {"SERVICE": rated([60], [65]), "COMPLIANCE": rated([70], []), "TEAMWORK": rated([75], [])},
}  # fmt: skip
C: dict[str, Any] = {
    "employee_no": "C", "grade": "G1", "months_in_grade": 3, "history": [{"period": "2025Q3", "total": 95}],
    "readings": {"SAVINGS": 1300, "NPL": 0.2, "WEALTH": 1200}, "targets": {"SAVINGS": 1000},
    "events": [{"code": "OFF_BOOK_SALE"}],
    "ratings": {code: rated([95], [95]) for code in ("SERVICE", "COMPLIANCE", "TEAMWORK")},
}  # fmt: skip


def test_the_three_people_by_hand() -> None:
    a, b, c = results(example("city_bank_retail"), [A, B, C])
    # A ability: 92×.6 + 89×.4 = 90.8; 95×.6 + 90×.4 = 93; 90 alone → 90.8×.5 + 93×.3 + 90×.2 = 91.3
    # performance: 115×.4 + 80×.2 + (60 + 5×7)×.25 + 90×.15 = 46 + 16 + 23.75 + 13.5 = 99.25
    # total: 91.3×.3 + 99.25×.7 + 4 (CFP only) = 100.865; pay 5000 × 1 × 1.00865 = 5043.25 → 5043
    assert (a["ability"], a["performance"], a["total"], a["quadrant"]) == ("91.30", "99.25", "100.865", "HH")
    assert (a["proposal"]["kind"], a["proposal"]["to"], a["pay"]["total"]) == ("promotion", "G3", "5043")
    assert [item["code"] for item in a["lines"] if item["kind"] == "bonus"] == ["CFP"]
    assert line(a, "CFP")["name"] == "持 CFP 证书"
    # B ability: 62×.5 + 70×.3 + 75×.2 = 67; performance: 30×.4 + 0 + 60×.25 + 60×.15 = 36
    # total 67×.3 + 36×.7 = 45.3; below 60 twice; pay 5000 × 1.2 × .453 = 2718
    assert (b["ability"], b["performance"], b["total"], b["quadrant"]) == ("67.00", "36.00", "45.30", "LL")
    assert (b["proposal"]["kind"], b["proposal"]["to"], b["pay"]["total"]) == ("demotion", "G2", "2718")
    # C performance: 120×.4 + 100×.2 + (60 + 5×12)×.25 + 100×.15 = 113; the veto takes 95×.3 + 113×.7 = 107.6 to 0
    assert (c["ability"], c["performance"], c["total"]) == ("95.00", "113.00", "0.00")
    assert (c["proposal"]["kind"], c["proposal"]["to"], c["pay"]["total"]) == ("hold", None, "0")
    struck = line(c, "OFF_BOOK_SALE")
    assert (struck["kind"], struck["contribution"], struck["note"]) == ("veto", "-107.60", "veto_zero")
    assert struck["name"] == "飞单（私售非本行产品）"
    assert c["reasons"][0] == {
        "rule": "veto:OFF_BOOK_SALE", "passed": False,
        "detail": {"code": "veto", "effect": "hold", "score": "zero", "name": "飞单（私售非本行产品）", "fired": True},
    }  # fmt: skip


def test_maternity_is_not_rated_and_g4_is_a_fifth_at_most() -> None:
    away = {**A, "facts": {"on_maternity_leave": True}}
    (found,) = results(example("city_bank_retail"), [away])
    assert (found["proposal"]["kind"], found["pay"]) == ("not_rated", None)
    assert found["reasons"][0]["detail"] == {
        "code": "not_rated", "backfill": False, "name": "产假不参评", "fired": True,
    }  # fmt: skip
    ready = {**A, "grade": "G3"}
    # four people: 20 % of 4 = 0.8 → 0 places; five: 1
    for others, kind in ((3, "hold"), (4, "promotion")):
        rest = [{**B, "employee_no": f"B{k}"} for k in range(others)]
        assert results(example("city_bank_retail"), [ready, *rest])[0]["proposal"]["kind"] == kind


SLIPS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"events": [{"code": "OFF_BOOK_SALES"}]}, "people[0].events.OFF_BOOK_SALES", "unused_code", "OFF_BOOK_SALE"),
    ({"events": [{"code": "SAVINGS"}]}, "people[0].events.SAVINGS", "unused_code", "COMPLAINT, OFF_BOOK_SALE"),
    ({"readings": {**A["readings"], "SAVING": 1}}, "people[0].readings.SAVING", "unused_code", "SAVINGS"),
    ({"readings": {**A["readings"], "COMPLAINT": 3}}, "people[0].readings.COMPLAINT", "unused_code", "NPL, SAVINGS"),
    ({"targets": {"SAVNGS": 1}}, "people[0].targets.SAVNGS", "unused_code", "SAVINGS"),
    ({"ratings": {"SERVCE": []}}, "people[0].ratings.SERVCE", "unused_code", "SERVICE"),
    ({"ratings": {"SERVICE": [{"group": "peers", "score": 1}]}}, "people[0].ratings.SERVICE[0].group", "unused_code", "peer"),
    ({"ratings": {"SERVICE": [{"group": "peer", "score": 101}]}}, "people[0].ratings.SERVICE[0].score", "out_of_range", "0 – 100"),
    ({"ratings": {"SERVICE": [{"group": "peer", "score": -1}]}}, "people[0].ratings.SERVICE[0].score", "out_of_range", "0 – 100"),
    ({"facts": {"on_maternity_leave": "true"}}, "people[0].facts.on_maternity_leave", "bad_type", "true 或 false"),
    ({"facts": {"on_maternity_leave": 1}}, "people[0].facts.on_maternity_leave", "bad_type", "true 或 false"),
    ({"facts": {"maternity_leave": True}}, "people[0].facts.maternity_leave", "unused_code", "on_maternity_leave"),
    ({"facts": {"certificates": [{"code": "CFP", "valid_until": "2025/12/31"}]}},
     "people[0].facts.certificates[0].valid_until", "bad_date", "YYYY-MM-DD"),
    ({"facts": {"certificates": [{"code": "CFP", "valid_until": "2025-02-30"}]}},
     "people[0].facts.certificates[0].valid_until", "bad_date", "YYYY-MM-DD"),
    ({"facts": {"certificates": [{"code": "CFP", "valid_untill": "2025-12-31"}]}},
     "people[0].facts.certificates[0].valid_untill", "unknown_key", "valid_until"),
    ({"facts": {"certificates": "CFP"}}, "people[0].facts.certificates", "bad_type", "列表"),
    ({"history": [{"period": "2025M09", "total": 92}]}, "people[0].history[0].period", "bad_period", "2025Q4"),
    ({"history": [{"period": "2025Q3", "totl": 92}]}, "people[0].history[0].totl", "unused_code", "total"),
    ({"history": [{"period": "2025Q3", "scores": {"SAVNGS": 1}}]}, "people[0].history[0].scores.SAVNGS", "unused_code", "SAVINGS"),
    ({"grade": "G5"}, "people[0].grade", "unused_code", "G1, G2, G3, G4"),
]  # fmt: skip


@pytest.mark.parametrize(("slip", "path", "code", "expected"), SLIPS, ids=[f"{s[1]}={s[3]}" for s in SLIPS])
def test_a_slip_of_the_pen_is_refused(slip: dict[str, Any], path: str, code: str, expected: str) -> None:
    with pytest.raises(InputError) as refused:
        results(example("city_bank_retail"), [{**A, **slip}])
    (fault,) = refused.value.faults
    assert (fault.path, fault.code) == (path, code)
    assert expected in fault.expected_zh
    assert fault.zh.startswith(f"{path}（A）：")


def test_the_period_is_of_the_kind_of_the_cycle() -> None:
    for period in ("2025M11", "2025H2", "2025"):
        with pytest.raises(InputError) as refused:
            results(example("city_bank_retail"), [], period)
        (fault,) = refused.value.faults
        assert (fault.path, fault.code, fault.found) == ("period", "bad_period", period)
        assert fault.expected_zh == "方案的考核周期按季：如 2025Q4"
