"""What the guide says in its tables of keys and defaults, each sentence run."""

from __future__ import annotations

from typing import Any

import pytest

from appraisal.schemes.engine import InputError
from appraisal.schemes.engine.schema import scheme_schema
from tests.engine.casting import ROOT, line, one_method, results

GRADES = [{"code": f"G{k}", "name": f"{k} 级", "order": k} for k in (1, 2, 3)]
HIGH: dict[str, Any] = {"value": "performance", "op": ">=", "than": 80}
LOW: dict[str, Any] = {"value": "performance", "op": "<", "than": 60}


def scheme(**keys: Any) -> dict[str, Any]:
    return {**one_method({"type": "direct"}), "grades": GRADES, **keys}


def who(number: str = "A", grade: str = "G2", x: Any = 90, **fields: Any) -> dict[str, Any]:
    return {"employee_no": number, "grade": grade, "readings": {"X": x}, **fields}


def kinds(found: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(item["proposal"]["kind"], item["proposal"]["to"]) for item in found]


def test_an_event_without_a_count_is_one_and_rows_add_up() -> None:
    data = scheme()
    data["dimensions"][0]["deductions"] = {"items": [{"code": "LATE", "event": "LATE", "points": 3}]}
    rows = [{"code": "LATE"}, {"code": "LATE", "count": 2}]
    assert [
        line(item, "LATE")["raw"] for item in results(data, [who(events=rows[:1]), who("B", events=rows)])
    ] == ["1", "3"]


def test_a_veto_stops_promotion_only() -> None:
    data = scheme(promotion=[{"to": "G3", "when": HIGH}], demotion=[{"from": "G2", "when": LOW}],
                  vetoes=[{"code": "V", "event": "V"}])  # fmt: skip
    struck = {"events": [{"code": "V"}]}
    assert kinds(results(data, [who(**struck), who("B", x=50, **struck)])) == [
        ("hold", None),
        ("demotion", "G1"),
    ]


def test_promotion_without_from_starts_one_step_below_and_demotion_without_to_goes_one_down() -> None:
    data = scheme(promotion=[{"to": "G3", "when": HIGH}], demotion=[{"from": "G3", "when": LOW}])
    people = [who("A", "G1"), who("B", "G2"), who("C", "G3"), who("D", "G3", 50)]
    assert kinds(results(data, people)) == [
        ("hold", None),
        ("promotion", "G3"),
        ("hold", None),
        ("demotion", "G2"),
    ]


@pytest.mark.parametrize(("scope", "total"), [(None, "99.00"), ("all", "99.00"), ("base", "98.00")])
def test_coefficients_multiply_everything_unless_told_otherwise(scope: str | None, total: str) -> None:
    data = scheme()
    data["dimensions"][0] |= {
        "bonus": {"items": [{"code": "B", "event": "B", "points": 10}]},
        "coefficients": [{"code": "K", "of": "fact.k"}], **({"coefficient_scope": scope} if scope else {}),
    }  # fmt: skip
    # all: (80 + 10) × 1.1 = 99; base: 80 × 1.1 + 10 = 98
    found = results(data, [who(x=80, events=[{"code": "B"}], facts={"k": 1.1})])
    assert found[0]["performance"] == total


@pytest.mark.parametrize(
    ("effect", "kind", "level", "pay"),
    [("hold", "hold", "TOP", "100.00"), ("no_promotion", "hold", "TOP", "100.00"),
     ("no_demotion", "promotion", "TOP", "100.00"), ("not_rated", "not_rated", None, None),
     ("comment_only", "not_rated", None, None)],
)  # fmt: skip
def test_what_each_effect_leaves(effect: str, kind: str, level: str | None, pay: str | None) -> None:
    data = scheme(
        promotion=[{"to": "G3", "when": HIGH}], pay={"items": [{"code": "P", "table": {"values": {}, "default": 100}}]},
        circumstances=[{"code": "C", "when": {"value": "fact.away", "op": "=", "than": True}, "effect": effect}],
        levels={"value": "performance", "scale": [{"code": "TOP", "name": "优"}, {"code": "REST", "name": "其余"}],
                "bands": [{"to": 80, "level": "REST"}, {"from": 80, "level": "TOP"}]},
    )  # fmt: skip
    data["pay"]["items"][0]["table"]["values"] = {"G1": 100}
    (found,) = results(data, [who(facts={"away": True})])
    assert (found["proposal"]["kind"], found["level"], found["performance"], found["grade"]) == (
        kind,
        level,
        "90.00",
        "G2",
    )
    assert (found["pay"] or {}).get("total") == pay


