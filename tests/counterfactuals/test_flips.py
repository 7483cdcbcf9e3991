"""At every value that is told the proposal is another, and one step before it is not: the demonstration scheme and DEMO."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from appraisal.grading.counterfactuals import NEAR, Case, Explainer, compared_by
from appraisal.grading.documents import ALONE, PEERS, TOO_MANY
from appraisal.schemes.engine import Cohort, Evaluation, Person, Scheme, load_scheme, read_cohort
from appraisal.schemes.engine.counterfactual import inputs_of, with_input

BASE = Path(settings.BASE_DIR)
SCHEMES = {"DEMO": BASE / "examples/schemes/demo.yaml", "YS": BASE / "cmsys/demo/scheme.yaml"}
ABILITIES = ("COMMUNICATION", "RELATIONSHIP", "MARKET", "KNOWLEDGE", "ADAPTABILITY", "TEAMWORK")


def demo_person(rng: random.Random, k: int) -> dict[str, Any]:
    return {
        "employee_no": f"D{k}", "grade": rng.choice(["JUNIOR", "MIDDLE"]), "months_in_grade": rng.randint(11, 16),
        "readings": {"SALES": rng.randint(1600, 3900), "OVERDUE": rng.choice(["0.5", "0.5", "1.2", "2.9", "3.5"])},
        "targets": {"SALES": 3000},
        "ratings": {
            "COMM": [{"group": "superior", "score": rng.randint(74, 95)}],
            "TEAM": [{"group": "superior", "score": rng.randint(74, 95)}, {"group": "peer", "score": rng.randint(74, 95)}],
        },
        "history": [{"period": "2025Q3", "performance": str(rng.choice([55, 59, 86, 92]))}],
    }  # fmt: skip


def ys_person(rng: random.Random, k: int) -> dict[str, Any]:
    level = rng.randint(60, 98)

    def near(base: int) -> int:
        return min(100, max(30, base + rng.randint(-8, 8)))

    return {
        "employee_no": f"Y{k}", "grade": rng.choice(["TRAINEE", "JUNIOR", "MIDDLE", "SENIOR"]),
        "months_in_grade": rng.randint(3, 30),
        "readings": {
            "SALES": f"{rng.randint(2_000_000, 6_000_000)}.{rng.randint(0, 99):02d}", "NEW_CUSTOMERS": rng.randint(2, 14),
            "SATISFACTION": f"4.{rng.randint(0, 99):02d}", "GROWTH": f"{rng.randint(-25, 35)}.{rng.randint(0, 9)}",
        },
        "targets": {"SALES": 4_000_000, "NEW_CUSTOMERS": 10, "SATISFACTION": "4.5"},
        "events": [{"code": "COMPLAINT", "count": rng.choice([0, 1, 3])}],
        "ratings": {
            code: [{"group": "superior", "score": near(level)}, *({"group": "peer", "score": near(level)} for _ in range(3))]
            for code in ABILITIES
        },
        "history": [
            {"period": period, "performance": str(rng.choice([50, 66, 86, 90, 94])), "quadrant": rng.choice(["HH", "HH", "LL"])}
            for period in ("2025Q2", "2025Q3")
        ],
    }  # fmt: skip


def evaluated(code: str, people: int, seed: int) -> Evaluation:
    rng, make = random.Random(seed), {"DEMO": demo_person, "YS": ys_person}[code]
    rows = [make(rng, k) for k in range(people)]
    return Evaluation(
        load_scheme(SCHEMES[code].read_text()), read_cohort({"period": "2025Q4", "people": rows})
    )


def decided(scheme: Scheme, person: Person, period: Any) -> tuple[str, str | None]:
    """Kind and target by an evaluation of its own."""
    return Evaluation(scheme, Cohort(period, (person,))).decision(0)[:2]


@pytest.mark.parametrize(("code", "people"), [("DEMO", 120), ("YS", 60)])
def test_told_values_flip_and_one_step_before_does_not(code: str, people: int) -> None:
    evaluation = evaluated(code, people, 7)
    explainer, scheme, period = Explainer(evaluation), evaluation.scheme, evaluation.cohort.period
    rng, told, kinds = random.Random(1), 0, set()
    for index, person in enumerate(evaluation.cohort.people):
        kind, to = evaluation.decision(index)[:2]
        document = explainer.explain(Case(index, kind), "x")
        assert document.how == ALONE
        for change in document.changes:
            nearest, step = Fraction(change.nearest), Fraction(change.step)
            value = inputs_of(scheme, person)[change.input]
            assert (change.kind, change.to) != (kind, to)
            assert decided(scheme, with_input(person, change.input, nearest), period) == (
                change.kind,
                change.to,
            )
            back = max(value, nearest - step) if nearest > value else min(value, nearest + step)
            assert decided(scheme, with_input(person, change.input, back), period) == (kind, to)
            # … and so it is anywhere between, as far as a few places tell.
            count = int(abs(back - value) / step)
            sign = 1 if nearest > value else -1
            for _ in range(3):
                between = value + sign * step * rng.randint(0, count)
                assert decided(scheme, with_input(person, change.input, between), period) == (kind, to)
            told += 1
            kinds.add((kind, change.kind))
    assert told > 80
    assert {("promotion", "hold"), ("demotion", "hold")} <= kinds and any(
        kind == "hold" for kind, _then in kinds
    )


@pytest.mark.parametrize("code", ["DEMO", "YS"])
def test_near_misses_are_those_a_search_of_their_inputs_finds(code: str) -> None:
    """Every hold is judged at five per cent more and less of each figure; the sweep finds at least those who move, and
    all it finds have a change to show within a twentieth."""
    evaluation = evaluated(code, 90, 7)
    explainer, scheme, period = Explainer(evaluation), evaluation.scheme, evaluation.cohort.period
    holds = [k for k in range(90) if evaluation.decision(k)[0] == "hold"]
    swept = set(explainer.near_misses(holds))
    for index in holds:
        person, found = evaluation.cohort.people[index], False
        for name, value in inputs_of(scheme, person).items():
            if not name.startswith(("reading.", "target.")):
                continue
            trials = [value * (1 + NEAR), value * (1 - NEAR)]
            found = found or any(
                decided(scheme, with_input(person, name, trial), period)[0] != "hold" for trial in trials
                if not name.startswith("rating.") or trial <= 100
            )  # fmt: skip
        document = explainer.explain(Case(index, "hold"), "x")
        if found and index not in swept:
            # Only where the flip lies between the last grid point and the end of the range.
            assert not document.changes
        assert bool(document.changes) == (index in swept)
        for change in document.changes:
            moved = abs(Fraction(change.nearest) - Fraction(change.value))
            assert moved <= NEAR * abs(Fraction(change.value)) or change.input == "months_in_grade"
    assert 0 < len(swept) < len(holds)


# --- where people are compared ------------------------------------------------------------------------------------------
def ranked(group: str, people: int, limit: int = 1) -> Evaluation:
    text = SCHEMES["DEMO"].read_text() + f"quotas: [{{code: Q, grade: MIDDLE, kind: promotions, limit: {limit}, group: {group}}}]\n"  # fmt: skip
    rng = random.Random(3)
    rows = [
        demo_person(rng, k) | {"unit": f"U{k % 4}", "grade": "JUNIOR", "months_in_grade": 14}
        for k in range(people)
    ]
    for k, row in enumerate(rows):
        row["readings"] = {"SALES": 3400 + k, "OVERDUE": "0.5"}
        row["history"] = [{"period": "2025Q3", "performance": "90"}]
        row["ratings"] = {code: [{"group": "superior", "score": 90}] for code in ("COMM", "TEAM")}
    return Evaluation(load_scheme(text), read_cohort({"period": "2025Q4", "people": rows}))


def test_among_peers_of_the_unit_the_rival_counts() -> None:
    """Eight people in four units, one place in each: 3404 beats 3400 in U0. The winner holds his place while his score
    is better than his rival's 109.33 (0.7 × 113.33 + 30): sales of 3400 tie, and a tie is given to nobody."""
    evaluation = ranked("unit", 8)
    explainer = Explainer(evaluation)
    assert compared_by(evaluation.scheme) == "unit"
    assert evaluation.decision(4)[:2] == ("promotion", "MIDDLE")
    document = explainer.explain(Case(4, "promotion"), "x")
    assert (document.how, document.people) == (PEERS, 2)
    first = document.changes[0]
    assert (first.input, first.value, first.nearest, first.kind) == ("reading.SALES", "3404", "3400", "hold")


def test_too_many_peers_are_said_not_guessed() -> None:
    evaluation = ranked("all", 61)
    explainer = Explainer(evaluation)
    assert explainer.explain(Case(60, "promotion"), "x").how == TOO_MANY
    assert explainer.explain(Case(60, "promotion"), "x").people == 61
    assert explainer.near_misses([0, 1]) == []
    assert explainer.nothing(0, "x").how == TOO_MANY
