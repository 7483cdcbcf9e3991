"""Policies for what is missing, and the corners of methods, ladder, levels and pay that the recipes do not reach."""

from __future__ import annotations

from typing import Any

import pytest

from appraisal.schemes.engine import load_scheme_data, read_cohort
from appraisal.schemes.engine.counterfactual import counterfactuals
from appraisal.schemes.engine.schema import schema_text
from tests.engine.casting import ROOT, line, one_method, results, scored

RATIO = {"type": "ratio", "floor": 0, "cap": 120}


@pytest.mark.parametrize(
    ("missing", "on_target", "target", "score", "note"),
    [
        (
            "zero",
            None,
            None,
            None,
            "target_missing_blocked",
        ),  # no target was set: nobody's fault, so not a zero
        ("zero", None, 0, None, "target_missing_blocked"),
        ("zero", "zero", None, "0.00", "target_missing_zero"),
        ("block", "full", None, "100.00", "target_missing_given"),
        ("exclude_and_reweight", None, None, None, "target_missing_excluded"),
        ("block", None, None, None, "target_missing_blocked"),
        ("zero", None, 50, "100.00", None),
    ],
)
def test_a_missing_or_zero_target(
    missing: str, on_target: str | None, target: Any, score: Any, note: Any
) -> None:
    extra = {"missing": missing} | ({"on_target": on_target} if on_target else {})
    person: dict[str, Any] = {"employee_no": "A", "readings": {"X": 50}}
    if target is not None:
        person["targets"] = {"X": target}
    row = line(results(one_method(RATIO, **extra), [person])[0], "X")
    assert (row["score"], row["note"]) == (score, note)


def test_a_stated_score_and_the_score_of_last_period() -> None:
    given = results(one_method(RATIO, missing={"score": 60}), [{"employee_no": "A"}])[0]
    assert (given["performance"], line(given, "X")["note"]) == ("60.00", "missing_given")
    history = [{"period": "2025Q3", "scores": {"X": 77.5}}]
    people = [{"employee_no": "A", "history": history}, {"employee_no": "B"}]
    kept, none = results(one_method(RATIO, missing="previous"), people)
    assert (kept["performance"], none["performance"]) == ("77.50", None)


def test_when_every_weighted_part_drops_out_there_is_no_score_rather_than_zero() -> None:
    scheme = one_method(RATIO, missing="exclude_and_reweight")
    scheme["dimensions"][0]["indicators"].append(
        {"code": "V", "name": "否决", "source": "event", "method": {"type": "veto"}}
    )
    assert results(scheme, [{"employee_no": "A"}])[0]["performance"] is None


def test_a_reading_outside_all_bands_blocks() -> None:
    method = {
        "type": "bands",
        "bands": [{"from": 0, "to": 10, "score": 50}, {"from": 10, "to": 20, "score": 90}],
    }
    assert [scored(method, x) for x in (-1, 0, 10, 19.99, 20)] == [None, "50.00", "90.00", "90.00", None]


def test_corners_of_methods() -> None:
    assert scored({"type": "lower_is_better"}, 0, 5) is None  # nothing to divide by and no cap to give
    assert scored({"type": "deduct", "start": 50, "per_event": 20}, 2) == "10.00"
    assert scored({"type": "z_score"}, 7) == "50.00"  # a group without spread
    assert scored({"type": "rank", "min_group": 2}, 7) is None
    assert scored({"type": "equal_interval", "scores": [1, 2], "single": 9}, 7) == "9.00"
    assert scored({"type": "ratio"}, -1, 3) == "-33.33"
    assert scored({"type": "ratio"}, -1, 3, rounding={"places": 2, "mode": "floor"}) == "-33.34"
    assert scored({"type": "direct"}, 2.5, rounding={"places": 0, "mode": "half_even"}) == "2"
    assert scored({"type": "direct"}, 2.5, rounding={"places": 0, "mode": "half_up"}) == "3"
    assert scored({"type": "direct"}, -2.5, rounding={"places": 0, "mode": "half_up"}) == "-3"


def test_sample_deviation_and_lower_is_better_in_peers() -> None:
    people = [{"employee_no": str(k), "readings": {"X": x}} for k, x in enumerate((1, 2, 3))]
    # mean 2, sample variance (1 + 0 + 1) / 2 = 1: z = −1, 0, 1; lower is better turns the signs
    sample = results(one_method({"type": "z_score", "deviation": "sample", "direction": "lower"}), people)
    assert [item["performance"] for item in sample] == ["60.00", "50.00", "40.00"]
    ranked = results(one_method({"type": "rank", "direction": "lower", "ties": "average"}), people)
    assert [item["performance"] for item in ranked] == ["100.00", "50.00", "0.00"]


def ladder(**extra: Any) -> dict[str, Any]:
    grades = [{"code": f"G{k}", "name": f"{k}", "order": k} for k in (1, 2, 3)]
    return {**one_method({"type": "direct"}), "grades": grades, **extra}


def kinds(scheme: dict[str, Any], *people: dict[str, Any]) -> list[tuple[str, str | None]]:
    rows = [{"employee_no": str(k), "grade": "G2", "readings": {"X": 80}, **p} for k, p in enumerate(people)]
    return [(item["proposal"]["kind"], item["proposal"]["to"]) for item in results(scheme, rows)]


