"""The frequent scoring methods on whole columns of integers: the same results as `methods`, to the last digit.

Figures are integers of 10**-scale, so a score is one rounded integer division. Each kernel checks beforehand, in
Python integers, that nothing can overflow 64 bits; where something could it runs on Python integers instead.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from .cohort import SAFE, Column
from .exact import round_scaled
from .model import Rounding

Array = npt.NDArray[Any]
HUNDRED, ZERO = Fraction(100), Fraction(0)


def widest(array: Array) -> int:
    """The largest absolute value as a Python integer."""
    return max(abs(int(array.max())), abs(int(array.min()))) if array.size else 0


def _fit(array: Array, factor: int = 1, extra: int = 0) -> Array:
    """The array itself when |value| × factor + extra stays in 64 bits, else the same in Python integers."""
    if array.dtype == object or (widest(array) + 1) * max(1, abs(factor)) + abs(extra) < SAFE:
        return array
    return array.astype(object)


def divide(numerator: Array, denominator: Array | int, mode: str) -> Array:
    """numerator / denominator (positive) element by element, rounded by `mode` as `exact.divide_rounded` does."""
    if mode == "floor":
        return numerator // denominator
    if mode == "ceil":
        return -((-numerator) // denominator)
    size = np.abs(numerator)
    quotient = size // denominator
    rest = size - quotient * denominator
    if mode == "up":
        more = rest > 0
    elif mode == "down":
        more = np.zeros(size.shape, dtype=np.bool_)
    elif mode == "half_up":
        more = 2 * rest >= denominator
    elif mode == "half_down":
        more = 2 * rest > denominator
    else:
        more = (2 * rest > denominator) | ((2 * rest == denominator) & (quotient % 2 == 1))
    quotient = quotient + more.astype(np.bool_)
    return np.where(numerator < 0, -quotient, quotient)


def _scaled(value: Fraction, rounding: Rounding) -> int:
    return round_scaled(value, rounding.places, rounding.mode)


def _clamp(scores: Array, method: Mapping[str, Any], rounding: Rounding) -> Array:
    """Rounding is monotone, so holding the rounded score between rounded limits equals rounding the held score."""
    if method.get("cap") is not None:
        scores = np.minimum(scores, _scaled(method["cap"], rounding))
    if method.get("floor") is not None:
        scores = np.maximum(scores, _scaled(method["floor"], rounding))
    return scores


def _quotient(
    top: Array, bottom: Array, factor: Fraction, method: Mapping[str, Any], rounding: Rounding
) -> Array:
    up, down = factor.numerator * 10**rounding.places, factor.denominator
    limit = max(widest(top) * abs(up), widest(bottom) * down)
    if 4 * limit >= SAFE:
        top, bottom = top.astype(object), bottom.astype(object)
    return _clamp(divide(top * up, bottom * down, rounding.mode), method, rounding)


def ratio(
    method: Mapping[str, Any], x: Column, base: Column | None, rounding: Rounding
) -> tuple[Array, Array]:
    """100 × actual / target."""
    assert base is not None
    good = x.present & base.present & (base.units > 0).astype(np.bool_)
    bottom = np.where(good, base.units, 1)
    factor = method.get("full", HUNDRED) * Fraction(10) ** (base.scale - x.scale)
    return _quotient(np.where(good, x.units, 0), bottom, factor, method, rounding), good


def lower_is_better(
    method: Mapping[str, Any], x: Column, base: Column | None, rounding: Rounding
) -> tuple[Array, Array]:
    """100 × target / actual; an actual of zero takes the cap."""
    assert base is not None
    both = x.present & base.present & (base.units >= 0).astype(np.bool_) & (x.units >= 0).astype(np.bool_)
    zero = both & (x.units == 0).astype(np.bool_)
    good = both & ~zero
    factor = method.get("full", HUNDRED) * Fraction(10) ** (x.scale - base.scale)
    scores = _quotient(np.where(good, base.units, 0), np.where(good, x.units, 1), factor, method, rounding)
    if method.get("cap") is not None:
        return np.where(zero, _scaled(method["cap"], rounding), scores), both
    return scores, good


def bands(
    method: Mapping[str, Any], x: Column, base: Column | None, rounding: Rounding
) -> tuple[Array, Array]:
    """from <= x < to (or from < x <= to): limits become the integers that separate the same figures."""
    upper = method.get("edges", "lower") == "upper"
    scores = np.zeros(len(x.units), dtype=np.int64)
    good = np.zeros(len(x.units), dtype=np.bool_)
    for band in reversed(method["bands"]):
        inside = x.present.copy()
        for key, is_low in (("from", True), ("to", False)):
            edge = band.get(key)
            if edge is None:
                continue
            exact = edge * 10**x.scale
            cut = exact.numerator // exact.denominator if upper else -(-exact.numerator // exact.denominator)
            beyond = (x.units > cut if upper else x.units >= cut).astype(np.bool_)
            inside &= beyond if is_low else ~beyond
        scores = np.where(inside, _scaled(band["score"], rounding), scores)
        good |= inside
    return scores, good


def linear(
    method: Mapping[str, Any], x: Column, base: Column | None, rounding: Rounding
) -> tuple[Array, Array]:
    """Per segment one rounded division of an integer line."""
    points, power = method["points"], 10**x.scale
    scores = np.full(len(x.units), _scaled(points[-1][1], rounding), dtype=np.int64)
    for (x0, y0), (x1, y1) in reversed(list(itertools.pairwise(points))):
        inside = x.units * 1 <= x1 * power if x.units.dtype == object else x.units <= int(x1 * power // 1)
        inside = inside.astype(np.bool_)
        slope = (y1 - y0) / (x1 - x0) * 10**rounding.places
        offset = y0 * 10**rounding.places - slope * x0
        bottom = (slope / power).denominator * offset.denominator
        by, plus = int(slope / power * bottom), int(offset * bottom)
        units = _fit(np.where(inside, x.units, 0), 4 * by, 4 * (abs(plus) + bottom))
        scores = np.where(inside, divide(units * by + plus, bottom, rounding.mode), scores)
    first = (x.units <= int(points[0][0] * power // 1)).astype(np.bool_)
    return np.where(first, _scaled(points[0][1], rounding), scores), x.present


def per_unit(
    method: Mapping[str, Any], x: Column, base: Column | None, rounding: Rounding
) -> tuple[Array, Array]:
    """base + points × (x − above) / per, whole units where asked."""
    above, per, points = method.get("above", ZERO), method["per"], method["points"]
    start = method.get("base", ZERO)
    bottom_fraction = per * 10**x.scale
    lift = above.denominator * bottom_fraction.denominator
    shift = int(above * 10**x.scale * lift) if (above * 10**x.scale * lift).denominator == 1 else None
    assert shift is not None
    units = _fit(x.units, lift, abs(shift)) * lift - shift
    bottom = int(bottom_fraction * lift)
    if method.get("whole"):
        units, bottom = divide(units, bottom, "down"), 1
    gain = points * 10**rounding.places
    offset = start * 10**rounding.places
    whole = gain.denominator * offset.denominator
    by, plus = int(gain * whole), int(offset * whole) * bottom
    numerator = _fit(units, 4 * by, 4 * (abs(plus) + bottom * whole)) * by + plus
    return _clamp(divide(numerator, bottom * whole, rounding.mode), method, rounding), x.present


def deduct(
    method: Mapping[str, Any], x: Column, base: Column | None, rounding: Rounding
) -> tuple[Array, Array]:
    """start − per × events: a line with a floor (default 0)."""
    line = {"base": method.get("start", HUNDRED), "per": Fraction(1), "points": -method.get("per", method.get("per_event", ZERO)),
            "floor": method.get("floor", ZERO)}  # fmt: skip
    return per_unit(line, x, base, rounding)


Kernel = Callable[[Mapping[str, Any], Column, "Column | None", Rounding], tuple[Array, Array]]
KERNELS: dict[str, Kernel] = {
    "ratio": ratio, "lower_is_better": lower_is_better, "bands": bands, "linear": linear, "per_unit": per_unit,
    "deduct": deduct,
}  # fmt: skip


def kernel_for(method: Mapping[str, Any]) -> Kernel | None:
    """The column form of a method, or None when only the person-by-person form exists."""
    if method["type"] == "bands" and any("score" not in band for band in method["bands"]):
        return None
    return KERNELS.get(method["type"])
