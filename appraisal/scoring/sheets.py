"""From the engine's columns to rows of score sheets: the same lines as `Evaluation.person`, written a column at a time.

Texts are those of COPY. Every number is written in the one plain way of the engine, so that equal results are equal
texts whatever the other people's figures are, and a digest tells two sheets apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from appraisal.schemes.engine import Column, Evaluation
from appraisal.schemes.engine.exact import decimal_places, plain, plain_units
from appraisal.schemes.engine.model import Dimension, Indicator
from appraisal.schemes.engine.scoring import COUNTED, Figures, Scored, figure_at
from appraisal.schemes.engine.totals import Extra, Result
from appraisal.scoring.hashing import ResultLine
from appraisal.scoring.models import EXACT, LineSource
from appraisal.scoring.staging import NOTHING, escaped

LONGEST_CODE, LONGEST_NAME, LONGEST_NOTE = 60, 160, 80


class TooExact(ValueError):
    """A result with more decimals than a sheet keeps; the message names the person or the line."""


@dataclass(frozen=True)
class SheetRow:
    """One sheet as text: the columns ability … proposed_grade, its lines without their positions, and the digest."""

    head: str
    lines: list[str]
    digest: str


class SheetWriter:
    """Writes the sheets of one evaluation; `origin` says where each figure came from (adapters.Inputs)."""

    def __init__(self, evaluation: Evaluation, origin: Mapping[str, list[str]]) -> None:
        self.evaluation, self.origin = evaluation, origin
        self.least = evaluation.scheme.rounding.places
        self._results: dict[int, ResultLine] = {}

    # --- results --------------------------------------------------------------------------------------------------
    def result(self, index: int) -> ResultLine:
        """What is hashed of one person; worked out once. Raises TooExact."""
        if index not in self._results:
            self._results[index] = self._result(index)
        return self._results[index]

    def _result(self, index: int) -> ResultLine:
        workings, proposal = self.evaluation.workings, self.evaluation.proposals[index]
        scheme, number = self.evaluation.scheme, self.evaluation.cohort.people[index].employee_no
        found = {
            code: self._exact(workings.result(code), index) if scheme.dimension(code) else None
            for code in ("ability", "performance")
        }
        return ResultLine(
            number, found["ability"], found["performance"], self._exact(workings.total, index),
            self.evaluation.cells[index], proposal.kind, proposal.to,
        )  # fmt: skip

    def _exact(self, result: Result, index: int) -> str | None:
        column = result.column
        if not column.present[index]:
            return None
        text = plain_units(int(column.units[index]), column.scale, self.least)
        if len(text.partition(".")[2]) > EXACT["decimal_places"]:
            raise TooExact(self.evaluation.cohort.people[index].employee_no)
        return text

    # --- sheets ---------------------------------------------------------------------------------------------------
    def rows(self, indexes: list[int]) -> Iterator[tuple[int, SheetRow]]:
        """(index, sheet) of the people at those places, column by column."""
        scheme, workings = self.evaluation.scheme, self.evaluation.workings
        columns = [
            (dimension, workings.result(dimension.code),
             [self._column(dimension, item, row, indexes) for row, item in enumerate(dimension.indicators)])
            for dimension in scheme.dimensions
        ]  # fmt: skip
        for place, index in enumerate(indexes):
            lines: list[str] = []
            for dimension, result, written in columns:
                lines += [column[place] for column in written]
                lines += [self._extra(extra, dimension.code) for extra in result.extras.get(index, ())]
            lines += [self._extra(extra, "total") for extra in workings.total.extras.get(index, ())]
            yield index, self._row(index, lines)

    def _row(self, index: int, lines: list[str]) -> SheetRow:
        result, level = self.result(index), self.evaluation.levels[index].final
        exact = (result.ability, result.performance, result.total)
        parts = [NOTHING if value is None else value for value in exact]
        parts += [escaped(text or "") for text in (result.quadrant, level, result.proposal, result.to)]
        head = "\t".join(parts)
        digest = hashlib.blake2b("\n".join([head, *lines]).encode(), digest_size=16).hexdigest()
        return SheetRow(head, lines, digest)

    # --- lines ----------------------------------------------------------------------------------------------------
    def _column(self, dimension: Dimension, item: Indicator, row: int, indexes: list[int]) -> list[str]:
        """The lines of one indicator for those people."""
        scored = self.evaluation.workings.scored(item.code)
        result = self.evaluation.workings.result(dimension.code)
        start = f"{escaped(dimension.code)}\t{escaped(item.code[:LONGEST_CODE])}\t{escaped(item.name[:LONGEST_NAME])}\tindicator\t"
        sources, notes = self._sources(item), self._notes(item)
        raws, targets = _Figures(scored.figures), _Figures(scored.against)
        always = self.evaluation.stated_weight(item, 0) if isinstance(item.weight, Fraction) else None
        units, state, why = scored.units.tolist(), scored.state.tolist(), scored.why.tolist()
        texts: dict[tuple[int, int, bool], tuple[str, str, str]] = {}
        lines = []
        for index in indexes:
            raw, counted, weight = raws.text(index), state[index] in COUNTED, result.weight_units(row, index)
            key = (units[index], weight, counted)
            if key not in texts:
                texts[key] = self._share(scored, result, units[index], weight, counted)
            score, shown, contribution = texts[key]
            note = scored.note(index) if state[index] or why[index] else None
            if note is None and counted:
                note = notes(units[index], index)
            source = sources[index] if raw != NOTHING else LineSource.NONE.value
            stated = always or self.evaluation.stated_weight(item, index)
            lines.append(
                f"{start}{source}\t{raw}\t{targets.text(index)}\t{score}\t{shown}\t{stated}\t{contribution}\t{note or ''}"
            )
        return lines

    def _share(
        self, scored: Scored, result: Result, units: int, weight: int, counted: bool
    ) -> tuple[str, str, str]:
        """Score, weight and contribution of everybody with that score and weight."""
        shown = plain_units(weight, result.weight_scale)
        if not counted:
            return NOTHING, shown, NOTHING
        places = scored.places + result.weight_scale + 2
        return (
            plain_units(units, scored.places, scored.places),
            shown,
            plain_units(units * weight, places, self.least),
        )

    def _sources(self, item: Indicator) -> list[str]:
        kind, _, code = item.reads.partition(".")
        if kind in ("reading", "event") and code in self.origin:
            return self.origin[code]
        plain_source = LineSource.RATING if kind == "rating" else LineSource.FORMULA
        return [plain_source.value] * len(self.evaluation)

    def _notes(self, item: Indicator) -> Any:
        """The note on limits; worked out once a score where the limits are the same for everybody."""
        if any(isinstance(item.method.get(key), Mapping) for key in ("cap", "floor")):
            return lambda units, index: self.evaluation.limit_note(item, units, index)
        kept: dict[int, str | None] = {}

        def note(units: int, index: int) -> str | None:
            if units not in kept:
                kept[units] = self.evaluation.limit_note(item, units, index)
            return kept[units]

        return note

    def _extra(self, extra: Extra, dimension: str) -> str:
        raw = NOTHING if extra.raw is None else plain(extra.raw)
        places = decimal_places(extra.contribution) or 0
        if places > EXACT["decimal_places"]:
            raise TooExact(extra.code)
        contribution = plain(extra.contribution, self.least, places)
        name = escaped((extra.name or extra.code)[:LONGEST_NAME])
        return (
            f"{escaped(dimension)}\t{escaped(extra.code[:LONGEST_CODE])}\t{name}\t{extra.kind}\t{LineSource.NONE.value}\t{raw}"
            f"\t{NOTHING}\t{NOTHING}\t{NOTHING}\t{NOTHING}\t{contribution}\t{(extra.note or '')[:LONGEST_NOTE]}"
        )


class _Figures:
    """The figures of one indicator as text; many people share a rating, so those are written once."""

    def __init__(self, figures: Figures | None) -> None:
        self.figures = figures
        self.scale = 0
        self.units: list[int] = []
        self.present: list[bool] = []
        if isinstance(figures, Column):
            self.scale, self.units, self.present = (
                figures.scale,
                figures.units.tolist(),
                figures.present.tolist(),
            )
        self.written: dict[tuple[int, int], str] = {}

    def text(self, index: int) -> str:
        if self.present:
            return plain_units(self.units[index], self.scale) if self.present[index] else NOTHING
        value: Fraction | None = figure_at(self.figures, index)
        if value is None:
            return NOTHING
        key = (value.numerator, value.denominator)
        if key not in self.written:
            self.written[key] = plain(value)
        return self.written[key]
