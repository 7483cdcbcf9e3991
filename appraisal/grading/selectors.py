"""Counting people in the matrix, in the database: cells, moves between cycles, grades, points or bins of points.

However many people there are, a bounded number of rows comes back: one per cell, per move, per grade, and at most
POINTS people or BINS × BINS places.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, FloatField, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Floor

from appraisal.cycles.models import Cycle
from appraisal.scoring.models import ProposalKind, ScoreSheet

POINTS = 400
BINS = 40


@dataclass(frozen=True)
class Spread:
    """How many stand in the matrix, how many have no cell, and between which scores."""

    placed: int
    unplaced: int
    least: tuple[float, float]
    most: tuple[float, float]


@dataclass(frozen=True)
class Point:
    """One person."""

    pk: int
    name: str
    employee_no: str
    ability: float
    performance: float
    quadrant: str
    proposal: str
    before: tuple[float, float] | None = None
    quadrant_before: str = ""


@dataclass(frozen=True)
class Bin:
    """Everybody within a small square of scores."""

    ability: float
    performance: float
    count: int


def placed(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Sheets with both scores and a cell."""
    return rows.order_by().filter(ability__isnull=False, performance__isnull=False).exclude(quadrant="")


def spread(rows: QuerySet[Any]) -> Spread:
    """One query."""
    inside = Q(ability__isnull=False, performance__isnull=False) & ~Q(quadrant="")
    found = rows.order_by().aggregate(
        total=Count("pk"), placed=Count("pk", filter=inside), low_a=Min("ability", filter=inside),
        high_a=Max("ability", filter=inside), low_p=Min("performance", filter=inside), high_p=Max("performance", filter=inside),
    )  # fmt: skip
    return Spread(
        found["placed"], found["total"] - found["placed"], (_float(found["low_a"]), _float(found["low_p"])),
        (_float(found["high_a"]), _float(found["high_p"])),
    )  # fmt: skip


def _float(value: Decimal | None) -> float:
    return 0.0 if value is None else float(value)


def by_cell(rows: QuerySet[Any]) -> dict[str, int]:
    """People in each cell; one query."""
    return dict(placed(rows).values_list("quadrant").annotate(n=Count("pk")))


def moves(rows: QuerySet[Any], earlier: Cycle) -> dict[tuple[str, str], int]:
    """From which cell to which, of those who stood in one then too; one query."""
    then = ScoreSheet.objects.filter(cycle=earlier, manager=OuterRef("manager")).exclude(quadrant="")
    joined = placed(rows).annotate(came=Subquery(then.values("quadrant")[:1])).filter(came__isnull=False)
    counted = joined.values_list("came", "quadrant").annotate(n=Count("pk"))
    return {(came, now): count for came, now, count in counted}


def by_grade(rows: QuerySet[Any]) -> list[tuple[str, str, str, int]]:
    """(grade, proposal, proposed grade, people); one query, a row for each combination."""
    return list(
        rows.order_by().values_list("grade_code", "proposal", "proposed_grade").annotate(n=Count("pk"))
    )


def points(rows: QuerySet[Any], earlier: Cycle | None) -> list[Point]:
    """Everybody who is placed, at most POINTS; with where he stood in the earlier cycle. One query."""
    found = placed(rows).annotate(name=F("manager__name"), number=F("manager__employee_no"))
    if earlier is not None:
        then = ScoreSheet.objects.filter(cycle=earlier, manager=OuterRef("manager")).exclude(quadrant="")
        found = found.annotate(
            old_ability=Subquery(then.values("ability")[:1]),
            old_performance=Subquery(then.values("performance")[:1]),
            old_quadrant=Subquery(then.values("quadrant")[:1]),
        )
    fields = ["pk", "name", "number", "ability", "performance", "quadrant", "proposal"]
    extra = ["old_ability", "old_performance", "old_quadrant"] if earlier is not None else []
    return [_point(row) for row in found.order_by("manager__employee_no").values(*fields, *extra)[:POINTS]]


def _point(row: dict[str, Any]) -> Point:
    ability, performance = row.get("old_ability"), row.get("old_performance")
    before = (float(ability), float(performance)) if ability is not None and performance is not None else None
    return Point(
        row["pk"], row["name"], row["number"], float(row["ability"]), float(row["performance"]), row["quadrant"],
        row["proposal"], before, row.get("old_quadrant") or "",
    )  # fmt: skip


def bins(rows: QuerySet[Any], step: float) -> list[Bin]:
    """People counted in squares of `step` points, by the lower left corner; one query, at most BINS × BINS rows."""

    def corner(field: str) -> Any:
        return Floor(Cast(F(field), FloatField()) / step) * step

    counted = (
        placed(rows)
        .annotate(a=corner("ability"), p=corner("performance"))
        .values_list("a", "p")
        .annotate(n=Count("pk"))
        .order_by("a", "p")
    )
    return [Bin(ability, performance, count) for ability, performance, count in counted]


def step_of(found: Spread) -> float:
    """The side of a bin: the smallest of 1, 2, 2.5, 5, 10 … points for which BINS of them span the scores."""
    width = max(found.most[0] - found.least[0], found.most[1] - found.least[1], 1.0)
    for factor in range(12):
        for base in (1.0, 2.0, 2.5, 5.0):
            step = float(base * 10**factor)
            if width / step <= BINS - 1:
                return step
    return width


def resulting(counted: list[tuple[str, str, str, int]]) -> tuple[dict[str, int], dict[str, int]]:
    """People by grade as they are, and as they would be if every proposal were followed."""
    now: dict[str, int] = {}
    then: dict[str, int] = {}
    for grade, kind, proposed, count in counted:
        now[grade] = now.get(grade, 0) + count
        moved = kind in (ProposalKind.PROMOTION, ProposalKind.DEMOTION) and proposed
        after = proposed if moved else grade
        then[after] = then.get(after, 0) + count
    return now, then
