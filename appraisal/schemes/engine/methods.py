"""The scoring methods, each on one person's exact figures. `kernels` repeats the frequent ones on whole columns.

Every function takes the method's own section, the figure `x` and, where the method compares, the figure `base` it is
measured against. It returns the exact score before rounding, or None when the method has no answer (no band holds x,
base is zero); None falls under the indicator's policy for missing figures and never becomes a silent zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

Method = Mapping[str, Any]
ZERO, ONE, HUNDRED = Fraction(0), Fraction(1), Fraction(100)


def clamp(value: Fraction, method: Method) -> Fraction:
    """value held between the method's floor and cap, where it has them."""
    floor, cap = method.get("floor"), method.get("cap")
    if cap is not None and value > cap:
        value = cap
    if floor is not None and value < floor:
        value = floor
    return value


def _whole(value: Fraction, method: Method) -> Fraction:
    """Whole units only, where the method says so: cut towards zero."""
    if not method.get("whole"):
        return value
    cut = Fraction(abs(value.numerator) // value.denominator)
    return -cut if value < 0 else cut


def ratio(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """full × actual / target (full is 100), floor, cap."""
    if base is None or base <= 0:
        return None
    return clamp(method.get("full", HUNDRED) * x / base, method)


def lower_is_better(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """full × target / actual, floor, cap. An actual of zero is the best there is: the cap, if there is one."""
    if base is None or base < 0 or x < 0:
        return None
    if x == 0:
        return method.get("cap")
    return clamp(method.get("full", HUNDRED) * base / x, method)


def band_of(bands: tuple[Method, ...], x: Fraction, edges: str = "lower") -> Method | None:
    """The band that holds x: from <= x < to, or from < x <= to when `edges` is "upper"."""
    for band in bands:
        low, high = band.get("from"), band.get("to")
        above = low is None or (x >= low if edges == "lower" else x > low)
        below = high is None or (x < high if edges == "lower" else x <= high)
        if above and below:
            return band
    return None


def bands(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """The score of the band that holds x; a band with score_from and score_to runs linearly between them, and one with
    `range` takes the judged score `base` (the indicator's `against`), which must lie in the range."""
    band = band_of(method["bands"], x, method.get("edges", "lower"))
    if band is None:
        return None
    if "score" in band:
        score: Fraction = band["score"]
        return score
    if "range" in band:
        least, most = band["range"]
        return base if base is not None and least <= base <= most else None
    low, high, first, last = band["from"], band["to"], band["score_from"], band["score_to"]
    return Fraction(first + (last - first) * (x - low) / (high - low))


def linear(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """Straight lines between the points (x, y), flat beyond the ends."""
    points = method["points"]
    if x <= points[0][0]:
        return Fraction(points[0][1])
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x <= x1:
            return Fraction(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
    return Fraction(points[-1][1])


def per_unit(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """base + points × (x − above) / per, in whole units where `whole`, floor, cap."""
    units = _whole((x - method.get("above", ZERO)) / method["per"], method)
    return clamp(method.get("base", ZERO) + method["points"] * units, method)


def step(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """`base` points at x = `at`; above it up.points per up.per, below it minus down.points per down.per, each capped."""
    distance = x - method["at"]
    side = method.get("up" if distance > 0 else "down")
    start: Fraction = method.get("base", ZERO)
    if side is None or distance == 0:
        return clamp(start, method)
    gain = side["points"] * _whole(
        abs(distance) / side["per"], {"whole": method.get("whole", side.get("whole"))}
    )
    if side.get("limit") is not None:
        gain = min(gain, side["limit"])
    return clamp(start + gain if distance > 0 else start - gain, method)


def deduct(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """start − per (also written per_event) × events, not below floor (default 0)."""
    left: Fraction = method.get("start", HUNDRED) - method.get("per", method.get("per_event", ZERO)) * x
    return max(Fraction(method.get("floor", ZERO)), left)


def threshold(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """All or nothing: `score` from `at` on, else `below`; `above: proportional` lets it grow as x / at, up to cap."""
    if x < method["at"]:
        return Fraction(method.get("below", ZERO))
    score = Fraction(method["score"])
    if method.get("above") == "proportional":
        score = score * x / method["at"]
    return clamp(score, method)


def progressive(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """Marginal bands: each part of x at the rate of its own band (rates are plain factors), floor, cap."""
    total = ZERO
    for band in method["bands"]:
        low, high = band.get("from", ZERO), band.get("to")
        part = (x if high is None else min(x, high)) - low
        if part > 0:
            total += part * band["rate"]
    return clamp(total, method)


def shortfall(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """full × (1 − times × excess), excess = max(0, x / base − 1): full marks up to the target, then a steep fall."""
    if base is None or base <= 0:
        return None
    excess = max(ZERO, x / base - 1)
    return clamp(method.get("full", HUNDRED) * (1 - method.get("times", ONE) * excess), method)


def veto(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """Full marks while nothing happened, nothing once it has; the ladder reads the veto itself."""
    return ZERO if x > 0 else HUNDRED


def direct(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """The figure is the score, floor, cap."""
    return clamp(x, method)


def rating(method: Method, x: Fraction, base: Fraction | None) -> Fraction | None:
    """The weighted mean of the raters' groups is the score, floor, cap."""
    return clamp(x, method)


def convert(section: Method, values: list[Fraction]) -> Fraction:
    """Points for several figures exchanged at fixed units, e.g. 50万储蓄 = 50张卡 = 5分 (whole: each, total or none)."""
    whole, units = section.get("whole", "none"), ZERO
    for item, value in zip(section["inputs"], values, strict=True):
        part = max(ZERO, value - item.get("above", ZERO)) / item["unit"]
        units += Fraction(part.numerator // part.denominator) if whole == "each" else part
    if whole == "total":
        units = Fraction(units.numerator // units.denominator)
    return clamp(Fraction(section["points"] * units), section)


def group_mean(groups: Mapping[str, Fraction], scores: tuple[tuple[str, Fraction], ...]) -> Fraction | None:
    """Mean within each rater group, weighted over the groups that are present; other groups are not counted."""
    sums: dict[str, int | Fraction] = {}
    counts: dict[str, int] = {}
    for group, score in scores:
        if group in groups:
            plain = score.numerator if score.denominator == 1 else score  # whole scores add up as integers
            sums[group] = sums.get(group, 0) + plain
            counts[group] = counts.get(group, 0) + 1
    shared = 1
    for count in counts.values():
        shared *= count
    top: int | Fraction = 0
    weight: int | Fraction = 0
    for group, total in sums.items():
        share = groups[group]
        factor = share.numerator if share.denominator == 1 else share
        top += factor * total * (shared // counts[group])
        weight += factor
    return Fraction(top, weight * shared) if weight else None


Scorer = Callable[[Method, Fraction, "Fraction | None"], "Fraction | None"]
METHODS: dict[str, Scorer] = {
    "ratio": ratio, "lower_is_better": lower_is_better, "bands": bands, "linear": linear, "per_unit": per_unit,
    "step": step, "deduct": deduct, "threshold": threshold, "progressive": progressive, "shortfall": shortfall,
    "veto": veto, "direct": direct, "rating": rating,
}  # fmt: skip
COMPARING = ("ratio", "lower_is_better", "shortfall")
PEER_METHODS = ("rank", "percentile", "z_score", "equal_interval", "forced")


def compares(method: Method) -> bool:
    """Whether a method reads the indicator's `against`."""
    if method["type"] != "bands":
        return method["type"] in COMPARING
    return any("range" in band for band in method["bands"])
