"""Rows of a file, whatever its format: (line number a spreadsheet shows, cells)."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cmsys.transfers.engine.gates import Archive, check_archive
from cmsys.transfers.engine.inspection import Inspection, inspect_sheet
from cmsys.transfers.engine.problems import FileRefused, _
from cmsys.transfers.engine.source import Source, format_of

Line = tuple[int, list[Any]]
_PIECE = 1024 * 1024


@dataclass
class Sheet:
    """One table to read once. `flaws` are cells whose content is not what the person sees, by (row, column index)."""

    format: str
    lines: Iterator[Line]
    epoch_1904: bool = False
    flaws: Mapping[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: tuple[int, ...] = ()


def open_sheet(source: Source) -> Sheet:
    """The first visible sheet of a workbook, or the CSV. Raises FileRefused with a sentence that says what to do."""
    if format_of(source) == "csv":
        return Sheet("csv", _csv_lines(source))
    with source.open() as file:
        archive = check_archive(file, source.size)
    return _workbook(source, archive)


# --- CSV --------------------------------------------------------------------------------------------------------------
def encoding_of(source: Source) -> str:
    """`utf-8-sig`, `utf-16` or `gb18030`; reads the file once, in pieces. Raises FileRefused when none fits."""
    with source.open() as file:
        start = file.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-16-le", "utf-16-be") if b"\x00" in start else ():
        text = start[: len(start) // 2 * 2].decode(encoding, errors="replace")
        if "\x00" not in text and any(mark in text for mark in ",;\t\n"):
            return encoding
    for encoding in ("utf-8-sig", "gb18030"):
        if _decodes(source, encoding):
            return encoding
    raise FileRefused(_("文件的编码既不是 UTF-8 也不是 GBK，文字读不出来。请在 Excel 中另存为“CSV UTF-8”。"))


def _decodes(source: Source, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with source.open() as file:
        try:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _csv_lines(source: Source) -> Iterator[Line]:
    encoding = encoding_of(source)
    with source.open() as binary:
        text = io.TextIOWrapper(binary, encoding=encoding, newline="")
        number = 0
        try:
            delimiter, declared = _delimiter(text)
            for number, cells in enumerate(csv.reader(text, delimiter=delimiter, strict=True), 1):
                if not (declared and number == 1):
                    yield number, list(cells)
        except UnicodeDecodeError:
            raise FileRefused(
                _("第 %(line)s 行之后有读不出的字符。请另存为“CSV UTF-8”。"), row=number + 1, line=number + 1
            )
        except csv.Error as error:
            if "field limit" in str(error):
                raise FileRefused(
                    _("第 %(line)s 行有一格内容太长，读不出来；多半是前面的引号不成对。请检查该行。"),
                    row=number + 1,
                    line=number + 1,
                )
            raise FileRefused(
                _("第 %(line)s 行的引号不成对，之后的内容读不出来。请检查该行的引号。"),
                row=number + 1,
                line=number + 1,
            )


def _delimiter(text: io.TextIOWrapper) -> tuple[str, bool]:
    """The separator of the first line with content, and whether a line `sep=;` declares it. Rewinds the stream."""
    first = ""
    for _attempt in range(50):
        first = text.readline(65536)
        if first == "" or first.strip("\r\n ,;\t"):
            break
    text.seek(0)
    stripped = first.strip("\r\n").lstrip("﻿")
    if stripped.lower().startswith("sep=") and len(stripped) == 5:
        return stripped[4], True
    outside = "".join(part for index, part in enumerate(first.split('"')) if index % 2 == 0)
    counts = {mark: outside.count(mark) for mark in (",", "\t", ";")}
    best = max(counts, key=lambda mark: counts[mark])
    return (best if counts[best] else ","), False


# --- XLSX -------------------------------------------------------------------------------------------------------------
def _workbook(source: Source, archive: Archive) -> Sheet:
    from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum, load_workbook

    damaged = FileRefused(_("文件不完整或已损坏，打不开。请在 Excel 中重新打开并另存为 .xlsx 后再上传。"))
    try:
        with source.open() as file:
            workbook = load_workbook(io.BytesIO(file.read()))
        visible = [
            index
            for index, sheet in enumerate(workbook.sheets_metadata)
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        if not visible:
            raise FileRefused(_("工作簿里没有可见的工作表。请把数据放在第一张工作表。"))
        sheet = workbook.get_sheet_by_index(visible[0])
        rows = sheet.to_python(skip_empty_area=False)
        merged = sheet.merged_cell_ranges or []
    except FileRefused:
        raise
    except (CalamineError, OSError, ValueError, UnicodeError, MemoryError):
        raise damaged
    except BaseException as panic:
        # A panic of the Rust reader arrives as an exception outside the usual hierarchy.
        if type(panic).__name__ != "PanicException":
            raise
        raise damaged
    inspection = inspect_sheet(source, visible[0], archive)
    flaws = inspection.flaws | _inside_merged(merged, len(rows))
    return Sheet("xlsx", iter(enumerate(rows, 1)), archive.epoch_1904, flaws, inspection.hidden_rows)


def _inside_merged(
    ranges: list[tuple[tuple[int, int], tuple[int, int]]], height: int
) -> dict[tuple[int, int], str]:
    """Cells covered by a merged one: they look filled and are empty."""
    covered: dict[tuple[int, int], str] = {}
    for (top, left), (bottom, right) in ranges:
        for row in range(top, min(bottom, height - 1) + 1):
            for column in range(left, right + 1):
                if (row, column) != (top, left) and len(covered) < 100_000:
                    covered[row + 1, column] = MERGED
    return covered


MERGED = _("与别的单元格合并在一起，读不出内容；请取消合并并逐格填写")
__all__ = ["Inspection", "Line", "Sheet", "encoding_of", "open_sheet"]
