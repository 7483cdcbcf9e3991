"""Rates and means to six decimals, rounded half up from the exact fraction: alike in Python and in the database."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import DecimalField, Func, Value
from django.db.models.functions import Abs, Cast, Greatest, NullIf, Sign

PLACES = 6
_UNIT = Decimal(1).scaleb(-PLACES)


def rounded(value: Fraction) -> Decimal:
    """The fraction to six decimals; half away from zero."""
    scaled = abs(value) * 10**PLACES
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(-whole if value < 0 else whole).scaleb(-PLACES)


def ratio(part: Any, whole: Any, factor: int = 1) -> Any:
    """`factor · part ÷ whole` as an SQL expression of two aggregates; null when the whole is nothing or less.

    Numbers of the database divide to some digits only, so the division is one of whole numbers.
    """
    exact: Any = DecimalField(max_digits=40, decimal_places=6)
    nothing = Value(0, output_field=exact)
    above, below = Cast(part, exact), NullIf(Greatest(Cast(whole, exact), nothing), nothing)
    steps = Func(
        Abs(above) * Value(2 * factor * 10**PLACES) + below, below * Value(2), function="div", output_field=exact
    )  # fmt: skip
    return Sign(above) * steps * Value(_UNIT, output_field=exact)
