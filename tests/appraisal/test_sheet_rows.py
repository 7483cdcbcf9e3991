"""Sheets written a column at a time say the same as the engine says of each person."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from appraisal.schemes.engine import Evaluation
from appraisal.scoring.hashing import printed
from appraisal.scoring.sheets import SheetWriter, TooExact
from appraisal.scoring.staging import NOTHING
from tests.engine.casting import run
from tests.engine.test_guide import SECTIONS, block
from tests.engine.worlds import worlds

KEYS = ("dimension", "code", "name", "kind", "raw", "target", "score", "weight", "stated_weight", "contribution", "note")  # fmt: skip


def read(text: str) -> list[str | None]:
    """A line as COPY would read it, without its source."""
    fields: list[str | None] = [None if part == NOTHING else part for part in text.split("\t")]
    return [*fields[:4], *fields[5:-1], fields[-1] or None]


def compare(evaluation: Evaluation) -> None:
    writer = SheetWriter(evaluation, {})
    for index, row in writer.rows(list(range(len(evaluation)))):
        person = evaluation.person(index)
        assert [read(line) for line in row.lines] == [[line[key] for key in KEYS] for line in person["lines"]]
        result = writer.result(index)
        assert (result.ability, result.performance, result.total, result.quadrant) == (
            person["ability"], person["performance"], person["total"], person["quadrant"]
        )  # fmt: skip
        assert {"kind": result.proposal, "to": result.to} == {
            key: person["proposal"][key] for key in ("kind", "to")
        }


@pytest.mark.parametrize(("number", "body"), [pytest.param(n, b, id=n) for n, _title, b in SECTIONS])
def test_every_recipe_of_the_guide(number: str, body: str) -> None:
    data = json.loads(block(body, "json input"), parse_float=Decimal)
    compare(run(block(body, "yaml"), data["people"], data["period"]))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds(least=2, most=5))
def test_random_schemes(world: tuple[dict[str, Any], list[Any]]) -> None:
    evaluation = run(*world)
    try:
        compare(evaluation)
    except TooExact:
        assert any(len((p["total"] or "").partition(".")[2]) > 20 for p in evaluation.people())


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds(least=1, most=3))
def test_a_person_s_digest_knows_nothing_of_the_others(world: tuple[dict[str, Any], list[Any]]) -> None:
    """These schemes compare nobody, so everybody's sheet alone is his sheet among the others."""
    scheme, people = world
    together = [
        row.digest for _index, row in SheetWriter(run(scheme, people), {}).rows(list(range(len(people))))
    ]
    alone = [next(SheetWriter(run(scheme, [person]), {}).rows([0]))[1].digest for person in people]
    # Weights that were shared out are written with the same digits as stated ones.
    assert together == alone


@pytest.mark.parametrize(
    ("stored", "least", "text"),
    [
        ("99.24900000000000000000", 2, "99.249"),
        ("86.00000000000000000000", 2, "86.00"),
        ("86.00000000000000000000", 0, "86"),
        ("0E-20", 2, "0.00"),
        ("-0.50000000000000000000", 2, "-0.50"),
        ("100", 1, "100.0"),
    ],
)  # fmt: skip
def test_a_stored_decimal_is_printed_as_the_engine_prints_it(stored: str, least: int, text: str) -> None:
    assert printed(Decimal(stored), least) == text


def test_nothing_stays_nothing() -> None:
    assert printed(None, 2) is None
