"""From rows to the engine: a sheet's lines with the limits of their dimensions, the courses on offer, what was done."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.words import words_of
from managers.careers.models import Grade
from training.courses.models import Course
from training.plans.choices import ItemState
from training.plans.engine import Line, Offer, Suggestion, level_for, suggest
from training.plans.models import PlanItem

# Where a scheme draws no fixed line, 80 of 100 is the usual one (001).
USUAL_LIMIT = Decimal(80)
# A course that was completed so long ago may be suggested again.
FRESH = timedelta(days=730)


def lines_of(sheet: ScoreSheet) -> list[Line]:
    """The scored lines; the limit of a dimension is the lowest line the matrix draws for it. One query."""
    limits = words_of(sheet.cycle.scheme).limits
    by_dimension = {"ability": limits[0][0], "performance": limits[1][0]} if limits else {}
    return [
        Line(
            line.code,
            line.name,
            line.score,
            line.weight or Decimal(0),
            by_dimension.get(line.dimension, USUAL_LIMIT),
        )
        for line in sheet.lines.all()
        if line.kind == "indicator" and line.score is not None
    ]


def offers() -> list[Offer]:
    """Everything on offer; one query."""
    rows = Course.objects.filter(offered=True).select_related("competency")
    return [
        Offer(row.pk, row.code, frozenset(row.competency.indicators), row.level, row.line_id, row.hours)
        for row in rows
    ]


def ranks() -> dict[int, tuple[int, int]]:
    """For each grade its place in its series from below, and how many there are; one query."""
    series: dict[str, list[int]] = {}
    for pk, name in Grade.objects.order_by("series", "order").values_list("pk", "series"):
        series.setdefault(name, []).append(pk)
    return {pk: (place, len(row)) for row in series.values() for place, pk in enumerate(row, start=1)}


def done_by(manager_id: int, today: date) -> set[int]:
    """Courses the person has completed within two years; one query."""
    rows = PlanItem.objects.filter(
        plan__manager=manager_id, state=ItemState.COMPLETED, finished_on__gte=today - FRESH
    )
    return set(rows.values_list("course_id", flat=True))


def suggestions(
    sheet: ScoreSheet, today: date, catalogue: list[Offer] | None = None, places: dict[int, tuple[int, int]] | None = None
) -> list[Suggestion]:  # fmt: skip
    """What the engine suggests for a sheet; two to four queries. Expects `manager` and `cycle__scheme` to be loaded."""
    known = ranks() if places is None else places
    grade = sheet.manager.grade_id
    return suggest(
        lines_of(sheet), offers() if catalogue is None else catalogue,
        level=level_for(*known[grade]) if grade in known else 1,
        line=sheet.manager.line_id, done=done_by(sheet.manager_id, today),
    )  # fmt: skip
