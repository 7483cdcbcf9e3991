"""What a scheme asks a group of raters: the indicators of its document that this group rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from appraisal.cycles.models import Cycle
from appraisal.ratings.models import RaterGroup
from appraisal.schemes.adapters import loaded
from appraisal.schemes.engine import Scheme

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Item:
    """One indicator to rate. `weight` within its dimension and `share` of the group, in percent, None where they depend
    on the person; `low` and `high` bound the score; an `optional` one applies only to some people."""

    code: str
    name: str
    dimension: str
    note: str
    weight: Decimal | None
    share: Decimal | None
    low: Decimal
    high: Decimal
    optional: bool


def items_of(cycle: Cycle, group: RaterGroup) -> tuple[Item, ...]:
    """The indicators a group rates in a cycle, in the document's order. The cycle comes with its scheme: no query."""
    return rated_by(loaded(cycle.scheme), group)


def rated_by(scheme: Scheme, group: RaterGroup) -> tuple[Item, ...]:
    """As `items_of`, of a scheme."""
    written = {
        row["code"]: row for dimension in scheme.sections["dimensions"] for row in dimension["indicators"]
    }
    found: dict[str, Item] = {}
    for indicator in scheme.indicators():
        kind, _dot, code = indicator.reads.partition(".")
        groups: Mapping[str, Any] = indicator.method.get("groups") or {}
        if kind != "rating" or group not in groups or code in found:
            continue
        row = written[indicator.code]
        domain = row.get("domain") or {}
        dimension = scheme.dimension(indicator.dimension)
        found[code] = Item(
            code=code,
            name=indicator.name,
            dimension=dimension.name if dimension is not None and dimension.name != dimension.code else "",
            note=row.get("note", ""),
            weight=_decimal(indicator.weight),
            share=_decimal(groups[group]),
            low=_decimal(domain.get("min")) or Decimal(0),
            high=_decimal(domain.get("max")) or HUNDRED,
            optional=indicator.applies is not None,
        )
    return tuple(found.values())


def required_codes(cycle: Cycle, group: RaterGroup) -> tuple[str, ...]:
    """The codes without which a sheet is not complete."""
    return tuple(item.code for item in items_of(cycle, group) if not item.optional)


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, Fraction)):
        return None
    exact = Fraction(value)
    return (Decimal(exact.numerator) / exact.denominator).quantize(Decimal("0.01")).normalize()
