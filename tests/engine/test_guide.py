"""Every recipe of the guide is run: its document, its input, its numbers."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from tests.engine.casting import ROOT, run

GUIDE = (ROOT / "docs" / "guide" / "schemes.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^### (\d+\.\d+) ([^\n]+)\n(.*?)(?=^##|\Z)", GUIDE, re.DOTALL | re.MULTILINE)


def block(body: str, kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```", body, re.DOTALL | re.MULTILINE)
    assert found, kind
    return found.group(1)


def pick(person: dict[str, Any], path: list[str]) -> Any:
    head = next((item for item in person["lines"] if item["code"] == path[0]), None)
    value: Any = person if head is None else head
    for part in path if head is None else path[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


@pytest.mark.parametrize(("number", "body"), [pytest.param(n, b, id=f"{n} {t}") for n, t, b in SECTIONS])
def test_recipe(number: str, body: str) -> None:
    data = json.loads(block(body, "json input"), parse_float=Decimal)
    evaluation = run(block(body, "yaml"), data["people"], data["period"])
    people = {person["employee_no"]: person for person in evaluation.people()}
    for path, expected in json.loads(block(body, "json expect")).items():
        who, *rest = path.split(".")
        assert pick(people[who], rest) == expected, f"{number} {path}"


def test_the_guide_has_a_recipe_per_clause_and_codes_of_their_own() -> None:
    assert len(SECTIONS) == 56
    codes = re.findall(r"^\{code: (G\d+),", GUIDE, re.MULTILINE)
    assert len(codes) == len(set(codes)) == 56
