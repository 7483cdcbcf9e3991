"""Many people graded at once, by rows alone: for the matrix and for counting queries."""

from __future__ import annotations

from decimal import Decimal

from appraisal.cycles.models import Cycle
from appraisal.scoring.models import ScoreSheet, SheetLine
from managers.profiles.models import RelationshipManager
from tests.appraisal_pages.graded import Graded


def crowd(world: Graded, count: int, periods: tuple[str, ...] = ("2025Q4",)) -> list[RelationshipManager]:
    """`count` people of 城东支行; person n has ability 50 + n mod 50 and performance 40 + n mod 60, limits are 80."""
    unit, line = world.cast.units["CD"], world.cast.line
    people = RelationshipManager.objects.bulk_create(
        RelationshipManager(
            employee_no=f"C-{n:05}", name=f"员工{n:05}", name_pinyin=f"yuan gong {n:05}", unit=unit, line=line,
            grade=world.cast.grades["JUNIOR"],
        )
        for n in range(count)
    )  # fmt: skip
    for period in periods:
        _sheets(world.cycles[period], people, shift=0 if period == "2025Q4" else 10)
    return people


def _sheets(cycle: Cycle, people: list[RelationshipManager], shift: int) -> None:
    sheets = []
    for n, manager in enumerate(people):
        ability, performance = Decimal(50 + (n + shift) % 50), Decimal(40 + (n + shift) % 60)
        sheets.append(
            ScoreSheet(
                cycle=cycle, manager=manager, unit=manager.unit, grade_code="JUNIOR", ability=ability,
                performance=performance, total=(ability + performance) / 2, proposal="hold",
                quadrant=("H" if ability >= 80 else "L") + ("H" if performance >= 80 else "L"),
                reasons={"schema_version": 1, "reasons": [], "dimensions": {}},
            )
        )  # fmt: skip
    made = ScoreSheet.objects.bulk_create(sheets, batch_size=2000)
    SheetLine.objects.bulk_create(
        [
            SheetLine(
                sheet=sheet, position=1, dimension="performance", code="SALES", name="SALES", kind="indicator",
                source="none", score=sheet.performance, weight=100, stated_weight=100, contribution=sheet.performance,
            )
            for sheet in made
        ],
        batch_size=2000,
    )  # fmt: skip
