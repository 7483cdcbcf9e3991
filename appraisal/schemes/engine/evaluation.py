"""The whole run: scores, levels, proposals, pay, with the explanation of each person made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from typing import Any

from .cohort import Cohort, Column
from .conditions import Condition, describe, find, leaves, shown
from .exact import decimal_places, plain, plain_units
from .inputs import check_input
from .ladder import Proposal, fill_quotas, propose, rated
from .levels import Level, assign_levels, cell
from .model import Dimension, Indicator, Scheme
from .pay import pay_of
from .scoring import COUNTED, Figures, Scored, figure_at
from .strikes import vetoes
from .totals import Extra, Result
from .workings import Workings


class Evaluation:
    """A scheme applied to a cohort. Columns are computed on first use; `person(i)` renders one explanation."""

    def __init__(self, scheme: Scheme, cohort: Cohort, checked: bool = False) -> None:
        """InputError when the scheme cannot take this input; `checked` says that it has been asked already."""
        if not checked:
            check_input(scheme, cohort)
        self.scheme, self.cohort = scheme, cohort
        self.workings = Workings(scheme, cohort)
        self.workings.provide("quadrant", lambda index: self.cells[index])
        self.workings.provide("level", lambda index: self.levels[index].final)
        self.workings.provide("vetoed", lambda index: bool(vetoes(self.workings, index)))

    def __len__(self) -> int:
        return len(self.cohort.people)

    @cached_property
    def cells(self) -> list[str | None]:
        """Everybody's matrix cell."""
        return [cell(self.workings, index) for index in range(len(self))]

    @cached_property
    def levels(self) -> list[Level]:
        """Everybody's appraisal level."""
        return assign_levels(self.workings, [rated(self.workings, index)[0] for index in range(len(self))])

    @cached_property
    def proposals(self) -> list[Proposal]:
        """Everybody's proposal after quotas."""
        return fill_quotas(self.workings, [propose(self.workings, index) for index in range(len(self))])

    def decision(self, index: int) -> tuple[str, str | None, str | None, str | None]:
        """What a counterfactual compares: kind, target grade, level, matrix cell."""
        proposal = self.proposals[index]
        return proposal.kind, proposal.to, self.levels[index].final, self.workings.value("quadrant", index)

    def person(self, index: int) -> dict[str, Any]:
        """One person's result with lines and reasons, numbers as plain decimal text (`interfaces.md` 3)."""
        person, proposal, level = self.cohort.people[index], self.proposals[index], self.levels[index]
        why = self.explanation(index)
        return {
            "employee_no": person.employee_no,
            "ability": why["dimensions"].get("ability"),
            "performance": why["dimensions"].get("performance"),
            "total": self._shown(self.workings.total, index),
            "dimensions": why["dimensions"],
            "measures": why["measures"],
            "quadrant": self.workings.value("quadrant", index),
            "level": level.final,
            "first_level": why["first_level"],
            "grade": person.grade,
            "proposal": {"kind": proposal.kind, "to": proposal.to, "eligible_for": why["eligible_for"]},
            "pay": why["pay"],
            "lines": list(self._lines(index)),
            "reasons": why["reasons"],
        }

    def explanation(self, index: int) -> dict[str, Any]:
        """Why one person's result is what it is, without the lines: `reasons`, `dimensions`, `measures`, `eligible_for`,
        `first_level` and `pay` as in `person`."""
        proposal = self.proposals[index]
        return {
            "reasons": list(self._reasons(index)),
            "dimensions": {
                item.code: self._shown(self.workings.result(item.code), index)
                for item in self.scheme.dimensions
            },
            "measures": {code: shown(self.workings.measure(code)[index]) for code in self.scheme.measures},
            "eligible_for": proposal.eligible_for,
            "first_level": self.levels[index].first,
            "pay": None if proposal.kind == "not_rated" else pay_of(self.workings, index, proposal.to),
        }

    def people(self) -> Iterator[dict[str, Any]]:
        """Everybody's result in input order."""
        return (self.person(index) for index in range(len(self)))

    def _shown(self, result: Result, index: int) -> str | None:
        column = result.column
        if not column.present[index]:
            return None
        return plain_units(int(column.units[index]), column.scale, self.scheme.rounding.places)

    def _lines(self, index: int) -> Iterator[dict[str, Any]]:
        for dimension in self.scheme.dimensions:
            result = self.workings.result(dimension.code)
            for row, indicator in enumerate(dimension.indicators):
                yield self._line(dimension, indicator, row, index)
            for extra in result.extras.get(index, ()):
                yield self._extra(extra, dimension.code)
        for extra in self.workings.total.extras.get(index, ()):
            yield self._extra(extra, "total")

    def _line(self, dimension: Dimension, indicator: Indicator, row: int, index: int) -> dict[str, Any]:
        scored: Scored = self.workings.scored(indicator.code)
        result = self.workings.result(dimension.code)
        units = int(scored.units[index]) if scored.state[index] in COUNTED else None
        weight, scale = result.weight_units(row, index), result.weight_scale
        least = self.scheme.rounding.places
        return {
            "code": indicator.code,
            "name": indicator.name,
            "dimension": dimension.code,
            "kind": "indicator",
            "raw": _figure(scored.figures, index),
            "target": _figure(scored.against, index),
            "score": None if units is None else plain_units(units, scored.places, scored.places),
            "weight": plain_units(weight, scale),
            "stated_weight": self.stated_weight(indicator, index),
            "contribution": None
            if units is None
            else plain_units(units * weight, scored.places + scale + 2, least),
            "note": scored.note(index)
            or (None if units is None else self.limit_note(indicator, units, index)),
        }

    def stated_weight(self, indicator: Indicator, index: int) -> str:
        """The weight as the document states it for a person, in plain decimal."""
        if isinstance(indicator.weight, Fraction):
            text: str = self.workings.memo(f"weight.{indicator.code}", lambda: plain(indicator.weight))
            return text
        return plain(self.workings.constant(indicator.weight, index) or Fraction(0))

    def limit_note(self, indicator: Indicator, units: int, index: int) -> str | None:
        """What a score of so many units owes to the method's limits: `capped`, `floored`, `veto`, or nothing."""
        if indicator.method["type"] == "veto":
            return "veto" if units == 0 else None
        for key, note in (("cap", "capped"), ("floor", "floored")):
            limit = indicator.method.get(key)
            if limit is None:
                continue
            exact = limit if isinstance(limit, Fraction) else self.workings.constant(limit, index)
            if (
                exact is not None
                and exact.numerator * 10**indicator.rounding.places == units * exact.denominator
            ):
                return note
        return None

    def _extra(self, extra: Extra, dimension: str) -> dict[str, Any]:
        return {
            "code": extra.code, "name": extra.name or extra.code, "dimension": dimension, "kind": extra.kind,
            "raw": None if extra.raw is None else plain(extra.raw), "target": None, "score": None, "weight": None,
            "stated_weight": None,
            "contribution": plain(extra.contribution, self.scheme.rounding.places, decimal_places(extra.contribution) or 0),
            "note": extra.note,
        }  # fmt: skip

    def _reasons(self, index: int) -> Iterator[dict[str, Any]]:
        for step in self.proposals[index].steps:
            if "code" in step["detail"]:
                yield step
            else:
                yield {**step, "detail": self._explained(step["detail"], index)}
        yield from self.levels[index].reasons

    def _explained(self, condition: Condition, index: int) -> dict[str, Any]:
        found = [
            describe(find(leaf, self.workings, index), self.workings, index) for leaf in leaves(condition)
        ]
        kind = next((key for key in ("all", "any", "at_least", "not") if key in condition), "leaf")
        return {"code": "rule", "combine": kind, "conditions": found}


def _figure(figures: Figures | None, index: int) -> str | None:
    """One person's raw figure or target in plain decimal."""
    if isinstance(figures, Column):
        return plain_units(int(figures.units[index]), figures.scale) if figures.present[index] else None
    value = figure_at(figures, index)
    return None if value is None else plain(value)
