"""Scores that need the peer group: rank, percentile, z and T, equal intervals, forced shares.

Each takes one optional exact figure per person and the group each belongs to; people without a figure neither get a
score nor count as peers. Equal figures always get equal scores, so nothing depends on the order of the people.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from .exact import divide_rounded, root_rounded

Method = Mapping[str, Any]
Values = Sequence["Fraction | None"]
ROOT_PLACES = 20
ZERO, HUNDRED = Fraction(0), Fraction(100)


def members(values: Values, groups: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    """The people with a figure, by group; those without a group (None) are left out."""
    result: dict[Hashable, list[int]] = {}
    for index, (value, group) in enumerate(zip(values, groups, strict=True)):
        if value is not None and group is not None:
            result.setdefault(group, []).append(index)
    return result


def places_of(figures: Sequence[Fraction], higher: bool, ties: str = "best") -> list[Fraction]:
    """The place of each figure, 1 for the best; ties share the best, the worst or the average place."""
    order = sorted(set(figures), reverse=higher)
    counts: dict[Fraction, int] = {}
    for figure in figures:
        counts[figure] = counts.get(figure, 0) + 1
    place, result = 1, {}
    for figure in order:
        last = place + counts[figure] - 1
        result[figure] = {
            "best": Fraction(place),
            "worst": Fraction(last),
            "average": Fraction(place + last, 2),
        }[ties]
        place = last + 1
    return [result[figure] for figure in figures]


def _rank(method: Method, figures: list[Fraction]) -> list[Fraction]:
    """From `first` for place 1 down to `last` for the last place, linear in the place; alone: `single`."""
    first, last = method.get("first", HUNDRED), method.get("last", ZERO)
    if len(figures) == 1:
        return [method.get("single", first)]
    places = places_of(figures, method.get("direction") != "lower", method.get("ties", "best"))
    return [first - (first - last) * (place - 1) / (len(figures) - 1) for place in places]


def _percentile(method: Method, figures: list[Fraction]) -> list[Fraction]:
    """Percent of the group that is not better: 100 × (worse + half of the equal ones, oneself included) / n."""
    higher = method.get("direction") != "lower"
    n = len(figures)
    best = places_of(figures, higher, "best")
    worst = places_of(figures, higher, "worst")
    return [100 * (n - low + (low - high + 1) / 2) / n for high, low in zip(best, worst, strict=True)]


def _z_score(method: Method, figures: list[Fraction]) -> list[Fraction]:
    """base + per × (x − mean) / standard deviation (population, or `sample`); T scores are base 50, per 10.

    The root is taken in integers to 20 decimals. A group without spread gets `base`.
    """
    n = len(figures)
    base, per = method.get("base", Fraction(50)), method.get("per", Fraction(10))
    mean = sum(figures, ZERO) / n
    degrees = n - 1 if method.get("deviation") == "sample" else n
    variance = sum(((x - mean) ** 2 for x in figures), ZERO) / degrees if degrees else ZERO
    if variance == 0:
        return [Fraction(base)] * n
    sign = -1 if method.get("direction") == "lower" else 1
    return [
        base + (sign if x > mean else -sign) * per * root_rounded((x - mean) ** 2 / variance, ROOT_PLACES)
        for x in figures
    ]


def _equal_interval(method: Method, figures: list[Fraction]) -> list[Fraction]:
    """The span of the group cut into equal intervals, `scores` from the lowest; limits belong to the upper one."""
    scores, low, high = method["scores"], min(figures), max(figures)
    if low == high:
        return [Fraction(method.get("single", scores[-1]))] * len(figures)
    result = []
    for x in figures:
        part = (x - low) * len(scores) / (high - low)
        result.append(Fraction(scores[min(part.numerator // part.denominator, len(scores) - 1)]))
    return result


def quota_sizes(n: int, shares: Sequence[Fraction], mode: str) -> list[int]:
    """How many of n each share takes: the running sum of percents, rounded by `mode`, so that the sizes never exceed n."""
    bounds, running, before = [], ZERO, 0
    for share in shares:
        running += share
        cut = min(n, divide_rounded((running * n).numerator, 100 * (running * n).denominator, mode))
        bounds.append(max(0, cut - before))
        before = max(before, cut)
    return bounds


def _forced(method: Method, figures: list[Fraction]) -> list[Fraction]:
    """Forced shares from the best down: the score of the share a place falls in; ties keep together, in the lower one."""
    steps = method["shares"]
    sizes = quota_sizes(len(figures), [step["percent"] for step in steps], method.get("rounding", "floor"))
    places = places_of(figures, method.get("direction") != "lower", "worst")
    result = []
    for place in places:
        limit = 0
        chosen = steps[-1]
        for step, size in zip(steps, sizes, strict=True):
            limit += size
            if place <= limit:
                chosen = step
                break
        result.append(Fraction(chosen["score"]))
    return result


_BY_TYPE: dict[str, Callable[[Method, list[Fraction]], list[Fraction]]] = {
    "rank": _rank, "percentile": _percentile, "z_score": _z_score, "equal_interval": _equal_interval,
    "forced": _forced,
}  # fmt: skip


def peer_scores(method: Method, values: Values, groups: Sequence[Hashable]) -> list[Fraction | None]:
    """The unrounded score of everybody who has a figure; groups smaller than `min_group` get none.

    O(n log n) in the people.
    """
    result: list[Fraction | None] = [None] * len(values)
    least = int(method.get("min_group", 1))
    for indexes in members(values, groups).values():
        if len(indexes) < least:
            continue
        figures = [value for value in (values[index] for index in indexes) if value is not None]
        for index, score in zip(indexes, _BY_TYPE[method["type"]](method, figures), strict=True):
            cap, floor = method.get("cap"), method.get("floor")
            score = min(score, cap) if cap is not None else score
            result[index] = max(score, floor) if floor is not None else score
    return result


def aggregate(kind: str, figures: Sequence[Fraction]) -> Fraction | None:
    """mean, sum, max, min, median or count of a group's figures; None of an empty one (count: 0)."""
    if kind == "count":
        return Fraction(len(figures))
    if not figures:
        return None
    if kind == "mean":
        return sum(figures, ZERO) / len(figures)
    if kind == "sum":
        return sum(figures, ZERO)
    if kind == "median":
        ordered, half = sorted(figures), len(figures) // 2
        return ordered[half] if len(figures) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return max(figures) if kind == "max" else min(figures)
