"""Matrix cells and appraisal levels (考核档次): who falls where, before and after quotas and stored adjustments."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from . import peers
from .conditions import judge, shown
from .exact import divide_rounded
from .model import Section
from .workings import Workings

Reason = dict[str, Any]


def cell(workings: Workings, index: int) -> str | None:
    """The matrix cell: HH HL LH LL or 11…33, ability first, 3 the highest; None while an axis is missing.

    `hysteresis` h keeps somebody who was at or above a limit last period above it down to limit − h.
    """
    matrix = workings.scheme.sections.get("matrix")
    if not matrix:
        return None
    marks = []
    for axis in ("ability", "performance"):
        value = _axis(workings, matrix, axis, index)
        if value is None:
            return None
        limits = matrix[axis] if isinstance(matrix[axis], tuple) else (matrix[axis],)
        before = workings.past(axis, index, 1) if matrix.get("by", "absolute") == "absolute" else None
        slack = matrix.get("hysteresis", Fraction(0))
        passed = 0
        for spec in limits:
            limit = workings.constant(spec, index)
            if limit is None:
                return None
            if value >= limit or (
                isinstance(before, Fraction) and before >= limit and value >= limit - slack
            ):
                passed += 1
        marks.append(passed)
    if matrix["kind"] == "quadrant":
        return "".join("LH"[mark] for mark in marks)
    return "".join(str(mark + 1) for mark in marks)


def _axis(workings: Workings, matrix: Section, axis: str, index: int) -> Fraction | None:
    if matrix.get("by", "absolute") == "absolute":
        return workings.number(axis, index)
    key = f"matrix.{axis}"
    ranked: list[Fraction | None] = workings.memo(
        key,
        lambda: peers.peer_scores(
            {"type": "percentile"}, workings.numbers(axis), workings.groups(matrix.get("group", "all"))
        ),
    )
    return ranked[index]


@dataclass(frozen=True, slots=True)
class Level:
    """A person's appraisal level: first as the figures give it, then as quota and adjustments leave it."""

    first: str | None
    final: str | None
    reasons: tuple[Reason, ...] = ()


def assign_levels(workings: Workings, rated: list[bool]) -> list[Level]:
    """The level of everybody; None for those not rated. O(n log n).

    Order: bands or forced shares → rules that fix a level → limits (`at_most`) → quotas → stored adjustments.
    """
    section = workings.scheme.sections.get("levels")
    if not section:
        return [Level(None, None)] * len(workings)
    scale = [item["code"] for item in section["scale"]]
    first = _forced(workings, section, rated) if "forced" in section else _banded(workings, section, rated)
    reasons: list[list[Reason]] = [[] for _ in first]
    current = list(first)
    for index, level in enumerate(current):
        fixed = _fixed(workings, section, scale, index, level, reasons[index])
        current[index] = fixed
    for quota in section.get("quotas") or ():
        _cut(workings, quota, scale, current, rated, reasons)
    rules = {
        item["code"]: item for item in workings.scheme.section("adjustments") if item["applies_to"] == "level"
    }
    for index, person in enumerate(workings.cohort.people):
        for item in person.adjustments:
            if item.code in rules and current[index] is not None:
                before = current[index]
                current[index] = _adjusted(scale, str(before), item.by, item.to)
                reasons[index].append(_reason(item.code, "level_adjusted", True, before=before, after=current[index],
                                              reason=item.reason, decided_by=item.decided_by))  # fmt: skip
    return [Level(a, b, tuple(c)) for a, b, c in zip(first, current, reasons, strict=True)]


def _reason(rule: str, code: str, passed: bool, **data: Any) -> Reason:
    return {
        "rule": rule,
        "passed": passed,
        "detail": {"code": code, **{k: shown(v) for k, v in data.items()}},
    }


def _banded(workings: Workings, section: Section, rated: list[bool]) -> list[str | None]:
    result: list[str | None] = []
    for index, takes_part in enumerate(rated):
        value = workings.number(section["value"], index) if takes_part else None
        level = None
        if value is not None and not workings.lacking(section["bands"], index):
            for band in workings.resolved(section["bands"], index):
                low, high = band.get("from"), band.get("to")
                if (low is None or value >= low) and (high is None or value < high):
                    level = band["level"]
                    break
        result.append(level)
    return result


