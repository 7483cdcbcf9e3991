"""The presets: CT (001), bank (003), sales (000), allocation rules (004), telecom, insurer; numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from appraisal.schemes.engine import load_scheme
from appraisal.schemes.engine.document import read_yaml
from appraisal.schemes.engine.lint import lint
from tests.engine.casting import EXAMPLES, example, line, results

ABILITIES = ("COMMUNICATION", "RELATIONSHIP", "MARKET", "KNOWLEDGE", "ADAPTABILITY", "TEAMWORK")


def ct_person(**changes: Any) -> dict[str, Any]:
    scores = dict(zip(ABILITIES, (90, 85, 80, 88, 92, 86), strict=True))
    person: dict[str, Any] = {
        "employee_no": "A1", "grade": "JUNIOR", "unit": "U", "months_in_grade": 18,
        "ratings": {code: [{"group": "superior", "score": score}] for code, score in scores.items()},
        "readings": {"SALES": 550, "NEW_CUSTOMERS": 9, "SATISFACTION": 92, "GROWTH": 5, "PROJECT_QUALITY": 95},
        "targets": {"SALES": 500, "NEW_CUSTOMERS": 10, "SATISFACTION": 90},
        "history": [{"period": "2025Q3", "performance": 88}], "facts": {"has_projects": True},
    }  # fmt: skip
    return {**person, **changes}


def test_every_shipped_scheme_loads_and_keeps_its_code() -> None:
    codes = [load_scheme(path.read_text(encoding="utf-8")).code for path in sorted(EXAMPLES.glob("*.yaml"))]
    assert len(codes) == len(set(codes)) == 17


def test_ct_weights_are_those_of_the_source() -> None:
    ability, performance = load_scheme(example("ct")).dimensions
    assert [int(item.weight) for item in ability.indicators] == [25, 20, 20, 15, 10, 10]  # 001 4.2.1
    assert [int(item.weight) for item in performance.indicators] == [
        30,
        20,
        20,
        15,
        15,
    ]  # 001 4.2.2, rest ours


def test_ct_numbers() -> None:
    person = results(example("ct"), [ct_person()])[0]
    # ability 90×.25 + 85×.20 + 80×.20 + 88×.15 + 92×.10 + 86×.10 = 22.5 + 17 + 16 + 13.2 + 9.2 + 8.6 = 86.5
    assert person["ability"] == "86.50"
    # SALES 110, NEW 90, SATISFACTION 92/90 = 102.22, GROWTH halfway 60 → 100 = 80, PROJECT 95
    # 110×.30 + 90×.20 + 102.22×.20 + 80×.15 + 95×.15 = 33 + 18 + 20.444 + 12 + 14.25 = 97.694
    assert person["performance"] == "97.694"
    assert person["total"] == "92.097"  # (86.5 + 97.694) / 2
    assert person["quadrant"] == "HH"
    assert person["proposal"]["kind"] == "promotion" and person["proposal"]["to"] == "MIDDLE"


def test_ct_without_projects_shares_the_weight_out() -> None:
    person = results(example("ct"), [ct_person(facts={"has_projects": False})])[0]
    # 15 of 100 go: 30/85 = 35.294117|647 %, 20/85 = 23.529411|765 % twice, 15/85 = 17.647058|824 %. Cut to six
    # decimals they lack three millionths of 100; the largest rests (824, 765, 765) take one each
    weights = [item["weight"] for item in person["lines"] if item["dimension"] == "performance"]
    assert weights == ["35.294117", "23.529412", "23.529412", "17.647059", "0"]
    assert line(person, "PROJECT_QUALITY")["note"] == "not_applicable"
    # 110×35.294117% + 90×23.529412% + 102.22×23.529412% + 80×17.647059%
    # = 38.8235287 + 21.1764708 + 24.0517649464 + 14.1176472
    assert person["performance"] == "98.1694116464"


def test_ct_misconduct_takes_one_step_and_maternity_protects() -> None:
    event = [{"code": "MISCONDUCT", "count": 1}]
    struck = results(example("ct"), [ct_person(grade="MIDDLE", events=event)])[0]
    assert struck["proposal"] == {"kind": "demotion", "to": "JUNIOR", "eligible_for": None}
    kept = ct_person(grade="MIDDLE", events=event, facts={"has_projects": True, "maternity": True})
    assert results(example("ct"), [kept])[0]["proposal"]["kind"] == "hold"


def test_bank_numbers() -> None:
    person = results(example("bank"), [{
        "employee_no": "B1", "grade": "JUNIOR", "events": [{"code": "COMPLAINT", "count": 2}],
        "readings": {"DEPOSIT_AVERAGE": 5200, "LOAN_AVERAGE": 3000, "SETTLEMENT": 800, "NEW_CUSTOMERS": 9,
                     "LOAN_QUALITY": 0.8, "INTEREST_RECEIVED": 95, "INTEREST_DUE": 100},
        "targets": {"DEPOSIT_AVERAGE": 5000, "LOAN_AVERAGE": 4000, "SETTLEMENT": 1000},
        "facts": {"performance_base": 10000},
    }])[0]  # fmt: skip
    # 104×.25 + 75×.20 + 80×.10 + 90×.15 + 80×.20 + (100 − 2×5)×.10 = 26 + 15 + 8 + 13.5 + 16 + 9 = 87.5; −2×2 = 83.5
    assert person["performance"] == "83.50"
    assert line(person, "COMPLAINT")["contribution"] == "-4.00"
    # pay 5000 + 10000×80% = 13000; 40 % of 8000 = 3200 deferred as 40/30/30
    assert person["pay"]["total"] == "13000.00"
    assert [row["amount"] for row in person["pay"]["deferred"]] == ["1280.00", "960.00", "960.00"]
    assert person["pay"]["paid_now"] == "9800.00"


def test_sales_numbers_against_the_previous_month() -> None:
    person = results(example("sales"), [{
        "employee_no": "S1", "grade": "JUNIOR", "readings": {"SALES": 120, "SATISFACTION": 85, "RETENTION": 90,
                                                              "MARKET_SHARE": 11},
        "targets": {"SALES": 100}, "history": [{"period": "2025M10", "total": 92, "readings": {"MARKET_SHARE": 10}},
                                               {"period": "2025M08", "total": 91}],
    }], "2025M11")[0]  # fmt: skip
    # 120×.40 + 85×.25 + (70 + 30×10/15 = 90)×.20 + 110×.15 = 48 + 21.25 + 18 + 16.5 = 103.75
    assert person["total"] == "103.75"
    # 103.75, 92, (September missing), 91: three of the last six months are at 90 or more
    assert person["proposal"]["to"] == "MIDDLE"


def test_allocation_numbers() -> None:
    person = results(example("allocation"), [{
        "employee_no": "C1", "readings": {"SATISFACTION": 91, "REPURCHASE": 70, "RECOMMEND": 80, "SALES": 90,
                                          "SALES_GROWTH": 8, "ACCURACY": 96, "COMPLETENESS": 88, "TIMELINESS": 80},
        "targets": {"SALES": 100},
    }])[0]  # fmt: skip
    # loyalty .6×70 + .4×80 = 74; sales .7×90 + .3×108 = 95.4; upkeep (96 + 88 + 80) / 3 = 88
    # 91×.30 + 74×.20 + 95.4×.30 + 88×.20 = 27.3 + 14.8 + 28.62 + 17.6 = 88.32
    assert person["total"] == "88.32"
    assert person["measures"] == {"LOYALTY": "74", "UPKEEP": "88", "SALES_RESULT": "95.4"}


def test_telecom_numbers_with_a_regional_goal_and_too_few_customers_asked() -> None:
    person = results(example("telecom"), [{
        "employee_no": "T1", "unit": "U", "grade": "T1", "region": "WEST",
        "readings": {"REVENUE": 95, "ARPU": 88, "CHURN": 1.25, "SOLUTIONS": 3, "EXAM": 92},
        "targets": {"REVENUE": 100, "CHURN": 1}, "events": [{"code": "BENCHMARK", "count": 2}],
        "ratings": {"SERVICE": [{"group": "superior", "score": 80}, {"group": "customer", "score": 10},
                                {"group": "customer", "score": 20}]},
    }], "2025M11")[0]  # fmt: skip
    # 95×.40 + (88/80 = 110)×.20 + (100/1.25 = 80)×.25 + (60 + 3×10 = 90)×.15 = 38 + 22 + 20 + 13.5 = 93.5
    # bonus 2×3 = 6, capped at 5: 98.5
    assert person["performance"] == "98.50"
    assert line(person, "BONUS_CAP")["contribution"] == "-1.00"
    # two customers are fewer than three: the superior's 80 alone; 80×.6 + 92×.4 = 84.8
    assert person["ability"] == "84.80"
    assert person["total"] == "94.39"  # 98.5×.7 + 84.8×.3 = 68.95 + 25.44
    assert person["quadrant"] == "22"
    assert person["proposal"]["kind"] == "hold"  # of three conditions only the exam (92) holds


def test_insurer_numbers() -> None:
    people: list[dict[str, Any]] = [{
        "employee_no": "I1", "unit": "U", "grade": "A1", "events": [{"code": "COMPLAINTS", "count": 1}],
        "readings": {"REGULAR_PREMIUM": 50000, "SINGLE_PREMIUM": 100000, "GROUP_PREMIUM": 20000, "PERSISTENCY": 84,
                     "CALLBACK_RATE": 98}, "targets": {"PREMIUM": 60000},
    }]  # fmt: skip
    people.append(
        {**people[0], "employee_no": "I2", "readings": {**people[0]["readings"], "REGULAR_PREMIUM": 10000}}
    )
    first = results(example("insurer"), people)[0]
    # standard premium 50000 + 10000 + 6000 = 66000 → 110; persistency 60 + 40×9/15 = 84; first of two → 100; 100 − 20
    # 110×.45 + 84×.25 + 100×.10 + 80×.20 = 49.5 + 21 + 10 + 16 = 96.5; × 1.05 = 101.325
    assert first["total"] == "101.325"
    assert line(first, "QUALITY")["contribution"] == "4.825"
    # (66000 − 20000) × 12 % = 5520
    assert first["pay"]["total"] == "5520.00"


@pytest.mark.parametrize(
    ("name", "codes"),
    [("ct", []), ("ct_baseline", ["no_compliance"]), ("bank", ["undeclared_code", "undeclared_code"])],
)
def test_lint_warns_of_a_scheme_without_compliance(name: str, codes: list[str]) -> None:
    assert [code for _, code in lint(read_yaml(example(name)))] == codes


def test_lint_warns_of_figures_of_one_day_open_ratios_and_unused_measures() -> None:
    text = example("demo").replace("name: 销售额", "name: 时点存款").replace("floor: 0, cap: 120", "floor: 0")
    text += "measures: [{code: IDLE, formula: reading.SALES}]\n"
    found = lint(read_yaml(text))
    assert [code for _, code in found] == ["no_compliance", "snapshot_deposit", "no_cap", "unused_measure"]
