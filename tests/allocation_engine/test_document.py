"""The neutral document as people write it: exact numbers, every fault by its path in two languages."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from customers.allocation.engine.document import (
    EXACT,
    MESSAGES,
    DocumentError,
    Fault,
    read_problem,
    read_problem_data,
)
from customers.allocation.engine.document_schema import problem_schema, schema_text

ROOT = Path(__file__).resolve().parents[2]
GOOD: dict[str, Any] = {
    "sense": "min",
    "managers": [{"id": "A", "capacity": 5.5, "name": "安"}, {"id": "B", "capacity": 4}],
    "customers": [{"id": 1, "tier": "A"}, {"id": 2}, {"id": 3}],
    "cost": [[1.5, 2, 3], [2, 2.25, 1]],
    "effort": [[2, 3, 2.5], [1, 1, 1]],
    "forbidden": [[0, 2]],
    "pinned": [[1, 0]],
    "fairness": {"weight": 0.5, "measure": "load"},
}


def changed(path: str, value: Any) -> str:
    """The good document with one place changed; a value of ... takes the place out."""
    data = copy.deepcopy(GOOD)
    parts = [int(part) if part.isdigit() else part for part in path.split("/")]
    place: Any = data
    for part in parts[:-1]:
        place = place[part]
    if value is ...:
        del place[parts[-1]]
    else:
        place[parts[-1]] = value
    return json.dumps(data)


def faults(text: str) -> list[Fault]:
    with pytest.raises(DocumentError) as refused:
        read_problem(text)
    return list(refused.value.faults)


def test_numbers_are_exact_integers_in_the_units_they_need() -> None:
    problem = read_problem(json.dumps(GOOD))
    assert (problem.cost_places, problem.effort_places, problem.weight) == (2, 1, Fraction(1, 2))
    assert problem.cost.tolist() == [[150, 200, 300], [200, 225, 100]]
    assert problem.effort.tolist() == [[20, 30, 25], [10, 10, 10]]
    assert problem.capacity.tolist() == [55, 40]
    assert problem.allowed.tolist() == [[True, True, False], [True, True, True]]
    assert problem.pins == ((1, 0),)
    assert (problem.managers, problem.customers, problem.uniform) == (("A", "B"), (1, 2, 3), False)
    assert problem.cost.dtype == problem.effort.dtype == problem.capacity.dtype == np.int64


@pytest.mark.parametrize("row", [[[2, 3, 2.5]], [2, 3, 2.5], [[2, 3, 2.5], [2, 3, 2.5]]])
def test_effort_that_does_not_depend_on_the_manager(row: Any) -> None:
    problem = read_problem(changed("effort", row))
    assert problem.uniform
    assert problem.effort.tolist() == [[20, 30, 25]] * 2


def test_six_decimals_and_trailing_zeros() -> None:
    text = changed("cost", 0).replace(
        '"cost": 0', '"cost": [[0.000001, 1e3, -2.50000000], [1E-6, 0e-9, -0.0]]'
    )
    problem = read_problem(text)
    assert problem.cost_places == 6
    assert problem.cost.tolist() == [[1, 10**9, -2_500_000], [1, 0, 0]]


def test_what_may_be_left_out() -> None:
    data = {key: GOOD[key] for key in ("sense", "managers", "customers", "cost", "effort")}
    problem = read_problem_data(data)
    assert (problem.weight, problem.pins, problem.allowed.all()) == (0, (), True)
    assert read_problem_data({**data, "fairness": {"weight": 2}}).weight == 2
    assert read_problem_data({**data, "customers": [], "cost": [[], []], "effort": [[]]}).cost.shape == (2, 0)


REFUSED: list[tuple[str, Any, str, str]] = [
    ("sense", "least", "sense", "bad_value"),
    ("sense", ..., "sense", "missing_key"),
    ("managers", ..., "managers", "missing_key"),
    ("cost", ..., "cost", "missing_key"),
    ("effort", ..., "effort", "missing_key"),
    ("colour", 1, "colour", "unknown_key"),
    ("managers", {}, "managers", "bad_type"),
    ("managers/1", 7, "managers[1]", "bad_type"),
    ("managers/1/id", ..., "managers[1].id", "missing_key"),
    ("managers/1/id", 1.5, "managers[1].id", "bad_type"),
    ("managers/1/id", "A", "managers[1].id", "duplicate"),
    ("managers/1/capacity", ..., "managers[1].capacity", "missing_key"),
    ("managers/1/capacity", -1, "managers[1].capacity", "too_small"),
    ("managers/1/capacity", True, "managers[1].capacity", "not_a_number"),
    ("managers/1/capacity", EXACT + 1, "managers[1].capacity", "out_of_range"),
    ("managers/1/capacity", EXACT // 10, "managers", "out_of_range"),
    ("customers/2/id", 1, "customers[2].id", "duplicate"),
    ("customers/2/id", None, "customers[2].id", "bad_type"),
    ("cost/1/2", "1", "cost[1][2]", "not_a_number"),
    ("cost/1/2", None, "cost[1][2]", "not_a_number"),
    ("cost/1/2", 0.0000001, "cost[1][2]", "too_many_places"),
    ("cost/1/2", 1e300, "cost[1][2]", "out_of_range"),
    ("cost/1/2", float("nan"), "cost[1][2]", "not_a_number"),
    ("cost/1/2", float("inf"), "cost[1][2]", "not_a_number"),
    ("cost/1/2", EXACT, "cost", "out_of_range"),
    ("cost/1", [1, 2], "cost[1]", "bad_length"),
    ("cost", [[1, 2, 3]], "cost", "bad_length"),
    ("cost", 3, "cost", "bad_type"),
    ("effort/0/1", -2, "effort[0][1]", "too_small"),
    ("effort/0/1", 1.1234567, "effort[0][1]", "too_many_places"),
    ("effort/0/1", EXACT, "effort", "out_of_range"),
    ("effort", [[1, 1, 1]] * 3, "effort", "bad_length"),
    ("effort/1", "x", "effort[1]", "bad_type"),
    ("forbidden", 3, "forbidden", "bad_type"),
    ("forbidden/0", [0], "forbidden[0]", "bad_type"),
    ("forbidden/0", [0, True], "forbidden[0]", "bad_type"),
    ("forbidden/0", [2, 0], "forbidden[0][0]", "unknown_reference"),
    ("pinned/0", [0, -1], "pinned[0][1]", "unknown_reference"),
    ("fairness", 3, "fairness", "bad_type"),
    ("fairness/weight", ..., "fairness.weight", "missing_key"),
    ("fairness/weight", "1", "fairness.weight", "not_a_number"),
    ("fairness/weight", -1, "fairness.weight", "too_small"),
    ("fairness/measure", "count", "fairness.measure", "bad_value"),
    ("fairness/shape", 1, "fairness.shape", "unknown_key"),
]


@pytest.mark.parametrize(("path", "value", "place", "code"), REFUSED)
def test_one_fault_is_told_once_by_its_path(path: str, value: Any, place: str, code: str) -> None:
    (fault,) = faults(changed(path, value))
    assert (fault.path, fault.code) == (place, code)
    assert fault.zh.startswith(f"{place}：{MESSAGES[code][0]}；实际为 ")
    assert fault.en.startswith(f"{place}: {MESSAGES[code][1]}; found ")


def test_all_faults_at_once_and_not_without_end() -> None:
    data = copy.deepcopy(GOOD)
    data["sense"], data["cost"][0][0], data["extra"] = "x", "y", 1
    assert {fault.path for fault in faults(json.dumps(data))} == {"sense", "cost[0][0]", "extra"}
    data["customers"] = [{"id": k} for k in range(500)]
    data["cost"] = data["effort"] = [["x"] * 500] * 2
    found = faults(json.dumps(data))
    assert (len(found), found[-1].code) == (101, "more")


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "1" * 5_000, '{"sense": "min", "sense": "max"}', "[]"]
)
def test_what_is_no_document(text: str) -> None:
    (fault,) = faults(text)
    assert fault.code in ("input_syntax", "duplicate", "bad_type")


@pytest.mark.parametrize("number", ["1E+99999999", "1e-99999999", "0e-99999999", "-1E+99999999"])
def test_numbers_made_to_hurt_cost_nothing(number: str) -> None:
    text = changed("fairness/weight", 0).replace('"weight": 0', f'"weight": {number}')
    if number.startswith("0"):
        assert read_problem(text).weight == 0
    else:
        assert [fault.path for fault in faults(text)] == ["fairness.weight"]


def test_too_many_pairs_are_refused_before_anything_is_built() -> None:
    data = {**GOOD, "managers": [{"id": k, "capacity": 1} for k in range(4_000)],
            "customers": [{"id": k} for k in range(4_000)]}  # fmt: skip
    data = {key: data[key] for key in ("sense", "managers", "customers", "cost", "effort")}
    assert [fault.code for fault in faults(json.dumps(data))] == ["document_too_large"]


def test_places_in_a_file_are_told_in_chinese_words() -> None:
    (fault,) = faults("{\n 1}")
    assert fault.zh.startswith("第 2 行第 2 列：不是合法的 JSON")


def test_under_max_evenness_is_asked_for_by_a_negative_weight() -> None:
    data = {**copy.deepcopy(GOOD), "sense": "max", "fairness": {"weight": -1}}
    assert read_problem_data(data).weight == -1


def test_the_committed_schema_is_the_one_of_the_code() -> None:
    assert (ROOT / "docs" / "allocation.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_schema_takes_what_the_reader_takes_and_refuses_what_has_the_wrong_shape() -> None:
    check = jsonschema.Draft202012Validator(problem_schema())
    check.check_schema(problem_schema())
    assert list(check.iter_errors(GOOD)) == []
    beyond = {"out_of_range", "too_many_places", "unknown_reference", "bad_length", "duplicate", "too_small"}
    for path, value, _place, code in REFUSED:
        if code not in beyond and value not in (float("inf"),) and value == value:
            assert list(check.iter_errors(json.loads(changed(path, value)))), path
