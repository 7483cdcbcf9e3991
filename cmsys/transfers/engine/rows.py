"""Rows of the file, converted: what a kind's room gets to check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from cmsys.transfers.engine.columns import Column
from cmsys.transfers.engine.headers import HEADER_WITHIN, Headers, find_headers
from cmsys.transfers.engine.mapping import Lookup, Mapping, Template
from cmsys.transfers.engine.problems import BadCell, Code, Problem, _, shown
from cmsys.transfers.engine.sheets import Line, Sheet
from cmsys.transfers.engine.values import convert, text_of

# The last line of our own exports begins so; it is recognised and left out.
WATERMARK = "# 导出水印："


@dataclass(slots=True)
class Row:
    """One row of the file on its way in.

    `values` holds typed values of the cells that were filled; what is empty is not there and changes nothing.
    The room fills `existing`, `refs` and adds problems.
    """

    number: int
    values: dict[str, Any]
    raw: dict[str, str]
    places: dict[str, int]
    key: tuple[Any, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    existing: Any = None
    refs: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    refused: bool = False

    @property
    def is_bad(self) -> bool:
        return self.refused or bool(self.problems)

    @property
    def action(self) -> str:
        """error, create, update or unchanged."""
        if self.is_bad:
            return "error"
        if self.existing is None:
            return "create"
        return "update" if self.changes else "unchanged"

    def problem(self, column: Column, code: Code, text: str, **params: Any) -> Problem:
        """A problem at this row's cell of the column, not yet added."""
        return Problem(
            self.number,
            column.code,
            shown(self.raw.get(column.code, "")),
            code,
            text,
            params,
            header=str(column.header),
            index=self.places.get(column.code),
        )

    def refuse(self, column: Column, code: Code, text: str, **params: Any) -> None:
        self.problems.append(self.problem(column, code, text, **params))

    def warn(self, column: Column, code: Code, text: str, **params: Any) -> None:
        self.warnings.append(self.problem(column, code, text, **params))


