"""Lines of a file as text for COPY, a block at a time and column by column.

Cells that are plainly in order are recognised in bulk; each other spelling of a column is converted once and
remembered. A line with anything odd about it goes through the same code as any other import, so that it is understood,
or refused with the same words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice, repeat
from typing import Any

from cmsys.transfers.engine.columns import Column, Type
from cmsys.transfers.engine.mapping import Lookup, Template
from cmsys.transfers.engine.problems import BadCell
from cmsys.transfers.engine.rows import Reading, Row
from cmsys.transfers.engine.values import convert, text_of

BLOCK = 8192
REMEMBERED = 50_000
NULL = "\\N"
# Stands for a cell that needs a closer look; no cell is written so.
_ODD = ""


@dataclass
class Block:
    """`text`: a line of COPY for each row (its number, whether it is refused, its values); `refused`: rows with problems."""

    text: str
    refused: list[Row] = field(default_factory=list)


def copy_text(value: Any) -> str:
    """A typed value as COPY's text format writes it."""
    if value is None:
        return NULL
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def staged_columns(reading: Reading) -> list[Column]:
    """The columns the file, the mapping or its constants give, the key first."""
    given = [column for column in reading.columns if reading.gives(column.code)]
    return sorted(given, key=lambda column: not column.key)


def blocks(reading: Reading) -> Iterator[Block]:
    """All rows of the reading; its counters and `stray` are complete at the end. Memory: one block.

    `mapping.distinct` and doubled keys are for the caller, who has all keys.
    """
    columns = staged_columns(reading)
    cells = [_Cells(column, reading) for column in columns]
    quick = reading.sheet.format == "csv" and all(reading.headers.texts)
    while lines := list(islice(reading.lines, BLOCK)):
        yield _block(reading, columns, cells, lines, quick)


def _block(
    reading: Reading,
    columns: list[Column],
    cells: list[_Cells],
    lines: list[tuple[int, list[Any]]],
    quick: bool,
) -> Block:
    width = reading.headers.width
    texts, left = [], lines
    even = [line for line in lines if len(line[1]) == width] if quick else []
    if even:
        text, places = _quickly(reading, cells, even)
        texts.append(text)
        left = [even[place] for place in places]
        if len(even) < len(lines):
            left += [line for line in lines if len(line[1]) != width]
            left.sort(key=lambda line: line[0])
    refused = []
    for number, line in left:
        row = reading.take(number, line)
        if row is None:
            continue
        reading.read += 1
        texts.append(_slowly(row, columns))
        if row.problems:
            refused.append(row)
    return Block("".join(texts), refused)


def _slowly(row: Row, columns: list[Column]) -> str:
    """The line of a row that went the long way; of a refused one only the key, which no later row may bear."""
    values = [
        copy_text(row.values.get(column.code)) if column.key or not row.problems else NULL
        for column in columns
    ]
    return "\t".join([str(row.number), "t" if row.problems else "f", *values]) + "\n"


def _quickly(
    reading: Reading, cells: list[_Cells], lines: list[tuple[int, list[Any]]]
) -> tuple[str, list[int]]:
    """The text of all lines in which every cell is in order, and the places of those that need a closer look."""
    table: Sequence[Sequence[str]] = list(zip(*(line for _number, line in lines), strict=True))
    left_out = _left_out(reading, table, len(lines))
    odd = (
        {place for place, cell in enumerate(table[0]) if cell[:1] == "#"}
        if "#" in "".join(table[0])
        else set()
    )
    written = []
    for column in cells:
        found = column.texts(table, len(lines))
        if _ODD in found:
            odd.update(place for place, text in enumerate(found) if text == _ODD)
        written.append(found)
    odd -= left_out
    drop = odd | left_out
    reading.skipped += len(left_out)
    reading.read += len(lines) - len(drop)
    for column in cells:
        reading.mapped += column.replaced(table, drop)
    rows = zip((str(number) for number, _line in lines), repeat("f"), *written, strict=False)
    kept = (row for place, row in enumerate(rows) if place not in drop) if drop else rows
    text = "\n".join(map("\t".join, kept))
    return text + "\n" if text else "", sorted(odd)


def _left_out(reading: Reading, table: Sequence[Sequence[str]], size: int) -> set[int]:
    """Places of rows that `where` leaves out."""
    out: set[int] = set()
    for name, wanted in reading.mapping.where.items():
        place = reading.headers.sources.get(name)
        if place is not None:
            kept = {cell for cell in set(table[place]) if text_of(cell) in wanted}
            out.update(index for index in range(size) if table[place][index] not in kept)
    return out