def test_a_period_counts_as_consecutive_when_history_carries_it() -> None:
    data = scheme(promotion=[{"to": "G3", "when": {**HIGH, "consecutive": 2}}])
    kept, gone = (
        who(history=[{"period": "2025Q3", "performance": 85}]),
        who("B", history=[{"period": "2025Q2", "performance": 85}]),
    )
    assert kinds(results(data, [kept, gone])) == [("promotion", "G3"), ("hold", None)]


@pytest.mark.parametrize(("choice", "amount"), [(None, "20.00"), ("current", "20.00"), ("new", "30.00")])
def test_pay_goes_by_the_present_grade_unless_told_otherwise(choice: str | None, amount: str) -> None:
    pay: dict[str, Any] = {"items": [{"code": "P", "table": {"values": {"G1": 10, "G2": 20, "G3": 30}}}]}
    data = scheme(
        promotion=[{"to": "G3", "when": HIGH}], pay={**pay, **({"grade": choice} if choice else {})}
    )
    assert results(data, [who()])[0]["pay"]["total"] == amount


def test_an_item_that_does_not_apply_is_nothing_even_with_a_floor() -> None:
    item = {
        "code": "P",
        "of": "reading.X",
        "when": {"value": "performance", "op": ">=", "than": 95},
        "floor": 50,
    }
    (row,) = results(scheme(pay={"items": [item]}), [who()])[0]["pay"]["lines"]
    assert (row["amount"], row["note"]) == ("0.00", "not_applicable")


def test_quotas_count_those_in_place_and_everybody_unless_told_otherwise() -> None:
    people = [who(), who("B", "G3", 70), who("C", "G1", 10)]
    data = scheme(promotion=[{"to": "G3", "when": HIGH}], quotas=[{"code": "Q", "grade": "G3", "limit": 1}])
    assert kinds(results(data, people))[0] == ("hold", None)
    data["quotas"] = [{"code": "Q", "grade": "G3", "limit": 1, "kind": "promotions"}]
    assert kinds(results(data, people))[0] == ("promotion", "G3")
    # 60 % of three is 1.8: one place, and it is taken
    data["quotas"] = [{"code": "Q", "grade": "G3", "percent": 60}]
    assert kinds(results(data, people))[0] == ("hold", None)


def test_rows_of_ratings_and_events_take_no_other_keys() -> None:
    for slip, path in (({"events": [{"code": "E", "cuont": 5}]}, "people[0].events[0].cuont"),
                       ({"ratings": {"X": [{"group": "g", "score": 1, "weight": 2}]}}, "people[0].ratings.X[0].weight")):  # fmt: skip
        with pytest.raises(InputError) as refused:
            results(scheme(), [{"employee_no": "A", **slip}])
        assert path in [fault.path for fault in refused.value.faults]


def test_the_schema_describes_its_upper_levels_and_the_guide_names_every_top_key() -> None:
    schema = scheme_schema()
    assert all(shape["description"] for shape in schema["properties"].values())
    assert all(shape["description"] for shape in schema["$defs"]["indicator"]["properties"].values())
    assert all(shape["description"] for shape in schema["$defs"]["dimension"]["properties"].values())
    guide = (ROOT / "docs" / "guide" / "schemes.md").read_text(encoding="utf-8")
    unnamed = [key for key in schema["properties"] if f"`{key}`" not in guide]
    assert unnamed == []