@dataclass
class Reading:
    """One passage through a sheet. Counters are complete when `rows` has come to its end.

    `read` counts rows that were meant for this kind, `skipped` those that `where` and `distinct` left out, `mapped` the
    values the mapping replaced.
    """

    sheet: Sheet
    columns: Sequence[Column]
    mapping: Mapping
    lookups: dict[Lookup, dict[str, str]]
    headers: Headers = field(init=False)
    read: int = 0
    skipped: int = 0
    mapped: int = 0
    stray: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        start = list(islice(_with_content(self.sheet.lines), HEADER_WITHIN))
        self.headers = find_headers(start, self.columns, self.mapping)
        self.lines = chain(
            (line for line in start if line[0] > self.headers.row), _with_content(self.sheet.lines)
        )
        self._keys = [column for column in self.columns if column.key]
        self._first_seen: dict[tuple[Any, ...], int] = {}
        self._complained: set[int] = set()

    def rows(self) -> Iterator[Row]:
        """Every row, converted and compared with those before it; to be walked through once."""
        for number, cells in self.lines:
            row = self.take(number, cells)
            if row is None:
                continue
            if row.key in self._first_seen and self.mapping.distinct and not self._key_missing(row):
                self.skipped += 1
                continue
            self.read += 1
            self._check_twice(row)
            yield row

    def take(self, number: int, cells: list[Any]) -> Row | None:
        """One line as a row, not yet counted as read nor compared with others; None for a line that is not meant."""
        if text_of(cells[0] if cells else "").startswith(WATERMARK) or self._is_sample(cells):
            return None
        if not self._wanted(cells):
            self.skipped += 1
            return None
        return self._row(number, cells)

    def _is_sample(self, cells: list[Any]) -> bool:
        """The example line of our own template, left as it was."""
        places = self.headers.places
        if len(places) != len(self.columns) or self.mapping.columns:
            return False
        examples = {column.code: column.example for column in self.columns}
        return all(_cell(cells, place) == examples[code] for code, place in places.items())

    def _wanted(self, cells: list[Any]) -> bool:
        for name, wanted in self.mapping.where.items():
            if name in self.headers.sources and _cell(cells, self.headers.sources[name]) not in wanted:
                return False
        return True

    def _row(self, number: int, cells: list[Any]) -> Row:
        row = Row(number, {}, {}, self.headers.places)
        for column in self.columns:
            if self.gives(column.code):
                self._convert(row, column, number, cells)
        row.key = tuple(row.values.get(column.code) for column in self._keys)
        self._check_width(row, cells)
        return row

    def gives(self, code: str) -> bool:
        """Whether file, mapping or constants give this column at all."""
        return code in self.headers.places or code in self.mapping.columns or code in self.mapping.constants

    def _convert(self, row: Row, column: Column, number: int, cells: list[Any]) -> None:
        try:
            raw = self.raw(column, number, cells)
            row.raw[column.code] = text_of(raw)
            value = convert(
                column,
                raw,
                date_format=self.mapping.dates.get(column.code, ""),
                epoch_1904=self.sheet.epoch_1904,
            )
        except BadCell as bad:
            row.refuse(column, bad.code, bad.text, **bad.params)
            return
        if value is not None and value != []:
            row.values[column.code] = value
        elif column.must_be_filled:
            row.refuse(column, Code.MISSING, _("必填，不能为空"))

    def raw(self, column: Column, number: int, cells: list[Any]) -> Any:
        """What a line has for a column, after the mapping. Raises BadCell."""
        mapping, code = self.mapping, column.code
        raw: Any
        if code in mapping.constants:
            return mapping.constants[code]
        origin = mapping.columns.get(code)
        if isinstance(origin, Template):
            raw = self._filled_template(origin, cells)
        elif isinstance(origin, Lookup):
            raw = self._looked_up(origin, cells)
        else:
            place = self.headers.places.get(code)
            if place is None:
                return None
            flaw = self.sheet.flaws.get((number, place))
            raw = cells[place] if place < len(cells) else None
            if flaw and text_of(raw) == "":
                raise BadCell(Code.BAD_VALUE, flaw)
        replaced = mapping.values.get(code)
        if replaced and text_of(raw) in replaced:
            self.mapped += 1
            return replaced[text_of(raw)]
        return raw

    def _filled_template(self, template: Template, cells: list[Any]) -> str:
        text = template.text
        for name in template.names:
            value = _cell(cells, self.headers.sources.get(name, -1))
            if value == "":
                return ""
            text = text.replace(f"{{{name}}}", value)
        return text

    def _looked_up(self, lookup: Lookup, cells: list[Any]) -> str:
        wanted = _cell(cells, self.headers.sources.get(lookup.on, -1))
        if wanted == "":
            return ""
        table = self.lookups.get(lookup, {})
        if wanted not in table:
            raise BadCell(
                Code.NOT_FOUND,
                _("对照文件“%(file)s”里没有“%(value)s”"),
                file=lookup.file,
                value=shown(wanted),
            )
        return table[wanted]

    def _key_missing(self, row: Row) -> bool:
        """Whether the key says nothing: a part that must be there is not, or every part is empty."""
        parts = list(zip(self._keys, row.key, strict=True))
        return any(part is None and column.must_be_filled for column, part in parts) or all(
            part is None for _column, part in parts
        )

    def _check_twice(self, row: Row) -> None:
        if not self._keys or self._key_missing(row):
            return
        first = self._first_seen.setdefault(row.key, row.number)
        if first != row.number:
            row.refuse(self._keys[0], Code.DUPLICATE, _("与第 %(first)s 行重复，请只保留一行"), first=first)

    def _check_width(self, row: Row, cells: list[Any]) -> None:
        """Cells outside the headed columns: in a CSV the row is broken, in a workbook a column lacks its header."""
        for index, cell in enumerate(cells):
            headed = index < self.headers.width and self.headers.texts[index] != ""
            if headed or text_of(cell) == "":
                continue
            if self.sheet.format == "csv" and index >= self.headers.width:
                row.problems.append(
                    Problem(
                        row.number,
                        "",
                        shown(text_of(cell)),
                        Code.BAD_VALUE,
                        _("该行有 %(found)s 格，表头只有 %(wanted)s 列；多半是内容里的逗号没有加引号"),
                        {"found": len(cells), "wanted": self.headers.width},
                        index=index,
                    )
                )
                return
            if index not in self._complained and not self.mapping.skip_unknown_columns:
                self._complained.add(index)
                self.stray.append(
                    Problem(
                        row.number,
                        "",
                        shown(text_of(cell)),
                        Code.UNKNOWN_COLUMN,
                        _("这一列没有列名；请补上列名，或清空这一列"),
                        index=index,
                    )
                )


def _with_content(lines: Iterator[Line]) -> Iterator[Line]:
    for line in lines:
        cells = line[1]
        # Nearly every line begins with a plain word or number: it needs no closer look.
        first = cells[0] if cells else None
        plain = first.__class__ is str and first.isprintable() and first.strip()
        if plain or any(text_of(cell) for cell in cells):
            yield line


def _cell(cells: list[Any], index: int) -> str:
    return text_of(cells[index]) if 0 <= index < len(cells) else ""
