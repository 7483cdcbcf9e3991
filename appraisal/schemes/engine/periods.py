"""Periods as the interfaces write them: 2025Q4, 2025H2, 2025M11, 2025."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

PATTERN = re.compile(r"^(\d{4})(?:(Q)([1-4])|(H)([12])|(M)(0?[1-9]|1[0-2]))?$")
PER_YEAR = {"Q": 4, "H": 2, "M": 12, "Y": 1}
KIND_OF_CYCLE = {"quarter": "Q", "half": "H", "month": "M", "year": "Y"}


@dataclass(frozen=True, slots=True)
class Period:
    """One month, quarter, half-year or year; `index` counts periods of its kind from year 0."""

    kind: str
    index: int

    @property
    def year(self) -> int:
        """The calendar year it lies in."""
        return self.index // PER_YEAR[self.kind]

    def before(self, count: int = 1) -> Period:
        """The period `count` earlier, of the same kind."""
        return Period(self.kind, self.index - count)

    def end(self) -> date:
        """Its last day."""
        months = 12 // PER_YEAR[self.kind]
        month = (self.index % PER_YEAR[self.kind] + 1) * months
        return date(self.year, month, monthrange(self.year, month)[1])

    def __str__(self) -> str:
        number = self.index % PER_YEAR[self.kind] + 1
        if self.kind == "Y":
            return f"{self.year:04d}"
        return (
            f"{self.year:04d}{self.kind}{number:02d}"
            if self.kind == "M"
            else f"{self.year:04d}{self.kind}{number}"
        )


def parse_period(text: object) -> Period | None:
    """The period a text names, or None."""
    match = PATTERN.match(str(text)) if isinstance(text, (str, int)) else None
    if match is None or int(match.group(1)) < 1:
        return None
    kind = match.group(2) or match.group(4) or match.group(6) or "Y"
    number = int(match.group(3) or match.group(5) or match.group(7) or 1)
    return Period(kind, int(match.group(1)) * PER_YEAR[kind] + number - 1)
