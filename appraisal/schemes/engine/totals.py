"""From indicator scores to dimensions and the total: weights, redistribution, bonus, deductions, coefficients, limits.

Contributions are exact decimals and add up to the result to the last digit. When an indicator is left out, the weights
of the others are scaled to the same sum and cut to 6 decimals by largest remainder (ties: document order), so that the
weights shown on the sheet still add up exactly and so do the contributions made with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import methods
from .cohort import SAFE, Column, column_of
from .conditions import judge
from .exact import decimal_places, round_fraction, share_out
from .kernels import widest
from .model import Dimension, Extras, Section
from .scoring import BLOCKED, SCORED, ZEROED, Scored
from .strikes import vetoes, zeroing

if TYPE_CHECKING:
    from .workings import Workings

SHARED_PLACES = 6
COEFFICIENT_PLACES = 4
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Extra:
    """A line of the sheet beside the indicators: start, bonus, deduction, coefficient, limit or adjustment."""

    code: str
    kind: str
    raw: Fraction | None
    contribution: Fraction
    note: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Result:
    """A dimension or the total of everybody, with the effective weights and the extra lines behind it."""

    column: Column
    weights: npt.NDArray[Any] | None = None
    weight_scale: int = 0
    extras: dict[int, list[Extra]] = field(default_factory=dict)
    blocked: dict[int, list[str]] = field(default_factory=dict)

    def value(self, index: int) -> Fraction | None:
        """One person's result, None when it cannot be given."""
        return self.column.value(index)

    def weight_units(self, row: int, index: int) -> int:
        """The effective weight of the indicator in that row of the dimension, in units of 10**-weight_scale."""
        assert self.weights is not None
        return int(self.weights[row] if self.weights.ndim == 1 else self.weights[row, index])


def _shared(weights: tuple[Fraction, ...], kept: npt.NDArray[np.bool_], keep_sum: bool) -> list[int]:
    """Weights of 10**-6 for the indicators that are kept, adding up to what all of them would."""
    power = 10**SHARED_PLACES
    if not keep_sum:
        return [int(weight * power) if on else 0 for weight, on in zip(weights, kept, strict=True)]
    whole = int(sum(weights, ZERO) * power)
    return share_out(whole, [weight if on else ZERO for weight, on in zip(weights, kept, strict=True)])


def _effective(workings: Workings, dimension: Dimension, included: npt.NDArray[np.bool_]) -> tuple[Any, int]:
    """Effective weights, one row for everybody (1-d) or one per person (2-d), and their scale."""
    profiles = workings.profiles(tuple(item.weight for item in dimension.indicators))
    plain_weights = profiles[0][0] if profiles else ()
    if profiles and included.all() and profiles[0][1] is None:
        scale = max((decimal_places(weight) or 0) for weight in plain_weights)
        return np.array([int(weight * 10**scale) for weight in plain_weights], dtype=np.int64), scale
    keep_sum = dimension.kind == "weighted" or not any(weight == 100 for weight in plain_weights)
    result = np.zeros(included.shape, dtype=np.int64)
    for weights, people in profiles:
        rows = np.arange(included.shape[1]) if people is None else np.array(people)
        patterns, which = np.unique(np.packbits(included[:, rows], axis=0), axis=1, return_inverse=True)
        for number in range(patterns.shape[1]):
            mine = rows[which.reshape(-1) == number]
            result[:, mine] = np.array(_shared(weights, included[:, mine[0]], keep_sum), dtype=np.int64)[
                :, None
            ]
    return result, SHARED_PLACES


def _sum(scores: list[Scored], included: Any, weights: Any, scale: int) -> tuple[Any, int]:
    """Σ score × weight / 100 in integers; Python integers when 64 bits might not do."""
    places = max(item.places for item in scores)
    top = max(widest(item.units) * 10 ** (places - item.places) for item in scores)
    wide = top * max(1, widest(weights)) * (len(scores) + 1) >= SAFE
    total = np.zeros(included.shape[1], dtype=object if wide else np.int64)
    for row, item in enumerate(scores):
        units = item.units.astype(object) if wide else item.units
        total = total + np.where(included[row], units, 0) * (weights[row] * 10 ** (places - item.places))
    return total, places + scale + 2


