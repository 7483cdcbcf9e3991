"""What somebody should learn: from the lines of a score sheet to courses. Pure: no Django, no clock.

A line is weak when its score is below the limit of its dimension. What it costs is (limit − score) × weight / 100, the
points that reaching the limit would bring. The lines that cost most come first; for each the catalogue is asked for a
course of the competency that the indicator measures, at the level of the person's grade.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

MOST = 3


@dataclass(frozen=True)
class Line:
    """One scored line of a sheet. `score` and `limit` in points, `weight` in percent."""

    code: str
    name: str
    score: Decimal
    weight: Decimal
    limit: Decimal

    @property
    def lost(self) -> Decimal:
        """Points that reaching the limit would bring; nothing for a line at or above it."""
        return max(self.limit - self.score, Decimal(0)) * self.weight / 100


@dataclass(frozen=True)
class Offer:
    """A course on offer: what it builds (codes of indicators), level 1–3, the business line it is for (None = all)."""

    id: int
    code: str
    indicators: frozenset[str]
    level: int
    line: int | None
    hours: int


@dataclass(frozen=True)
class Suggestion:
    """A course because of a line; `offer` None when the catalogue has nothing, and `why` says what was looked for.

    `why`: `level` asked for, `found` level of the course, `own_line` whether it is made for the person's business line,
    `passed_over` how many further courses there were.
    """

    line: Line
    offer: Offer | None
    why: dict[str, object]


def weak(lines: Sequence[Line], most: int = MOST) -> list[Line]:
    """The lines below their limits, dearest first; equal ones in the order of their codes."""
    below = [line for line in lines if line.lost > 0]
    return sorted(below, key=lambda line: (-line.lost, line.code))[:most]


def level_for(rank: int, grades: int) -> int:
    """The level a grade asks for: the lowest third of the ladder 1, the middle 2, the upper 3 (`rank` from 1)."""
    if grades < 1 or not 1 <= rank <= grades:
        return 1
    return min(3, (3 * rank + grades - 1) // grades)


def suggest(
    lines: Sequence[Line], offers: Sequence[Offer], *, level: int, line: int | None, done: Collection[int] = (),
    most: int = MOST,
) -> list[Suggestion]:  # fmt: skip
    """A course for each weak line; none twice, none of `done` (ids of courses the person has completed).

    Of several: made for his business line before made for all, the level nearest to his (the lower of two equally near),
    fewer hours, code. Courses for another business line are never suggested.
    """
    taken = set(done)
    found = []
    for weakness in weak(lines, most):
        fitting = [
            offer for offer in offers
            if weakness.code in offer.indicators and offer.id not in taken and offer.line in (None, line)
        ]  # fmt: skip
        fitting.sort(
            key=lambda one: (one.line is None, abs(one.level - level), one.level, one.hours, one.code)
        )
        best = fitting[0] if fitting else None
        if best is not None:
            taken.add(best.id)
        found.append(
            Suggestion(
                weakness, best,
                {
                    "level": level, "found": best.level if best else None,
                    "own_line": bool(best and best.line is not None), "passed_over": max(len(fitting) - 1, 0),
                },
            )
        )  # fmt: skip
    return found
