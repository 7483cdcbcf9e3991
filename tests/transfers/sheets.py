"""Building files in memory, as people and other systems make them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

from cmsys.transfers.engine.columns import Choice, Column, Type
from cmsys.transfers.engine.mapping import Mapping, load_lookups, load_mapping
from cmsys.transfers.engine.rows import Reading, Row
from cmsys.transfers.engine.sheets import open_sheet
from cmsys.transfers.engine.source import Source

COLUMNS = (
    Column("employee_no", "工号", key=True, required=True, max_length=40),
    Column("name", "姓名", required=True, max_length=20, aliases=("员工姓名",)),
    Column(
        "gender", "性别", Type.CHOICE, choices=(Choice("male", "男", ("M",)), Choice("female", "女", ("F",)))
    ),
    Column("birth_date", "出生日期", Type.DATE),
    Column("capacity", "客户容量", Type.INTEGER, low=0, high=5000),
    Column("rate", "系数", Type.DECIMAL, places=2),
    Column("industries", "擅长行业", Type.LIST, max_length=10),
    Column("mobile", "手机", max_length=20, personal=True),
)


def csv_source(*lines: str, name: str = "data.csv", encoding: str = "utf-8") -> Source:
    return Source.of_bytes(name, "\r\n".join(lines).encode(encoding))


def xlsx_bytes(rows: Sequence[Sequence[Any]], edit: Any = None) -> bytes:
    """A workbook with one sheet; `edit(workbook, sheet)` may do more to it."""
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    if edit is not None:
        edit(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx_source(rows: Sequence[Sequence[Any]], edit: Any = None, name: str = "data.xlsx") -> Source:
    return Source.of_bytes(name, xlsx_bytes(rows, edit))


def read(source: Source, mapping: str = "", columns: Sequence[Column] = COLUMNS) -> tuple[Reading, list[Row]]:
    """All rows of a file, converted."""
    parsed: Mapping = load_mapping(mapping, columns)
    reading = Reading(open_sheet(source), columns, parsed, load_lookups(parsed, ()))
    return reading, list(reading.rows())


def complaints(rows: Sequence[Row]) -> list[tuple[int, str, str]]:
    """(row, column, code) of every problem."""
    return [(found.row, found.column, found.code.value) for row in rows for found in row.problems]