def dimension_result(workings: Workings, dimension: Dimension) -> Result:
    """One dimension of everybody. Missing for a person when an indicator blocks or none is left."""
    scores = [workings.scored(item.code) for item in dimension.indicators]
    states = np.stack([item.state for item in scores])
    included = (states == SCORED) | (states == ZEROED)
    stopped = (states == BLOCKED).any(axis=0)
    weights, scale = _effective(workings, dimension, included)
    units, out = _sum(scores, included, weights, scale)
    weightless = np.broadcast_to(
        np.asarray(weights if weights.ndim == 2 else weights[:, None]), included.shape
    )
    present = ~stopped & ((weightless != 0) & included).any(axis=0)
    blocked = {
        int(index): [
            item.code for row, item in enumerate(dimension.indicators) if states[row, index] == BLOCKED
        ]
        for index in np.flatnonzero(stopped)
    }
    for index in np.flatnonzero(~present & ~stopped):
        blocked[int(index)] = [item.code for item in dimension.indicators]
    result = Result(Column(units, out, present), weights, scale, {}, blocked)
    return _with_extras(workings, dimension.extras, dimension.code, result)


def total_result(workings: Workings) -> Result:
    """The total across dimensions, Σ dimension × weight / 100, then what the document adds at that level."""
    scheme, n = workings.scheme, len(workings)
    if not scheme.weighted_total:
        return Result(Column(np.zeros(n, dtype=np.int64), 0, np.zeros(n, dtype=np.bool_)))
    results = [workings.result(item.code) for item in scheme.dimensions]
    present = np.logical_and.reduce([item.column.present for item in results])
    blocked = {int(k): [d.code for d, r in zip(scheme.dimensions, results, strict=True) if not r.column.present[k]]
               for k in np.flatnonzero(~present)}  # fmt: skip
    profiles = workings.profiles(tuple(item.weight for item in scheme.dimensions))
    if profiles and profiles[0][1] is None:
        weights = profiles[0][0]
        scale = max((decimal_places(weight) or 0) for weight in weights)
        depth = max(item.column.scale for item in results)
        factors = [int(weight * 10**scale) * 10 ** (depth - item.column.scale)
                   for weight, item in zip(weights, results, strict=True)]  # fmt: skip
        wide = (
            sum(widest(item.column.units) * abs(f) for item, f in zip(results, factors, strict=True)) >= SAFE
        )
        units: Any = np.zeros(n, dtype=object if wide else np.int64)
        for item, factor in zip(results, factors, strict=True):
            units = units + (item.column.units.astype(object) if wide else item.column.units) * factor
        column = Column(units, depth + scale + 2, present)
    else:
        values: list[Fraction | None] = [None] * n
        for weights, people in profiles:
            for index in people or ():
                if present[index]:
                    values[index] = sum(
                        (
                            (item.value(index) or ZERO) * w / 100
                            for item, w in zip(results, weights, strict=True)
                        ),
                        ZERO,
                    )
        column = column_of(values)
    return _struck(
        workings, _with_extras(workings, scheme.total, "total", Result(column, None, 0, {}, blocked))
    )


def _struck(workings: Workings, result: Result) -> Result:
    """Totals of nothing for those whom a veto with `score: zero` strikes; a total that cannot be given stays missing."""
    if not zeroing(workings):
        return result
    values: list[Fraction | None] = []
    for index in range(len(workings)):
        value = result.value(index)
        struck = vetoes(workings, index, zero_only=True) if value is not None else []
        if value is not None and struck:
            first = struck[0]
            line = Extra(first.code, "veto", None, -value, "veto_zero", first.name)
            result.extras.setdefault(index, []).append(line)
            value = ZERO
        values.append(value)
    return Result(column_of(values), result.weights, result.weight_scale, result.extras, result.blocked)


def _with_extras(workings: Workings, extras: Extras, target: str, result: Result) -> Result:
    rules = {
        item["code"]: item.get("name")
        for item in workings.scheme.section("adjustments")
        if item["applies_to"] == target
    }
    adjusted = rules and any(a.code in rules for person in workings.cohort.people for a in person.adjustments)
    if extras.empty and not adjusted:
        return result
    values: list[Fraction | None] = []
    for index in range(len(workings)):
        value = result.value(index)
        if value is not None:
            sheet = Sheet(workings, index, value)
            sheet.run(extras, rules)
            result.extras[index] = sheet.lines
            if sheet.blocked:
                result.blocked[index], value = sheet.blocked, None
            else:
                value = sheet.value
        values.append(value)
    return Result(column_of(values), result.weights, result.weight_scale, result.extras, result.blocked)