def _forced(workings: Workings, section: Section, rated: list[bool]) -> list[str | None]:
    """Shares from the best down within the group; ties keep together in the lower share, so no share is exceeded."""
    values = [
        workings.number(section["value"], i) if takes_part else None for i, takes_part in enumerate(rated)
    ]
    result: list[str | None] = [None] * len(values)
    shares = section["forced"]
    for rows in peers.members(values, workings.groups(section.get("group", "all"))).values():
        percents = [workings.constant(item["percent"], rows[0]) or Fraction(0) for item in shares]
        sizes = peers.quota_sizes(len(rows), percents, section.get("rounding", "floor"))
        keys = [_key(workings, section, section["value"], index) for index in rows]
        for index, place in zip(rows, _worst_places(keys), strict=True):
            limit = 0
            chosen = shares[-1]
            for item, size in zip(shares, sizes, strict=True):
                limit += size
                if place <= limit:
                    chosen = item
                    break
            result[index] = chosen["level"]
    return result


def _key(workings: Workings, section: Section, value: str, index: int) -> tuple[Any, ...]:
    """Sorting key, smaller is better: the value, then the stated tie-breaks; a missing figure comes last."""
    parts: list[Any] = []
    for rule in ({"value": value}, *(section.get("tie_break") or ())):
        number = workings.number(rule["value"], index)
        sign = 1 if rule.get("order") == "asc" else -1
        parts.append((1, Fraction(0)) if number is None else (0, sign * number))
    return tuple(parts)


def _worst_places(keys: list[tuple[Any, ...]]) -> list[int]:
    """The last place a key shares: equal keys count as the worst of them."""
    last = {key: place for place, key in enumerate(sorted(keys), start=1)}
    return [last[key] for key in keys]


def _fixed(
    workings: Workings,
    section: Section,
    scale: list[str],
    index: int,
    level: str | None,
    reasons: list[Reason],
) -> str | None:
    for rule in section.get("rules") or ():
        if judge(rule["when"], workings, index) is not True:
            continue
        if "level" in rule:
            reasons.append(_reason(rule["code"], "level_fixed", True, before=level, after=rule["level"]))
            return str(rule["level"])
        if level is not None and scale.index(level) < scale.index(rule["at_most"]):
            reasons.append(_reason(rule["code"], "level_limited", True, before=level, after=rule["at_most"]))
            level = rule["at_most"]
    return level


def _cut(
    workings: Workings, quota: Section, scale: list[str], current: list[str | None], rated: list[bool],
    reasons: list[list[Reason]],
) -> None:  # fmt: skip
    """Keeps a level within its share of each group; those beyond it, and ties across the limit, go one level down."""
    groups = workings.groups(quota.get("group", "all"))
    sizes: dict[Hashable, int] = {}
    holders: dict[Hashable, list[int]] = {}
    for index, group in enumerate(groups):
        if quota.get("of", "rated") == "all" or rated[index]:
            sizes[group] = sizes.get(group, 0) + 1
        if current[index] == quota["level"]:
            holders.setdefault(group, []).append(index)
    down = scale[scale.index(quota["level"]) + 1]
    for group, rows in holders.items():
        room = quota_room(workings, quota, rows[0], sizes.get(group, 0))
        value = workings.scheme.sections["levels"]["value"]
        keys = [_key(workings, quota, quota.get("value", value), index) for index in rows]
        for index, place in zip(rows, _worst_places(keys), strict=True):
            kept = place <= room
            reasons[index].append(_reason(quota["code"], "level_quota", kept, level=quota["level"], place=place,
                                          limit=room, candidates=len(rows)))  # fmt: skip
            if not kept:
                current[index] = down


def quota_room(workings: Workings, quota: Mapping[str, Any], index: int, size: int) -> int:
    """How many places a quota gives a group of `size`: a number, or a percentage rounded as the quota says."""
    if "limit" in quota:
        limit = workings.constant(quota["limit"], index)
        return 0 if limit is None else max(0, limit.numerator // limit.denominator)
    percent = workings.constant(quota["percent"], index)
    if percent is None:
        return 0
    exact = percent * size / 100
    return max(0, divide_rounded(exact.numerator, exact.denominator, quota.get("rounding", "floor")))


def _adjusted(scale: list[str], level: str, by: Fraction | None, to: str | None) -> str:
    if to is not None:
        return to
    place = scale.index(level) - int(by or 0)
    return scale[max(0, min(len(scale) - 1, place))]
