"""The cast graded by the DEMO scheme for two quarters, figures small enough to be worked out by hand.

2025Q4   SALES of TARGET   OVERDUE   COMM            TEAM         performance  ability            cell  proposal
M-CX1    3482 of 3000      1.0       88 | 84, 87     91 | –       99.249       88.45              HH    → MIDDLE
M-CD1    1500 of 3000      4.0       70 | 80         70 | 74      35.00        73.80              LL    → JUNIOR
M-CD2    3900 of 3000      0.5       90 | –          none         114.00       90.00 (COMM only)  HH    hold
M-PD1    3000 of 3000      none      80 | 80         80 | 80      –            80.00              –     not rated
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from appraisal.cycles.models import Cycle, CycleMember
from appraisal.figures.models import Reading, Target
from appraisal.ratings.models import Rating
from appraisal.schemes.engine import Evaluation, Scheme, load_scheme, read_cohort
from appraisal.schemes.models import SchemeVersion
from appraisal.scoring.documents import Reasons
from appraisal.scoring.models import LineSource, ScoreSheet, SheetLine
from cmsys.org.models import OrgUnit
from managers.profiles.models import RelationshipManager
from tests.cast import Cast

DEMO = Path(__file__).resolve().parents[2] / "examples" / "schemes" / "demo.yaml"
QUARTERS = {"2025Q3": (date(2025, 7, 1), date(2025, 10, 1)), "2025Q4": (date(2025, 10, 1), date(2026, 1, 1))}
SOURCES = {"reading": LineSource.IMPORTED, "rating": LineSource.RATING, "formula": LineSource.FORMULA}
Person = dict[str, Any]


def _person(number: str, sales: Any, overdue: Any, comm: Any, team: Any, **rest: Any) -> Person:
    readings = {"SALES": sales, **({} if overdue is None else {"OVERDUE": overdue})}
    ratings = {
        code: [
            {"group": "superior", "score": scores[0]},
            *({"group": "peer", "score": score} for score in scores[1:]),
        ]
        for code, scores in (("COMM", comm), ("TEAM", team))
        if scores
    }
    return {
        "employee_no": number,
        "readings": readings,
        "targets": {"SALES": 3000},
        "ratings": ratings,
        **rest,
    }


PEOPLE: dict[str, list[Person]] = {
    "2025Q3": [
        _person("M-CX1", 2460, 0.5, (80, 84), (82,), grade="JUNIOR", months_in_grade=11),
        _person("M-CD1", 1500, 2.0, (74, 74), (74, 74), grade="MIDDLE", months_in_grade=27),
        _person("M-CD2", 3300, 0.5, (70, 70), (90, 90), grade="SENIOR", months_in_grade=40),
        _person("M-PD1", 2700, 2.0, (82, 82), (82, 82), grade="MIDDLE", months_in_grade=9),
    ],
    "2025Q4": [
        _person("M-CX1", 3482, 1.0, (88, 84, 87), (91,), grade="JUNIOR", months_in_grade=14,
                history=[{"period": "2025Q3", "performance": "87.40"}]),
        _person("M-CD1", 1500, 4.0, (70, 80), (70, 74), grade="MIDDLE", months_in_grade=30,
                history=[{"period": "2025Q3", "performance": "53.00"}]),
        _person("M-CD2", 3900, 0.5, (90,), (), grade="SENIOR", months_in_grade=43),
        _person("M-PD1", 3000, None, (80, 80), (80, 80), grade="MIDDLE", months_in_grade=12),
    ],
}  # fmt: skip


@dataclass
class Graded:
    """The cast, its cycles by period, its sheets by period and number."""

    cast: Cast
    scheme: SchemeVersion
    cycles: dict[str, Cycle] = field(default_factory=dict)
    sheets: dict[tuple[str, str], ScoreSheet] = field(default_factory=dict)

    def sheet(self, number: str, period: str = "2025Q4") -> ScoreSheet:
        return ScoreSheet.objects.select_related("manager__line", "unit", "cycle__scheme").get(
            pk=self.sheets[period, number].pk
        )


def scheme_version(text: str = "", code: str = "DEMO") -> SchemeVersion:
    """The scheme as it would have been imported."""
    text = text or DEMO.read_text(encoding="utf-8")
    scheme = load_scheme(text)
    return SchemeVersion.objects.create(
        code=code, version=1, name=scheme.name, cycle=scheme.cycle, document=text, digest=f"{code}-1"
    )


def cycle_of(version: SchemeVersion, period: str) -> Cycle:
    starts_on, ends_on = QUARTERS[period]
    return Cycle.objects.create(
        scheme=version, scheme_code=version.code, period=period, starts_on=starts_on, ends_on=ends_on,
        graded_at=datetime(2026, 1, 5, 2, tzinfo=UTC), result_hash="a" * 64,
    )  # fmt: skip


def graded(cast: Cast, code: str = "DEMO", records: bool = True) -> Graded:
    """Two quarters graded by the engine, with the records behind the newer one."""
    version = scheme_version(code=code)
    world = Graded(cast, version)
    for period, people in PEOPLE.items():
        cycle = world.cycles[period] = cycle_of(version, period)
        for number, sheet in write(cycle, load_scheme(version.document), people, cast.managers).items():
            world.sheets[period, number] = sheet
    if records:
        _records(world)
    return world


def write(
    cycle: Cycle, scheme: Scheme, people: list[Person], managers: dict[str, RelationshipManager]
) -> dict[str, ScoreSheet]:
    """Sheets and lines as a regrading leaves them."""
    cohort = read_cohort(json.loads(json.dumps({"period": cycle.period, "people": people})))
    evaluation, made = Evaluation(scheme, cohort), {}
    for index, person in enumerate(people):
        result = evaluation.person(index)
        manager = managers[person["employee_no"]]
        CycleMember.objects.create(
            cycle=cycle, manager=manager, unit=manager.unit, grade_code=person["grade"], included=True
        )
        made[manager.employee_no] = _sheet(cycle, scheme, manager, manager.unit, result)
    return made


def _sheet(
    cycle: Cycle, scheme: Scheme, manager: RelationshipManager, unit: OrgUnit, result: dict[str, Any]
) -> ScoreSheet:
    stored = Reasons(reasons=result["reasons"], dimensions=result["dimensions"], measures=result["measures"])
    rated = result["proposal"]["kind"] != "not_rated"
    sheet = ScoreSheet.objects.create(
        cycle=cycle, manager=manager, unit=unit, grade_code=result["grade"], ability=number(result["ability"]),
        performance=number(result["performance"]), total=number(result["total"]),
        quadrant=result["quadrant"] or "", level=result["level"] or "", proposal=result["proposal"]["kind"],
        proposed_grade=(result["proposal"]["to"] or "") if rated else "", reasons=stored.stored(),
    )  # fmt: skip
    SheetLine.objects.bulk_create(
        SheetLine(
            sheet=sheet, position=place, dimension=line["dimension"], code=line["code"], name=line["name"],
            kind=line["kind"], note=line["note"] or "", source=_source(scheme, line),
            **{key: number(line[key]) for key in ("raw", "target", "score", "weight", "stated_weight", "contribution")},
        )
        for place, line in enumerate(result["lines"], start=1)
    )  # fmt: skip
    return sheet


def _source(scheme: Scheme, line: dict[str, Any]) -> str:
    indicator = scheme.indicator(line["code"])
    return SOURCES[indicator.source] if indicator is not None and line["raw"] is not None else LineSource.NONE


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _records(world: Graded) -> None:
    for person in PEOPLE["2025Q4"]:
        manager = world.cast.managers[person["employee_no"]]
        for code, value in person["readings"].items():
            Reading.objects.create(
                period="2025Q4", manager=manager, indicator_code=code, value=str(value), source="财务系统"
            )
        Target.objects.create(period="2025Q4", manager=manager, indicator_code="SALES", value="3000")
        for code, rows in person["ratings"].items():
            for place, row in enumerate(rows):
                Rating.objects.create(
                    period="2025Q4", manager=manager, rater=f"R{place}", rater_group=row["group"], indicator_code=code,
                    score=row["score"],
                )  # fmt: skip
