"""A scheme as frozen data, built from a document that has passed `checks`. Numbers are exact rationals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from .formula import Node, parse
from .periods import Period, parse_period

Section = Mapping[str, Any]
HUNDRED = Fraction(100)


@dataclass(frozen=True, slots=True)
class Rounding:
    """How many decimals are kept, and how."""

    places: int = 2
    mode: str = "half_up"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One line of the score sheet: where its figure comes from and how it becomes a score.

    `weight` is a rational, or a {param: NAME} mapping resolved per person. `reads` and `against` are value names.
    """

    code: str
    name: str
    dimension: str
    weight: Any
    source: str
    method: Section
    missing: Any
    on_target: str | None
    reads: str
    against: str | None
    formula: Node | None
    applies: Section | None
    rounding: Rounding


@dataclass(frozen=True, slots=True)
class Extras:
    """What stands around a sum of contributions: bonus and deduction lists, coefficients, floor and cap."""

    bonus: Section | None = None
    deductions: Section | None = None
    coefficients: tuple[Section, ...] = ()
    coefficient_scope: str = "all"
    start: Any = Fraction(0)
    floor: Any = None
    cap: Any = None

    @property
    def empty(self) -> bool:
        """Whether the sum of contributions is the result as it stands."""
        none = self.bonus is None and self.deductions is None and not self.coefficients
        return none and self.floor is None and self.cap is None and self.start == 0


@dataclass(frozen=True, slots=True)
class Dimension:
    """A group of indicators with one result; `weighted` (weights add to 100) or `points` (points are added up)."""

    code: str
    name: str
    kind: str
    weight: Any
    indicators: tuple[Indicator, ...]
    extras: Extras


@dataclass(frozen=True, slots=True)
class Grade:
    """A step of the ladder; `following` are the grades one step up (more than one where the ladder branches)."""

    code: str
    name: str
    order: Fraction
    track: str
    following: tuple[str, ...]


@dataclass(frozen=True)
class Scheme:
    """One version of a regulation, ready to be applied."""

    code: str
    version: int
    name: str
    cycle: str
    rounding: Rounding
    dimensions: tuple[Dimension, ...]
    total: Extras
    grades: tuple[Grade, ...]
    sections: Section = field(default_factory=dict)
    measures: Mapping[str, Section] = field(default_factory=dict)
    formulas: Mapping[str, Node] = field(default_factory=dict)
    valid_from: Period | None = None
    valid_to: Period | None = None

    def section(self, name: str) -> tuple[Section, ...]:
        """A list section (promotion, quotas, gates …), empty when the document has none."""
        return self.sections.get(name) or ()

    def indicators(self) -> Iterator[Indicator]:
        """Every indicator in document order."""
        for dimension in self.dimensions:
            yield from dimension.indicators

    def indicator(self, code: str) -> Indicator | None:
        """The indicator of that code."""
        return next((item for item in self.indicators() if item.code == code), None)

    def dimension(self, code: str) -> Dimension | None:
        """The dimension of that code."""
        return next((item for item in self.dimensions if item.code == code), None)

    def grade(self, code: str | None) -> Grade | None:
        """The grade of that code."""
        return next((item for item in self.grades if item.code == code), None)

    def lower(self, grade: Grade) -> Grade | None:
        """The grade one step down: the highest-ordered one that leads here."""
        below = [item for item in self.grades if grade.code in item.following]
        same = [item for item in below if item.track == grade.track] or below
        return max(same, key=lambda item: item.order, default=None)

    @property
    def weighted_total(self) -> bool:
        """Whether the dimensions carry weights, so that there is a total."""
        return bool(self.dimensions) and all(item.weight is not None for item in self.dimensions)


def _rounding(data: Section | None, default: Rounding) -> Rounding:
    if not data:
        return default
    return Rounding(int(data.get("places", default.places)), str(data.get("mode", default.mode)))


def _extras(data: Section) -> Extras:
    return Extras(
        data.get("bonus"), data.get("deductions"), tuple(data.get("coefficients") or ()),
        str(data.get("coefficient_scope", "all")), data.get("start", Fraction(0)), data.get("floor"), data.get("cap"),
    )  # fmt: skip


def _indicator(data: Section, dimension: Section, rounding: Rounding) -> Indicator:
    method, source, code = data["method"], data["source"], data["code"]
    points = dimension.get("kind") == "points"
    default = Fraction(0) if method["type"] == "veto" else HUNDRED
    weight = data.get("points", default) if points else data.get("weight", default)
    reads = (
        data.get("reads")
        or {"reading": "reading.", "event": "event.", "rating": "rating.", "formula": "formula."}[source]
        + code
    )
    against = data.get("against")
    return Indicator(
        code, data["name"], dimension["code"], weight, source, method, data.get("missing", "block"),
        data.get("on_target"), reads, against or f"target.{code}",
        parse(data["formula"]) if source == "formula" else None, data.get("applies"),
        _rounding(data.get("rounding"), rounding),
    )  # fmt: skip


def _dimension(data: Section, rounding: Rounding) -> Dimension:
    indicators = tuple(_indicator(item, data, rounding) for item in data["indicators"])
    kind = str(data.get("kind", "weighted"))
    return Dimension(
        data["code"], data.get("name", data["code"]), kind, data.get("weight"), indicators, _extras(data)
    )


def _grades(rows: tuple[Section, ...]) -> tuple[Grade, ...]:
    result = []
    for row in rows:
        track = row.get("track", "")
        above = [item for item in rows if item.get("track", "") == track and item["order"] > row["order"]]
        default = [min(above, key=lambda item: item["order"])["code"]] if above else []
        following = tuple(row["next"]) if "next" in row else tuple(default)
        result.append(Grade(row["code"], row["name"], row["order"], track, following))
    return tuple(result)


def build(data: Section) -> Scheme:
    """The scheme of checked, exact data (`checks.check` first; this does not look for mistakes)."""
    rounding = _rounding(data.get("rounding"), Rounding())
    measures = {item["code"]: item for item in data.get("measures") or ()}
    effective = data.get("effective") or {}
    return Scheme(
        code=data["code"],
        version=int(data["version"]),
        name=data["name"],
        cycle=data["cycle"],
        rounding=rounding,
        dimensions=tuple(_dimension(item, rounding) for item in data["dimensions"]),
        total=_extras(data.get("total") or {}),
        grades=_grades(tuple(data.get("grades") or ())),
        sections=MappingProxyType(dict(data)),
        measures=MappingProxyType(measures),
        formulas=MappingProxyType(
            {code: parse(item["formula"]) for code, item in measures.items() if "formula" in item}
        ),
        valid_from=parse_period(effective.get("from")),
        valid_to=parse_period(effective.get("to")),
    )
