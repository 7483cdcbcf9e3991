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
    """One class of a dimension: how many people and what share of all, in percent with one decimal."""

    label: str
    count: int
    percent: Decimal


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


def composition(people: QuerySet[Any], *, within: OrgUnit | None) -> list[Dimension]:
    """All dimensions over the same people. One grouped query each, and one for the names of units.

    Units are those directly below `within` (the roots without it), each with everything below it.
    """
    people = people.order_by()
    return [
        _dimension("unit", _("机构"), _by_unit(people, within)),
        _dimension("grade", _("等级"), _grouped(people, "grade__name", "grade__order")),
        _dimension("education", _("学历"), _by_choice(people, "education", Education.choices)),
        _dimension("experience", _("从业年限"), _by_band(people)),
        _dimension("status", _("状态"), _by_choice(people, "status", Status.choices)),
        _dimension("region", _("服务区域"), _grouped(people, "region_code")),
        _dimension("major", _("专业"), _grouped(people, "major")),
    ]


def _dimension(key: str, title: str, counted: Iterable[tuple[str, int]]) -> Dimension:
    pairs = [(label, count) for label, count in counted if count]
    total = sum(count for _label, count in pairs)
    return Dimension(key, title, total, tuple(Part(label, n, percent(n, total)) for label, n in pairs))


def _counts(people: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    return list(people.values(*fields).annotate(people=Count("pk")).order_by(*fields))


def _grouped(people: QuerySet[Any], label: str, order: str = "") -> list[tuple[str, int]]:
    rows = _counts(people, *([label, order] if order else [label]))
    known = [(row[label], row["people"], row.get(order)) for row in rows if row[label]]
    known.sort(key=lambda row: (row[2], row[0]) if order else (-row[1], row[0]))
    unknown = sum(row["people"] for row in rows if not row[label])
    return [*((name, count) for name, count, _order in known), (UNKNOWN, unknown)]


def _by_choice(
    people: QuerySet[Any], field: str, choices: Iterable[tuple[str, Any]]
) -> list[tuple[str, int]]:
    counts = {row[field]: row["people"] for row in _counts(people, field)}
    return [*((str(label), counts.get(value, 0)) for value, label in choices), (UNKNOWN, counts.get("", 0))]


def _by_band(people: QuerySet[Any]) -> list[tuple[str, int]]:
    bands: Counter[str] = Counter()
    for row in _counts(people, "experience_years"):
        years = row["experience_years"]
        for label, low, high in EXPERIENCE_BANDS.values():
            if years is not None and years >= low and (high is None or years < high):
                bands[label] += row["people"]
        if years is None:
            bands[UNKNOWN] += row["people"]
    return [(label, bands[label]) for label in (*(band[0] for band in EXPERIENCE_BANDS.values()), UNKNOWN)]


def _by_unit(people: QuerySet[Any], within: OrgUnit | None) -> list[tuple[str, int]]:
    base = within.path or "/" if within is not None else "/"
    ancestors: Counter[int] = Counter()
    direct = 0
    for row in _counts(people, "unit__path"):
        rest = row["unit__path"].removeprefix(base).strip("/")
        if rest:
            ancestors[int(rest.split("/")[0])] += row["people"]
        else:
            direct += row["people"]
    names = OrgUnit.objects.filter(pk__in=ancestors).order_by("code").values_list("pk", "name")
    below = [(name, ancestors[pk]) for pk, name in names]
    own = [(_("%(unit)s（直属）") % {"unit": within.name}, direct)] if within is not None and direct else []
    return own + below
