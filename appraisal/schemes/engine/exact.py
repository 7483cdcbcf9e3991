"""Exact numbers: rationals inside, one rounding where the scheme says so, plain decimals outside.

Nothing here uses binary floating point. A score is an integer count of 10**-places; a sum of such integers is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

ROUNDING_MODES = ("half_up", "half_even", "half_down", "down", "up", "floor", "ceil")
MAX_DIGITS = 30
MAX_BITS = 2048


class NumberError(ValueError):
    """A value that is not a number the engine accepts (not finite, or more than 30 digits on a side)."""


def to_fraction(value: Any) -> Fraction:
    """The exact rational of an int, Decimal, numeric string, float (by its shortest decimal) or Fraction.

    Raises NumberError for booleans, text, infinities and numbers with more than 30 digits before or after the point.
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool):
        raise NumberError(f"not a number: {value!r}")
    if isinstance(value, int):
        if value.bit_length() > 4 * MAX_DIGITS:
            raise NumberError("number too large")
        return Fraction(value)
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, str):
        if len(value) > 2 * MAX_DIGITS + 8:
            raise NumberError("number too long")
        try:
            value = Decimal(value.strip())
        except InvalidOperation:
            raise NumberError(f"not a number: {value!r}") from None
    if not isinstance(value, Decimal) or not value.is_finite():
        raise NumberError(f"not a number: {value!r}")
    exponent = value.as_tuple().exponent
    if value.adjusted() > MAX_DIGITS or not isinstance(exponent, int) or exponent < -MAX_DIGITS:
        raise NumberError("number out of range")
    return Fraction(value)


def round_scaled(value: Fraction, places: int, mode: str = "half_up") -> int:
    """`value` in units of 10**-places, rounded once by `mode`; half_up is away from zero, as in commerce."""
    numerator = value.numerator * 10**places if places >= 0 else value.numerator
    denominator = value.denominator if places >= 0 else value.denominator * 10**-places
    return divide_rounded(numerator, denominator, mode)


def divide_rounded(numerator: int, denominator: int, mode: str) -> int:
    """numerator / denominator (denominator > 0) as an integer, rounded by `mode`."""
    if mode == "floor":
        return numerator // denominator
    if mode == "ceil":
        return -(-numerator // denominator)
    sign = -1 if numerator < 0 else 1
    quotient, rest = divmod(abs(numerator), denominator)
    if rest:
        twice = 2 * rest
        if (
            mode == "up"
            or (mode == "half_up" and twice >= denominator)
            or (mode == "half_down" and twice > denominator)
            or (mode == "half_even" and (twice > denominator or (twice == denominator and quotient % 2)))
        ):
            quotient += 1
    return sign * quotient


def round_fraction(value: Fraction, places: int, mode: str = "half_up") -> Fraction:
    """`value` rounded to `places` decimals, as a rational."""
    return Fraction(round_scaled(value, places, mode), 10**places)


def decimal_places(value: Fraction) -> int | None:
    """How many decimals write `value` exactly, or None when no finite number does."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def plain_units(units: int, scale: int, least: int = 0) -> str:
    """Units of 10**-scale in plain decimal, trailing zeros cut but at least `least` decimals kept."""
    sign, digits = ("-" if units < 0 else ""), str(abs(units))
    if not scale:
        return f"{sign}{digits}.{'0' * least}" if least else sign + digits
    digits = digits.zfill(scale + 1)
    kept = digits[-scale:].rstrip("0").ljust(least, "0")
    return f"{sign}{digits[:-scale]}.{kept}" if kept else sign + digits[:-scale]


def plain(value: Fraction, least: int = 0, most: int = 10) -> str:
    """A rational in plain decimal: exact when it ends, else rounded half up to `most` decimals."""
    places = decimal_places(value)
    if places is None or places > most:
        places = most
    return plain_units(round_scaled(value, places), places, least)


def share_out(total: int, weights: Sequence[Fraction]) -> list[int]:
    """`total` whole units split in proportion to `weights` by largest remainder; ties go to the earlier weight.

    The parts add up to `total` exactly. All weights zero: everything goes to nobody (a list of zeros).
    """
    whole = sum(weights, Fraction(0))
    if whole == 0:
        return [0] * len(weights)
    exact = [weight * total / whole for weight in weights]
    parts = [value.numerator // value.denominator for value in exact]
    order = sorted(range(len(parts)), key=lambda k: (parts[k] - exact[k], k))
    for k in order[: total - sum(parts)]:
        parts[k] += 1
    return parts


def root_rounded(square: Fraction, places: int) -> Fraction:
    """The square root of a non-negative rational, cut after `places` decimals (exact integer root, no floats)."""
    from math import isqrt

    scaled = square * 100**places
    return Fraction(isqrt(scaled.numerator // scaled.denominator), 10**places)
