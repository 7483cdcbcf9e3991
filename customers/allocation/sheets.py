"""The arithmetic of staff evaluation sheets. Pure."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from customers.allocation.policy_document import PARTS, PolicyDocument

CENT = Decimal("0.01")
POINTS_A_YEAR = 10


def merit_of(document: PolicyDocument, parts: dict[str, Decimal]) -> Decimal:
    """Σ part × weight / 100, rounded half up to two decimals."""
    total = sum((parts[name] * document.evaluation[name] for name in PARTS), Decimal(0)) / 100
    return total.quantize(CENT, ROUND_HALF_UP)


def experience_points(years: int | None) -> Decimal:
    """Ten points for each year in the trade, a hundred at most."""
    return Decimal(min((years or 0) * POINTS_A_YEAR, 100))


def months_after(day: date, months: int) -> date:
    """The same day so many months later, the last day of the month where there is none."""
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")