class Sheet:
    """One person's sum while bonus, deductions, coefficients, limits and adjustments are applied, in that order."""

    def __init__(self, workings: Workings, index: int, value: Fraction) -> None:
        self.workings, self.index, self.value = workings, index, value
        self.lines: list[Extra] = []
        self.blocked: list[str] = []

    def run(self, extras: Extras, adjustments: dict[str, str | None]) -> None:
        """start → (coefficients on the base) → bonus → deductions → (coefficients) → floor and cap → adjustments."""
        parts = (extras.start, extras.bonus, extras.deductions, extras.coefficients, extras.floor, extras.cap)
        self.blocked = [name for part in parts for name in self.workings.lacking(part, self.index)]
        if self.blocked:
            return
        start = self.workings.constant(extras.start, self.index) or ZERO
        if start:
            self.add("START", "start", None, start)
        if extras.coefficient_scope == "base":
            self.coefficients(extras)
        if extras.bonus:
            self.listed(extras.bonus, "bonus", 1)
        if extras.deductions:
            self.listed(extras.deductions, "deduction", -1)
        if extras.coefficient_scope == "all":
            self.coefficients(extras)
        self.limit(extras)
        for item in self.workings.cohort.people[self.index].adjustments:
            if item.code in adjustments and item.by is not None:
                self.add(item.code, "adjustment", item.by, item.by, "adjusted", adjustments[item.code])

    def add(
        self, code: str, kind: str, raw: Fraction | None, amount: Fraction, note: str | None = None,
        name: str | None = None,
    ) -> None:  # fmt: skip
        """One more line; the sum moves by exactly its contribution."""
        self.value += amount
        self.lines.append(Extra(code, kind, raw, amount, note, name))

    def listed(self, section: Section, kind: str, sign: int) -> None:
        """A bonus or deduction list: every item with its own limit, the list with its cap; `combine: max` counts the
        heaviest only."""
        section = self.workings.resolved(section, self.index)
        found: list[tuple[Section, Fraction | None, Fraction]] = []
        for item in section["items"]:
            raw, amount = self.amount(item)
            if amount is None:
                self.blocked.append(item["code"])
            elif amount or raw:
                found.append((item, raw, amount))
        if section.get("combine") == "max" and found:
            heaviest = max(amount for _, _, amount in found)
            chosen = next(k for k, item in enumerate(found) if item[2] == heaviest)
        else:
            heaviest, chosen = ZERO, -1
        for k, (item, raw, amount) in enumerate(found):
            absorbed = chosen >= 0 and k != chosen
            part, note = (ZERO, "absorbed") if absorbed else (sign * amount, None)
            self.add(item["code"], kind, raw, part, note, item.get("name"))
        total = heaviest if chosen >= 0 else sum((amount for _, _, amount in found), ZERO)
        if section.get("cap") is not None and total > section["cap"]:
            self.add(f"{kind.upper()}_CAP", f"{kind}_cap", total, sign * (section["cap"] - total), "capped")

    def amount(self, item: Section) -> tuple[Fraction | None, Fraction | None]:
        """How often an item applies and its points (not negative by itself), rounded as the scheme says."""
        if "event" in item:
            raw = self.workings.number(f"event.{item['event']}", self.index)
        elif "of" in item:
            raw = self.workings.number(item["of"], self.index)
        else:
            outcome = judge(item["when"], self.workings, self.index)
            raw = None if outcome is None else Fraction(outcome)
        if raw is None:
            return None, ZERO if item.get("missing") == "zero" else None
        if "method" in item:
            amount = methods.METHODS[item["method"]["type"]](item["method"], raw, None)
            if amount is None:
                return raw, None
        else:
            units = raw / item.get("per", Fraction(1))
            if item.get("whole"):
                units = Fraction(units.numerator // units.denominator)
            amount = item["points"] * units
        if item.get("limit") is not None:
            amount = min(amount, item["limit"])
        rounding = self.workings.scheme.rounding
        return raw, round_fraction(amount, rounding.places, rounding.mode)

    def coefficients(self, extras: Extras) -> None:
        """Factors, each rounded to 4 decimals (or `places`), applied one after the other."""
        for section in extras.coefficients:
            item = self.workings.resolved(section, self.index)
            factor = self.workings.number(item["of"], self.index)
            if factor is not None and "bands" in item:
                band = methods.band_of(item["bands"], factor, item.get("edges", "lower"))
                factor = None if band is None else band["factor"]
            if factor is None and item.get("missing") == "one":
                factor = Fraction(1)
            if factor is None:
                self.blocked.append(item["code"])
                continue
            factor = round_fraction(
                factor, int(item.get("places", COEFFICIENT_PLACES)), item.get("mode", "half_up")
            )
            self.add(item["code"], "coefficient", factor, self.value * (factor - 1), name=item.get("name"))

    def limit(self, extras: Extras) -> None:
        """The floor and cap of the result."""
        cap = self.workings.constant(extras.cap, self.index)
        floor = self.workings.constant(extras.floor, self.index)
        if cap is not None and self.value > cap:
            self.add("CAP", "cap", cap, cap - self.value, "capped")
        if floor is not None and self.value < floor:
            self.add("FLOOR", "floor", floor, floor - self.value, "floored")