def test_what_is_unknown_neither_promotes_nor_demotes() -> None:
    unknown = {"value": "fact.training", "op": ">=", "than": 1}
    scheme = ladder(
        promotion=[
            {"to": "G3", "when": {"any": [unknown, {"value": "performance", "op": ">=", "than": 90}]}}
        ],
        demotion=[{"from": "G2", "when": {"not": unknown}}],
        keep=[{"grade": "G2", "when": unknown}],
    )
    assert kinds(scheme, {}, {"readings": {"X": 95}}, {"facts": {"training": 0}}) == [
        ("hold", None), ("promotion", "G3"), ("demotion", "G1"),
    ]  # fmt: skip


def test_a_rule_for_both_ways_demotes_unless_the_document_says_otherwise() -> None:
    both = {"value": "performance", "op": ">=", "than": 50}
    scheme = ladder(promotion=[{"to": "G3", "when": both}], demotion=[{"from": "G2", "when": both}])
    assert kinds(scheme, {}) == [("demotion", "G1")]
    assert kinds({**scheme, "precedence": "promotion"}, {}) == [("promotion", "G3")]


def test_circumstances_stop_one_direction_only() -> None:
    scheme = ladder(
        promotion=[{"to": "G3", "when": {"value": "performance", "op": ">=", "than": 90}}],
        demotion=[{"from": "G2", "when": {"value": "performance", "op": "<", "than": 60}}],
        circumstances=[
            {"code": "A", "when": {"value": "fact.a", "op": "=", "than": True}, "effect": "no_promotion"},
            {"code": "B", "when": {"value": "fact.b", "op": "=", "than": True}, "effect": "no_demotion"},
            {"code": "C", "when": {"value": "fact.c", "op": "=", "than": True}, "effect": "comment_only"},
        ],
    )
    good, bad = {"readings": {"X": 95}}, {"readings": {"X": 10}}
    assert kinds(scheme, {**good, "facts": {"a": True}}, {**bad, "facts": {"a": True}}) == [
        ("hold", None), ("demotion", "G1"),
    ]  # fmt: skip
    assert kinds(scheme, {**good, "facts": {"b": True}}, {**bad, "facts": {"b": True}}) == [
        ("promotion", "G3"), ("hold", None),
    ]  # fmt: skip
    assert kinds(scheme, {**good, "facts": {"c": True}}) == [("not_rated", None)]


def test_a_place_freed_by_a_promotion_can_be_taken_and_a_tie_across_the_limit_by_nobody() -> None:
    up = {"value": "performance", "op": ">=", "than": 80}
    scheme = ladder(
        promotion=[{"to": "G2", "when": up}, {"to": "G3", "when": up}],
        quotas=[{"code": "Q2", "grade": "G2", "kind": "headcount", "limit": 1}],
    )
    assert kinds(scheme, {"grade": "G2"}, {"grade": "G1"}) == [("promotion", "G3"), ("promotion", "G2")]
    stays = {"grade": "G2", "readings": {"X": 79}}
    assert kinds(scheme, stays, {"grade": "G1"}) == [("hold", None), ("hold", None)]
    tied = results(scheme, [{"employee_no": k, "grade": "G1", "readings": {"X": 90}} for k in "AB"])
    assert [item["proposal"]["eligible_for"] for item in tied] == ["G2", "G2"]
    assert tied[0]["reasons"][-1]["detail"] == {
        "code": "quota", "place": 2, "limit": 1, "tied": True, "candidates": 2, "grade": "G2",
    }  # fmt: skip


def test_pay_with_a_missing_part_has_no_total() -> None:
    scheme = {
        **ladder(),
        "pay": {"items": [{"code": "BASE", "of": "fact.base"}, {"code": "X", "of": "score.X", "price": 10}]},
    }
    pay = results(scheme, [{"employee_no": "A", "grade": "G1", "readings": {"X": 80}}])[0]["pay"]
    assert (pay["total"], pay["blocked"]) == (None, ["BASE"])
    assert [row["amount"] for row in pay["lines"]] == [None, "800.00"]


def test_raising_the_base_to_its_minimum_share() -> None:
    share = {"item": "BASE", "percent": 40, "by": "raise_base"}
    items = [{"code": "BASE", "of": "fact.base"}, {"code": "BONUS", "of": "fact.bonus"}]
    scheme = {**ladder(), "pay": {"items": items, "minimum_share": share}}
    person = {
        "employee_no": "A",
        "grade": "G1",
        "readings": {"X": 80},
        "facts": {"base": 2000, "bonus": 4000},
    }
    # 4000 × 40/60 = 2666.666… → 2666.67 at least
    assert results(scheme, [person])[0]["pay"]["total"] == "6666.67"


def test_the_committed_schema_is_the_one_in_force() -> None:
    assert (ROOT / "docs" / "scheme.schema.json").read_text(encoding="utf-8") == schema_text()


def test_inputs_that_cannot_alter_a_decision_are_left_out() -> None:
    scheme = load_scheme_data({**one_method({"type": "direct"}), "readings": [{"code": "Y"}]})
    cohort = read_cohort(
        {"period": "2025Q4", "people": [{"employee_no": "A", "readings": {"X": 50, "Y": 3}}]}
    )
    assert counterfactuals(scheme, cohort, "A") == []
