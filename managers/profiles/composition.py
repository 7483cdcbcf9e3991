"""名册构成: how the people of a query are composed, in numbers and percent (MGR-2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from cmsys.org.models import OrgUnit
from managers.profiles.filters import EXPERIENCE_BANDS
from managers.profiles.models import Education, Status

UNKNOWN = "未填"


@dataclass(frozen=True)
class Part:
    """One class of a dimension: how many people and what share of all, in percent with one decimal.

    `value` is what the filter of the same name takes to list exactly these people; empty where there is none.
    """

    label: str
    count: int
    percent: Decimal
    value: str = ""


@dataclass(frozen=True)
class Dimension:
    """One way of dividing the same people; the counts of its parts add up to `total`."""

    key: str
    title: str
    total: int
    parts: tuple[Part, ...]


def percent(count: int, total: int) -> Decimal:
    """100 × count / total, one decimal, half up; 0.0 of nobody."""
    if not total:
        return Decimal("0.0")
    return (Decimal(100) * count / total).quantize(Decimal("0.1"), ROUND_HALF_UP)


def composition(
    people: QuerySet[Any], *, within: OrgUnit | None, units: QuerySet[OrgUnit]
) -> list[Dimension]:
    """All dimensions over the same people. One grouped query each, and one for the names of units.

    Units are those directly below `within` — without it, below the one top unit there is — each with everything below
    it, and only such as the reader may see (`units`).
    """
    people = people.order_by()
    return [
        _dimension("unit", _("机构"), _by_unit(people, within, units)),
        _dimension("grade", _("等级"), _grouped(people, "grade__name", "grade__code", "grade__order")),
        _dimension("education", _("学历"), _by_choice(people, "education", Education.choices)),
        _dimension("experience", _("从业年限"), _by_band(people)),
        _dimension("status", _("状态"), _by_choice(people, "status", Status.choices)),
        _dimension("region_code", _("服务区域"), _grouped(people, "region_code", "region_code")),
        _dimension("major", _("专业"), _grouped(people, "major", "major")),
    ]


Counted = list[tuple[str, int, str]]


def _dimension(key: str, title: str, counted: Counted) -> Dimension:
    present = [row for row in counted if row[1]]
    total = sum(count for _label, count, _value in present)
    parts = tuple(Part(label, count, percent(count, total), value) for label, count, value in present)
    return Dimension(key, title, total, parts)


def _counts(people: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    return list(people.values(*fields).annotate(people=Count("pk")).order_by(*fields))


def _grouped(people: QuerySet[Any], label: str, value: str, order: str = "") -> Counted:
    rows = _counts(people, *dict.fromkeys((label, value, order) if order else (label, value)))
    known = [row for row in rows if row[label]]
    known.sort(key=lambda row: (row[order], row[label]) if order else (-row["people"], row[label]))
    unknown = sum(row["people"] for row in rows if not row[label])
    return [*((row[label], row["people"], row[value]) for row in known), (UNKNOWN, unknown, "")]


def _by_choice(people: QuerySet[Any], field: str, choices: Iterable[tuple[str, Any]]) -> Counted:
    counts = {row[field]: row["people"] for row in _counts(people, field)}
    named = [(str(label), counts.get(value, 0), value) for value, label in choices]
    return [*named, (UNKNOWN, counts.get("", 0), "")]


def _by_band(people: QuerySet[Any]) -> Counted:
    bands: Counter[str] = Counter()
    for row in _counts(people, "experience_years"):
        years = row["experience_years"]
        for key, (_label, low, high) in EXPERIENCE_BANDS.items():
            if years is not None and years >= low and (high is None or years < high):
                bands[key] += row["people"]
        if years is None:
            bands[""] += row["people"]
    return [
        *((label, bands[key], key) for key, (label, _low, _high) in EXPERIENCE_BANDS.items()),
        (UNKNOWN, bands[""], ""),
    ]


def _by_unit(people: QuerySet[Any], within: OrgUnit | None, units: QuerySet[OrgUnit]) -> Counted:
    named = {unit.pk: unit for unit in units}
    counted: Counter[tuple[int, ...]] = Counter()
    for row in _counts(people, "unit__path"):
        path = [int(part) for part in row["unit__path"].strip("/").split("/")]
        counted[tuple(pk for pk in path if pk in named)] += row["people"]
    tops = {chain[0] for chain in counted if chain}
    if within is None and len(tops) == 1:
        # One institution, or the reader's own unit: its name with 100 % would say nothing.
        within = named[tops.pop()]
    below: Counter[int] = Counter()
    direct = 0
    for chain, count in counted.items():
        rest = chain[chain.index(within.pk) + 1 :] if within is not None and within.pk in chain else chain
        if rest:
            below[rest[0]] += count
        else:
            direct += count
    own = _("%(unit)s（直属）") % {"unit": within.name} if within is not None else UNKNOWN
    parts = sorted((named[pk].code, named[pk].name, count) for pk, count in below.items())
    return [*([(own, direct, "")] if direct else []), *((name, count, code) for code, name, count in parts)]
