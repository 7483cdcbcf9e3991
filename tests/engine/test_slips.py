"""Slips of an author: what a document or an input gets wrong is told with the word that was meant."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from appraisal.schemes.engine import (
    Cohort,
    Evaluation,
    InputError,
    Person,
    SchemeError,
    load_scheme,
    load_scheme_data,
    parse_period,
    read_cohort,
)  # fmt: skip
from appraisal.schemes.engine.cohort import column_of
from appraisal.schemes.engine.counterfactual import counterfactuals
from appraisal.schemes.engine.inputs import Vocabulary
from appraisal.schemes.engine.lint import lint
from tests.engine.casting import example, line, one_method, results

RATED = {"source": "rating", "missing": "block"}
GROUPS = {"type": "rating", "groups": {"superior": 100}}


def person(**fields: Any) -> dict[str, Any]:
    return {"employee_no": "A", **fields}


def refused_input(scheme: Any, who: dict[str, Any]) -> tuple[str, str, str]:
    with pytest.raises(InputError) as refused:
        results(scheme, [who])
    (fault,) = refused.value.faults
    return fault.path, fault.code, fault.expected_zh


def refused_scheme(scheme: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(SchemeError) as refused:
        load_scheme(scheme) if isinstance(scheme, str) else load_scheme_data(scheme)
    return [(fault.path, fault.code, fault.expected_zh) for fault in refused.value.faults]


def test_declared_events_and_readings_may_stand_in_the_input_and_nothing_else() -> None:
    scheme = one_method({"type": "direct"})
    scheme["events"], scheme["readings"] = [{"code": "FIRE"}], [{"code": "STOCK"}]
    known = person(readings={"X": 1, "STOCK": 2}, events=[{"code": "FIRE"}])
    assert results(scheme, [known])[0]["performance"] == "1.00"
    assert refused_input(scheme, person(events=[{"code": "FIRES"}])) == (
        "people[0].events.FIRES", "unused_code", "您是否想写 FIRE？方案用到的事件：FIRE",
    )  # fmt: skip
    words = Vocabulary(load_scheme_data(scheme))
    assert (words.readings, words.events, words.targets) == ({"X", "STOCK"}, {"FIRE"}, {"X"})


def test_every_place_a_scheme_reads_from_counts_as_use() -> None:
    scheme = one_method(
        {"type": "ratio"}, against="measure.MEAN", applies={"value": "event.SHUT", "op": "=", "than": 0}
    )
    scheme["measures"] = [{"code": "MEAN", "formula": "reading.ALPHA + previous.BETA"}]
    scheme["parameters"] = {"W": {"default": 1, "by": [{"post": "LEAD", "value": 2}]}}
    scheme["dimensions"][0]["coefficients"] = [{"code": "K", "of": "reading.GAMMA", "missing": "one"}]
    found = Vocabulary(load_scheme_data(scheme))
    assert (found.readings, found.events) == ({"X", "ALPHA", "BETA", "GAMMA"}, {"SHUT"})
    # 12 against 4 + 2 is 200, times 0.5
    history = [{"period": "2025Q3", "readings": {"BETA": 2}}]
    who = person(readings={"X": 12, "ALPHA": 4, "GAMMA": 0.5}, history=history)
    assert results(scheme, [who])[0]["performance"] == "100.00"


def test_a_misspelling_of_a_counted_event_is_refused_and_an_undeclared_one_is_advised() -> None:
    scheme = one_method({"type": "deduct", "per": 10}, source="event")
    scheme["dimensions"][0]["indicators"][0]["code"] = "COMPLAINT"
    gate = {"code": "CLEAN", "require": {"value": "event.COMPLANT", "op": "=", "than": 0}}
    assert refused_scheme({**scheme, "gates": [gate]}) == [
        ("gates[0].require.value", "unknown_reference",
         "您是否想写 event.COMPLAINT？指标、否决、加减分用到的代码，或在 events 中声明"),
    ]  # fmt: skip
    gate["require"]["value"] = "event.FRAUD"  # type: ignore[index]
    load_scheme_data({**scheme, "gates": [gate]})
    assert ("event.FRAUD", "undeclared_code") in lint({**scheme, "gates": [gate]})
    declared = {**scheme, "gates": [gate], "events": [{"code": "FRAUD"}]}
    assert "undeclared_code" not in [code for _, code in lint(declared)]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [("boolean", False, 0), ("boolean", True, "yes"), ("number", 3, "3"), ("number", 0.5, True), ("text", "a", 7),
     ("text", "", True), ("date", "2025-02-28", "2025-02-29"), ("date", "2025-02-28", "28.2.2025"),
     ("list", ["a"], "a"), ("list", [], {"a": 1})],
)  # fmt: skip
def test_declared_facts_are_of_their_kind(kind: str, good: Any, bad: Any) -> None:
    scheme = {**one_method({"type": "direct"}), "facts": [{"name": "thing", "type": kind}]}
    assert (
        len(results(scheme, [person(facts={"thing": good}), {"employee_no": "B", "facts": {"thing": None}}]))
        == 2
    )
    assert refused_input(scheme, person(facts={"thing": bad}))[:2] == ("people[0].facts.thing", "bad_type")


def test_facts_unknown_to_a_scheme_that_declares_none_are_refused_only_when_nearly_known() -> None:
    scheme = one_method({"type": "direct"}, applies={"value": "fact.protected", "op": "!=", "than": True})
    results(scheme, [person(facts={"shoe_size": 42})])
    assert refused_input(scheme, person(facts={"protcted": True}))[:2] == (
        "people[0].facts.protcted",
        "unused_code",
    )


def test_ratings_lie_in_their_range_and_so_do_counterfactuals() -> None:
    scheme = one_method(GROUPS, **RATED)
    scheme["grades"] = [{"code": "A", "name": "一", "order": 1}, {"code": "B", "name": "二", "order": 2}]
    scheme["promotion"] = [{"to": "B", "when": {"value": "performance", "op": ">=", "than": 115}}]

    def rated(score: Any) -> dict[str, Any]:
        return person(grade="A", ratings={"X": [{"group": "superior", "score": score}]})

    assert refused_input(scheme, rated(115)) == ("people[0].ratings.X[0].score", "out_of_range", "0 – 100")
    cohort = read_cohort({"period": "2025Q4", "people": [rated(90)]})
    assert counterfactuals(load_scheme_data(scheme), cohort, "A") == []
    scheme["dimensions"][0]["indicators"][0]["domain"] = {"min": 10, "max": 120}
    found = counterfactuals(load_scheme_data(scheme), cohort, "A")
    assert [(item.name, item.nearest) for item in found] == [("rating.X.superior", 115)]
    assert refused_input(scheme, rated(9)) == ("people[0].ratings.X[0].score", "out_of_range", "10 – 120")


def paid(item: dict[str, Any], **who: Any) -> Any:
    scheme = {**one_method({"type": "direct"}), "pay": {"items": [{"code": "P", **item}]}}
    scheme["grades"] = [{"code": "A", "name": "一", "order": 1}, {"code": "B", "name": "二", "order": 2}]
    return results(scheme, [person(readings={"X": 80}, **who)])[0]["pay"]["total"]


def test_the_order_of_a_pay_item_is_source_threshold_rate_percent_limits_rounding() -> None:
    facts = {"facts": {"base": 1500}, "grade": "B"}
    by = {"values": {"A": 50, "B": 150}}
    # (1500 − 1000) × 33.333 % = 166.665; × 150 % = 249.9975 → 250.00; the cap of 200 holds after the percentage
    item = {"of": "fact.base", "threshold": 1000, "rate": 33.333, "percent_by": by}
    assert paid(item, **facts) == "250.00"
    assert paid({**item, "cap": 200}, **facts) == "200.00"
    assert paid({**item, "floor": 300}, **facts) == "300.00"
    # a price: 1500 × 2 × 150 %
    assert paid({"of": "fact.base", "price": 2, "percent_by": by}, **facts) == "4500.00"


def test_a_map_by_grade_lacks_none_or_has_a_default() -> None:
    item: dict[str, Any] = {"of": "fact.base", "percent_by": {"values": {"A": 50}}}
    facts = {"facts": {"base": 1500}, "grade": "B"}
    with pytest.raises(SchemeError) as refused:
        paid(item, **facts)
    (fault,) = refused.value.faults
    assert (fault.path, fault.expected_zh) == ("pay.items[0].percent_by.values", "补上 B，或写 default")
    item["percent_by"]["default"] = 20
    assert paid(item, **facts) == "300.00"
    assert paid({"table": {"values": {"A": 50}, "default": 7}}, **facts) == "7.00"
    with pytest.raises(SchemeError):
        paid({"of": "fact.base", "formula": "fact.base"}, **facts)


def test_a_veto_indicator_may_take_the_total_to_zero_and_a_missing_total_stays_missing() -> None:
    scheme = one_method({"type": "direct"})
    leak = {
        "code": "LEAK",
        "name": "泄密",
        "weight": 0,
        "source": "event",
        "method": {"type": "veto", "score": "zero"},
    }
    scheme["dimensions"][0]["indicators"].append(leak)
    assert refused_scheme(scheme) == [
        ("dimensions[0].indicators[1].method.score", "bad_value", "各维度都写 weight（有总分）才能用")
    ]
    scheme["dimensions"][0]["weight"] = 100
    event = {"events": [{"code": "LEAK"}]}
    struck, clean, unknown = results(scheme, [
        person(readings={"X": 80}, **event), {"employee_no": "B", "readings": {"X": 80}}, {"employee_no": "C", **event},
    ])  # fmt: skip
    assert (struck["performance"], struck["total"], clean["total"], unknown["total"]) == (
        "80.00",
        "0.00",
        "80.00",
        None,
    )
    zero = next(item for item in struck["lines"] if item["kind"] == "veto")
    assert (zero["name"], zero["dimension"], zero["contribution"]) == ("泄密", "total", "-80.00")


def test_a_veto_that_zeroes_the_total_cannot_hang_on_the_total() -> None:
    scheme = one_method({"type": "direct"})
    scheme["dimensions"][0]["weight"] = 100
    scheme["vetoes"] = [{"code": "V", "when": {"value": "total", "op": "<", "than": 10}, "score": "zero"}]
    assert [code for _, code, _ in refused_scheme(scheme)] == ["cycle"]


def test_lines_carry_the_names_of_the_document() -> None:
    scheme = one_method({"type": "direct"})
    scheme["dimensions"][0] |= {
        "bonus": {"cap": 1, "items": [{"code": "IDEA", "name": "创新", "event": "IDEA", "points": 2}]},
        "deductions": {"items": [{"code": "LATE", "name": "迟报", "event": "LATE", "points": 3}]},
        "coefficients": [{"code": "K", "name": "难度系数", "of": "fact.k"}],
    }
    scheme["adjustments"] = [{"code": "PANEL", "name": "校准", "applies_to": "performance"}]
    stored = {"code": "PANEL", "by": 1, "reason": "r", "decided_by": "d"}
    events = [{"code": "IDEA"}, {"code": "LATE"}]
    (found,) = results(
        scheme, [person(readings={"X": 80}, events=events, facts={"k": 0.9}, adjustments=[stored])]
    )
    names = {code: line(found, code)["name"] for code in ("IDEA", "LATE", "K", "PANEL", "BONUS_CAP")}
    assert names == {
        "IDEA": "创新",
        "LATE": "迟报",
        "K": "难度系数",
        "PANEL": "校准",
        "BONUS_CAP": "BONUS_CAP",
    }


def test_a_circumstance_that_changed_the_outcome_says_so() -> None:
    scheme = one_method({"type": "direct"})
    scheme["grades"] = [{"code": "A", "name": "一", "order": 1}, {"code": "B", "name": "二", "order": 2}]
    scheme["demotion"] = [{"from": "B", "when": {"value": "performance", "op": "<", "than": 60}}]
    scheme["circumstances"] = [
        {"code": "SAFE", "when": {"value": "fact.safe", "op": "=", "than": True}, "effect": "no_demotion"}
    ]
    (found,) = results(scheme, [person(grade="B", readings={"X": 10}, facts={"safe": True})])
    reason = next(item for item in found["reasons"] if item["rule"] == "circumstance:no_demotion")
    assert (reason["passed"], reason["detail"]) == (
        False, {"code": "no_demotion", "instead_of": "A", "circumstances": ["SAFE"], "fired": True},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "path", "expected"),
    [
        ("weight: 70,", "wieght: 70,", "dimensions[1].indicators[0].wieght", "您是否想写 weight？"),
        ("missing: block", "missng: block", "dimensions[1].indicators[1].missng", "您是否想写 missing？"),
        ("cycle: quarter", "cycle: quater", "cycle", "您是否想写 quarter？"),
    ],
)
def test_a_misspelt_key_is_told_the_one_that_was_meant(
    before: str, after: str, path: str, expected: str
) -> None:
    found = [zh for where, _, zh in refused_scheme(example("demo").replace(before, after)) if where == path]
    assert len(found) == 1
    assert found[0].startswith(expected)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [("reading.X × 2", "乘号请用 *"), ("reading.X＊2", "乘号请用 *"), ("reading.X ÷ 2", "除号请用 /"),
     ("max（reading.X, 2)", "左括号请用 ("), ("max(reading.X， 2)", "逗号请用 ,"), ("reading.X ≥ 2", "不小于请用 >="),
     ("reading.X * 5%", "百分数请用 / 100")],
)  # fmt: skip
def test_chinese_signs_in_formulas(formula: str, expected: str) -> None:
    scheme = one_method({"type": "direct"}, source="formula", formula=formula)
    assert refused_scheme(scheme) == [("dimensions[0].indicators[0].formula", "formula_syntax", expected)]


def test_yaml_errors_name_line_and_column_in_words() -> None:
    with pytest.raises(SchemeError) as refused:
        load_scheme("code: A\nname: b: c\n")
    (fault,) = refused.value.faults
    assert (fault.path, fault.zh.partition("：")[0]) == ("line 2, column 8", "第 2 行第 8 列")
    assert "此处不能再写“键: 值”" in fault.zh
    with pytest.raises(SchemeError) as refused:
        load_scheme("code: [1, 2\nname: x\n")
    assert "缺少 , 或 ]" in refused.value.faults[0].zh


def test_a_fault_names_the_element_it_lies_in() -> None:
    text = example("demo").replace("type: ratio, floor: 0", "type: ratio, floor: 200")
    with pytest.raises(SchemeError) as refused:
        load_scheme(text)
    (fault,) = refused.value.faults
    assert fault.path == "dimensions[1].indicators[0].method.floor"
    assert fault.zh.startswith("dimensions[1].indicators[0].method.floor（SALES）：下限高于上限")
    assert fault.en.startswith("dimensions[1].indicators[0].method.floor (SALES): floor lies above cap")


def test_columns_are_checked_by_name() -> None:
    scheme, people = load_scheme_data(one_method({"type": "direct"})), (Person("A"),)
    column = column_of([Fraction(7)])
    period = parse_period("2025Q4")
    assert period is not None
    found = list(Evaluation(scheme, Cohort(period, people, {"reading.X": column})).people())
    assert found[0]["performance"] == "7.00"
    with pytest.raises(InputError) as refused:
        Evaluation(scheme, Cohort(period, people, {"reading.Y": column}))
    assert [fault.path for fault in refused.value.faults] == ["columns.reading.Y"]


def test_names_of_results_are_no_readings_and_a_rating_read_elsewhere_takes_its_readers_groups() -> None:
    scheme = one_method(GROUPS, **RATED)
    other = {"code": "Y", "name": "复评", "weight": 50, "source": "rating", "reads": "rating.X",
             "method": {"type": "rating", "groups": {"panel": 1}}}  # fmt: skip
    scheme["dimensions"][0]["indicators"] = [
        {**scheme["dimensions"][0]["indicators"][0], "weight": 50},
        other,
    ]
    scheme["measures"] = [{"code": "SUM", "rollup": "sum", "of": "months_in_grade", "periods": 2}]
    rows = [{"group": "superior", "score": 80}, {"group": "panel", "score": 60}]
    # 80 × 50 % + 60 × 50 %
    assert results(scheme, [person(ratings={"X": rows})])[0]["performance"] == "70.00"
    assert refused_input(scheme, person(ratings={"Y": rows}))[:2] == ("people[0].ratings.Y", "unused_code")
    for word in ("months_in_grade", "performance", "SUM"):
        assert refused_input(scheme, person(readings={word: 1}))[0] == f"people[0].readings.{word}"
