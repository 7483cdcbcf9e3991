"""Inputs: what is wrong is told by path; what is allowed is read exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from appraisal.schemes.engine import InputError, parse_period, read_cohort
from tests.engine.casting import example, line, one_method, results


@pytest.mark.parametrize(
    ("person", "path", "code"),
    [
        ({"readings": {"X": "many"}}, "people[0].readings.X", "not_a_number"),
        ({"readings": {"X": True}}, "people[0].readings.X", "not_a_number"),
        ({"readings": {"X": "1e99"}}, "people[0].readings.X", "not_a_number"),
        ({"readings": [1]}, "people[0].readings", "bad_type"),
        ({"reading": {"X": 1}}, "people[0].reading", "unknown_key"),
        ({"events": [{"count": 1}]}, "people[0].events[0].code", "missing_key"),
        ({"events": [{"code": "A", "count": -1}]}, "people[0].events[0].count", "too_small"),
        ({"ratings": {"X": [{"score": 1}]}}, "people[0].ratings.X[0].group", "missing_key"),
        ({"history": [{"performance": 80}]}, "people[0].history[0].period", "bad_period"),
        (
            {"history": [{"period": "2025Q3"}, {"period": "2025Q3"}]},
            "people[0].history[1].period",
            "duplicate",
        ),
        (
            {"history": [{"period": "2025Q3", "performance": "good"}]},
            "people[0].history[0].performance",
            "not_a_number",
        ),
        ({"employee_no": ""}, "people[0].employee_no", "bad_type"),
        (
            {"adjustments": [{"code": "P", "by": 1, "decided_by": "x"}]},
            "people[0].adjustments[0].reason",
            "missing_key",
        ),
        ({"months_in_grade": "long"}, "people[0].months_in_grade", "not_a_number"),
    ],
)
def test_faults_of_a_person(person: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        read_cohort({"period": "2025Q4", "people": [{"employee_no": "A", **person}]})
    assert [(fault.path, fault.code) for fault in refused.value.faults] == [(path, code)]


@pytest.mark.parametrize(
    ("data", "path"),
    [([], "input"), ({"period": "2025Q9", "people": []}, "period"), ({"period": "2025Q4"}, "people"),
     ({"period": "2025Q4", "people": [{"employee_no": "A"}, {"employee_no": "A"}]}, "people[1].employee_no"),
     ({"period": "2025Q4", "people": [], "extra": 1}, "input.extra")],
)  # fmt: skip
def test_faults_of_the_whole(data: Any, path: str) -> None:
    with pytest.raises(InputError) as refused:
        read_cohort(data)
    assert path in [fault.path for fault in refused.value.faults]


def test_a_scheme_applies_only_in_its_periods() -> None:
    scheme = {**one_method({"type": "direct"}), "effective": {"from": "2025Q3", "to": "2025Q4"}}
    for period, refused in (("2025Q2", True), ("2025Q3", False), ("2025Q4", False), ("2026Q1", True)):
        if refused:
            with pytest.raises(InputError) as error:
                results(scheme, [], period)
            assert error.value.faults[0].code == "out_of_force"
        else:
            assert results(scheme, [], period) == []


def test_adjustments_must_be_declared_and_within_their_limit() -> None:
    stored = {"reason": "r", "decided_by": "d"}
    for adjustment, code in (
        ({"code": "OTHER", "by": 1}, "unknown_reference"),
        ({"code": "COLLECTIVE_DECISION", "by": 2}, "limit_exceeded"),
        ({"code": "COLLECTIVE_DECISION", "to": "SUPERB"}, "unknown_reference"),
    ):
        with pytest.raises(InputError) as refused:
            results(example("r2"), [{"employee_no": "A", "adjustments": [{**stored, **adjustment}]}], "2025")
        assert [fault.code for fault in refused.value.faults] == [code]


def test_periods_and_what_lies_before_them() -> None:
    for text, before, end in (("2025Q1", "2024Q4", "2025-03-31"), ("2025H1", "2024H2", "2025-06-30"),
                              ("2024M02", "2024M01", "2024-02-29"), ("2025", "2024", "2025-12-31"),
                              ("2025M1", "2024M12", "2025-01-31")):  # fmt: skip
        period = parse_period(text)
        assert period is not None
        assert (str(period.before()), period.end().isoformat()) == (before, end)
    assert [parse_period(text) for text in ("2025Q0", "2025M13", "25Q1", "", None, 2025.5)] == [None] * 6


def test_numbers_may_be_texts_and_are_exact() -> None:
    cohort = read_cohort({"period": 2025, "people": [{"employee_no": 7, "readings": {"X": "0.1", "Y": 0.1}}]})
    assert cohort.people[0].employee_no == "7"
    assert cohort.column("reading.X").value(0) == cohort.column("reading.Y").value(0) == Fraction(1, 10)


def test_a_figure_beyond_64_bits_is_still_exact() -> None:
    big = 10**24 + 1
    person = results(
        one_method({"type": "ratio"}), [{"employee_no": "A", "readings": {"X": big}, "targets": {"X": 3}}]
    )[0]
    # 100 × 1 000 000 000 000 000 000 000 001 / 3
    assert person["performance"] == "33333333333333333333333366.67"
    assert line(person, "X")["raw"] == str(big)


def test_a_parameter_without_a_value_for_somebody_blocks_him_only() -> None:
    scheme = one_method({"type": "ratio", "cap": {"param": "CAP"}})
    scheme["parameters"] = {"CAP": {"by": [{"region": "WEST", "value": 90}]}, "W": {"default": 100}}
    scheme["dimensions"][0]["start"] = {"param": "W"}
    figures = {"readings": {"X": 95}, "targets": {"X": 100}}
    west, east = results(
        scheme, [{"employee_no": "A", "region": "WEST", **figures}, {"employee_no": "B", **figures}]
    )
    assert (west["performance"], east["performance"]) == ("190.00", None)
    assert east["proposal"]["kind"] == "not_rated"
    scheme["parameters"]["W"] = {"by": [{"region": "EAST", "value": 1}]}
    west = results(scheme, [{"employee_no": "A", "region": "WEST", **figures}])[0]
    assert west["performance"] is None
    assert west["reasons"][0]["detail"]["indicators"] == ["param.W"]
