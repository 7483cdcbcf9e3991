"""The arithmetic of staff evaluation sheets. Pure."""

from __future__ import annotations

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
