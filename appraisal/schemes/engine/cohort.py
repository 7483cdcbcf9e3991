"""The people to be appraised and their figures: what adapters or a JSON file hand to the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .exact import MAX_DIGITS, NumberError, decimal_places, to_fraction
from .faults import Fault, InputError, label_faults
from .periods import Period, parse_period
from .shape import meant

SAFE = 2**61
PERSON_KEYS = (
    "employee_no", "name", "grade", "unit", "post", "region", "months_in_grade", "readings", "targets", "ratings",
    "events", "history", "facts", "adjustments",
)  # fmt: skip
ADJUSTMENT_KEYS = ("code", "by", "to", "reason", "decided_by")


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of every person: `units` × 10**-scale where `present`; int64, or Python integers when too large."""

    units: npt.NDArray[Any]
    scale: int
    present: npt.NDArray[np.bool_]

    def value(self, index: int) -> Fraction | None:
        """The exact figure of one person, None when there is none."""
        return Fraction(int(self.units[index]), 10**self.scale) if self.present[index] else None


def integers(values: Sequence[int]) -> npt.NDArray[Any]:
    """An int64 array when every value fits with room to spare, else an array of Python integers."""
    if all(-SAFE < value < SAFE for value in values):
        return np.array(values, dtype=np.int64)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def column_of(values: Sequence[Fraction | None]) -> Column:
    """A column from one optional rational per person; every rational must be a finite decimal."""
    scale = 0
    for value in values:
        if value is not None and value.denominator != 1:
            scale = max(scale, decimal_places(value) or 0)
    power = 10**scale
    present = np.fromiter((value is not None for value in values), dtype=np.bool_, count=len(values))
    return Column(integers([0 if value is None else int(value * power) for value in values]), scale, present)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A stored correction decided by people: `by` so much or `to` this, with its reason and who decided."""

    code: str
    by: Fraction | None
    to: str | None
    reason: str
    decided_by: str


@dataclass(frozen=True)
class Person:
    """One person's figures; everything optional is simply absent, never zero."""

    employee_no: str
    grade: str | None = None
    unit: str | None = None
    months_in_grade: Fraction | None = None
    readings: Mapping[str, Fraction] = field(default_factory=dict)
    targets: Mapping[str, Fraction] = field(default_factory=dict)
    ratings: Mapping[str, tuple[tuple[str, Fraction], ...]] = field(default_factory=dict)
    events: Mapping[str, Fraction] = field(default_factory=dict)
    history: tuple[Mapping[str, Any], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    adjustments: tuple[Adjustment, ...] = ()

    @cached_property
    def past(self) -> dict[Period, Mapping[str, Any]]:
        """History by period."""
        rows = ((parse_period(row.get("period")), row) for row in self.history)
        return {period: row for period, row in rows if period is not None}


@dataclass(frozen=True)
class Cohort:
    """A period and its people. `columns` may carry readings and targets ready-made ("reading.SALES"), which beats a
    mapping per person by far: 20 000 people × 40 figures are arrays from SQL, not 800 000 objects."""

    period: Period
    people: tuple[Person, ...]
    columns: Mapping[str, Column] = field(default_factory=dict)

    @cached_property
    def _built(self) -> dict[str, Column]:
        return dict(self.columns)

    def column(self, name: str) -> Column:
        """The column `reading.CODE`, `target.CODE` or `event.CODE`; linear on first use, then kept."""
        if name not in self._built:
            kind, _, code = name.partition(".")
            field_name = {"reading": "readings", "target": "targets", "event": "events"}[kind]
            self._built[name] = column_of([getattr(person, field_name).get(code) for person in self.people])
        return self._built[name]


class _Reader:
    """Turns JSON data into a Cohort and collects every fault with its path."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, path: str, code: str, found: object, zh: str, en: str) -> None:
        if len(self.faults) < 200:
            self.faults.append(Fault(path, code, str(found)[:60], zh, en))

    def number(self, value: Any, path: str) -> Fraction | None:
        try:
            return to_fraction(value)
        except NumberError:
            zh, en = f"{MAX_DIGITS} 位以内的数字", f"a number of at most {MAX_DIGITS} digits"
            self.fault(path, "not_a_number", value, zh, en)
            return None

    def mapping(self, value: Any, path: str) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.fault(path, "bad_type", type(value).__name__, "一个映射", "an object")
            return {}
        return value

    def rows(self, value: Any, path: str) -> list[tuple[str, Mapping[str, Any]]]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(path, "bad_type", type(value).__name__, "一个列表", "a list")
            return []
        return [(f"{path}[{k}]", self.mapping(item, f"{path}[{k}]")) for k, item in enumerate(value)]

    def numbers(self, value: Any, path: str) -> dict[str, Fraction]:
        result = {}
        for code, item in self.mapping(value, path).items():
            number = None if item is None else self.number(item, f"{path}.{code}")
            if number is not None:
                result[code] = number
        return result

    def keys(self, row: Mapping[str, Any], allowed: Sequence[str], path: str) -> None:
        for key in row:
            if key not in allowed:
                zh, en = meant(key, allowed)
                self.fault(
                    f"{path}.{key}",
                    "unknown_key",
                    key,
                    f"{zh}下列之一：{'、'.join(allowed)}",
                    f"{en}one of {', '.join(allowed)}",
                )

    def text(self, row: Mapping[str, Any], key: str, path: str, required: bool = False) -> str | None:
        value = row.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None and not required:
            return None
        if not isinstance(value, str) or not value:
            code = "missing_key" if value is None else "bad_type"
            self.fault(
                f"{path}.{key}",
                code,
                "无" if value is None else type(value).__name__,
                "非空文本",
                "a non-empty text",
            )
            return None
        return value

    def facts(self, row: Mapping[str, Any], path: str) -> dict[str, Any]:
        facts = dict(self.mapping(row.get("facts"), f"{path}.facts"))
        for key in ("post", "region"):
            if row.get(key) is not None:
                facts.setdefault(key, row[key])
        for name, value in facts.items():
            if (isinstance(value, (int, float)) and not isinstance(value, bool)) or hasattr(
                value, "is_finite"
            ):
                facts[name] = self.number(value, f"{path}.facts.{name}")
        return facts

    def history(self, row: Mapping[str, Any], path: str) -> tuple[Mapping[str, Any], ...]:
        result, seen = [], set()
        for where, item in self.rows(row.get("history"), f"{path}.history"):
            period = parse_period(item.get("period"))
            if period is None or period in seen:
                code = "bad_period" if period is None else "duplicate"
                zh, en = (
                    "2025Q4、2025H2、2025M11 或 2025，且不重复",
                    "2025Q4, 2025H2, 2025M11 or 2025, each once",
                )
                self.fault(f"{where}.period", code, item.get("period"), zh, en)
            seen.add(period)
            result.append({key: self._historic(key, value, where) for key, value in item.items()})
        return tuple(result)

    def _historic(self, key: str, value: Any, where: str) -> Any:
        if isinstance(value, dict):
            return self.numbers(value, f"{where}.{key}")
        if key in ("period", "grade", "level", "quadrant") or value is None or isinstance(value, bool):
            return value if value is None or isinstance(value, bool) else str(value)
        if isinstance(value, str) and key not in ("ability", "performance", "total"):
            try:
                return to_fraction(value)
            except NumberError:
                return value
        return self.number(value, f"{where}.{key}")

    def ratings(self, row: Mapping[str, Any], path: str) -> dict[str, tuple[tuple[str, Fraction], ...]]:
        result = {}
        for code, items in self.mapping(row.get("ratings"), f"{path}.ratings").items():
            scores = []
            for where, item in self.rows(items, f"{path}.ratings.{code}"):
                self.keys(item, ("group", "score"), where)
                group = self.text(item, "group", where, required=True)
                score = self.number(item.get("score"), f"{where}.score")
                if group is not None and score is not None:
                    scores.append((group, score))
            result[code] = tuple(scores)
        return result

    def events(self, row: Mapping[str, Any], path: str) -> dict[str, Fraction]:
        result: dict[str, Fraction] = {}
        for where, item in self.rows(row.get("events"), f"{path}.events"):
            self.keys(item, ("code", "count"), where)
            code = self.text(item, "code", where, required=True)
            count = self.number(item.get("count", 1), f"{where}.count")
            if count is not None and count < 0:
                self.fault(f"{where}.count", "too_small", item.get("count"), "不小于 0", "not below 0")
            elif code is not None and count is not None:
                result[code] = result.get(code, Fraction(0)) + count
        return result

    def adjustments(self, row: Mapping[str, Any], path: str) -> tuple[Adjustment, ...]:
        result = []
        for where, item in self.rows(row.get("adjustments"), f"{path}.adjustments"):
            self.keys(item, ADJUSTMENT_KEYS, where)
            code = self.text(item, "code", where, required=True) or ""
            reason = self.text(item, "reason", where, required=True) or ""
            decided = self.text(item, "decided_by", where, required=True) or ""
            by = None if item.get("by") is None else self.number(item["by"], f"{where}.by")
            if (item.get("by") is None) == (item.get("to") is None):
                self.fault(where, "missing_key", "by/to", "by 与 to 二者之一", "exactly one of by and to")
            result.append(Adjustment(code, by, self.text(item, "to", where), reason, decided))
        return tuple(result)

    def person(self, row: Mapping[str, Any], path: str) -> Person:
        self.keys(row, PERSON_KEYS, path)
        months = row.get("months_in_grade")
        return Person(
            employee_no=self.text(row, "employee_no", path, required=True) or "",
            grade=self.text(row, "grade", path),
            unit=self.text(row, "unit", path),
            months_in_grade=None if months is None else self.number(months, f"{path}.months_in_grade"),
            readings=self.numbers(row.get("readings"), f"{path}.readings"),
            targets=self.numbers(row.get("targets"), f"{path}.targets"),
            ratings=self.ratings(row, path),
            events=self.events(row, path),
            history=self.history(row, path),
            facts=self.facts(row, path),
            adjustments=self.adjustments(row, path),
        )


def read_cohort(data: Any) -> Cohort:
    """The cohort a JSON input describes (`interfaces.md` 3); InputError lists every fault with its path."""
    reader = _Reader()
    root = reader.mapping(data, "input")
    reader.keys(root, ("period", "people"), "input")
    period = parse_period(root.get("period"))
    if period is None:
        zh, en = "2025Q4、2025H2、2025M11 或 2025", "2025Q4, 2025H2, 2025M11 or 2025"
        reader.fault("period", "bad_period", root.get("period"), zh, en)
    if not isinstance(root.get("people"), list):
        reader.fault(
            "people", "missing_key", type(root.get("people")).__name__, "人员列表", "a list of people"
        )
    people = [reader.person(row, path) for path, row in reader.rows(root.get("people"), "people")]
    seen: set[str] = set()
    for k, person in enumerate(people):
        if person.employee_no in seen:
            reader.fault(
                f"people[{k}].employee_no", "duplicate", person.employee_no, "工号不重复", "each person once"
            )
        seen.add(person.employee_no)
    if reader.faults or period is None:
        raise InputError(label_faults(reader.faults, data))
    return Cohort(period, tuple(people))