class _Cells:
    """One column on its way into COPY."""

    def __init__(self, column: Column, reading: Reading) -> None:
        self.column = column
        self.reading = reading
        self.table = reading.mapping.values.get(column.code, {})
        origin = reading.mapping.columns.get(column.code)
        self.constant = column.code in reading.mapping.constants
        self.places: list[int] = []
        if isinstance(origin, Template):
            self.places = [reading.headers.sources.get(name, -1) for name in origin.names]
        elif isinstance(origin, Lookup):
            self.places = [reading.headers.sources.get(origin.on, -1)]
        elif not self.constant:
            self.places = [reading.headers.places[column.code]]
        self.direct = len(self.places) == 1 and not isinstance(origin, (Template, Lookup)) and not self.table
        self.plain = _plain(column) if self.direct else None
        self.known: dict[Any, str] = {}

    def texts(self, table: Sequence[Sequence[str]], size: int) -> Sequence[str]:
        """A text for each row, _ODD where a closer look is due."""
        raws = self._raws(table, size)
        if self.plain is not None and self.plain(raws):
            return raws
        known = self.known
        found = [known.get(raw) for raw in raws]
        if None in found:
            if len(known) > REMEMBERED:
                known.clear()
            for place, text in enumerate(found):
                if text is None:
                    raw = raws[place]
                    if raw not in known:
                        known[raw] = self._converted(raw)
                    found[place] = known[raw]
        return found  # type: ignore[return-value]

    def _raws(self, table: Sequence[Sequence[str]], size: int) -> Sequence[Any]:
        if not self.places:
            return [""] * size
        if len(self.places) == 1:
            return table[self.places[0]]
        return list(zip(*(table[place] for place in self.places), strict=True))

    def _converted(self, raw: Any) -> str:
        try:
            value = self._value(raw)
        except BadCell:
            return _ODD
        if value is None:
            return _ODD if self.column.must_be_filled else NULL
        if self.column.key and text_of(value) == self.column.example:
            return _ODD
        return copy_text(value) or _ODD

    def _value(self, raw: Any) -> Any:
        """The typed value of a cell. Raises BadCell."""
        source, _replaced = self._source(raw)
        return convert(self.column, source, date_format=self.reading.mapping.dates.get(self.column.code, ""))

    def _source(self, raw: Any) -> tuple[Any, bool]:
        """As Reading does it for a row, from the cells this column is made of; and whether the mapping replaced it."""
        line = dict(zip(self.places, raw if isinstance(raw, tuple) else (raw,), strict=False))
        cells = [line.get(place, "") for place in range(max(self.places, default=-1) + 1)]
        before = self.reading.mapped
        try:
            return self.reading.raw(self.column, 0, cells), self.reading.mapped > before
        finally:
            self.reading.mapped = before

    def replaced(self, table: Sequence[Sequence[str]], but: set[int]) -> int:
        """In how many of the rows the mapping replaced the value."""
        if not self.table or self.constant:
            return 0
        raws = self._raws(table, len(table[0]))
        hit = {raw for raw in set(raws) if self._is_replaced(raw)}
        return sum(1 for place, raw in enumerate(raws) if raw in hit and place not in but) if hit else 0

    def _is_replaced(self, raw: Any) -> bool:
        try:
            return self._source(raw)[1]
        except BadCell:
            return False


def _plain(column: Column) -> Callable[[Sequence[str]], bool] | None:
    """A test that holds when every cell of a block may be written as it stands. None where only conversion can tell."""
    if column.type in (Type.TEXT, Type.REFERENCE) and not column.personal:
        return _plain_texts(column.max_length or 10_000, column.example if column.key else "")
    if column.type in (Type.DECIMAL, Type.INTEGER):
        return _plain_numbers(column)
    return None


def _plain_texts(longest: int, example: str) -> Callable[[Sequence[str]], bool]:
    def test(raws: Sequence[str]) -> bool:
        joined = "".join(raws)
        return (
            joined.isprintable()
            and all(raws)
            and "\\" not in joined
            and " " not in joined
            and "'" not in joined
            and max(map(len, raws)) <= longest
            and not (example and example in raws)
        )

    return test


def _plain_numbers(column: Column) -> Callable[[Sequence[str]], bool] | None:
    high = 10**15 if column.high is None else column.high
    digits = len(str(high)) - 1
    if digits < 1 or (column.low is not None and column.low > 0):
        return None
    sign = "-?" if column.low is None or column.low <= -(10**digits) else ""
    places = rf"(?:\.\d{{1,{column.places}}})?" if column.type is Type.DECIMAL and column.places else ""
    one = rf"{sign}[0-9]{{1,{digits}}}{places}"
    pattern = re.compile(rf"(?:{one}\n)*", re.ASCII)

    def test(raws: Sequence[str]) -> bool:
        return pattern.fullmatch("\n".join(raws) + "\n") is not None

    return test
