"""The person's own sheet back, with exactly the bad cells red, a note on each, and a column that says why."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from cmsys.transfers.engine.gates import check_archive
from cmsys.transfers.engine.headers import REASON_HEADER
from cmsys.transfers.engine.sheets import open_sheet
from cmsys.transfers.engine.source import Source, format_of
from cmsys.transfers.engine.values import text_of
from cmsys.transfers.wording import Finding

RED = "FFF4B6B6"
# openpyxl needs about fifty times the unpacked size; a larger workbook comes back with its content, without its looks.
KEEPS_LOOKS_UP_TO = 8 * 1024 * 1024


def marked_workbook(source: Source, findings: Sequence[Finding], header_row: int) -> bytes:
    """An XLSX with the content of the person's file and the findings in it. Raises FileRefused as reading does.

    A workbook keeps its formatting as far as openpyxl does; a CSV or a large workbook becomes a plain sheet.
    """
    found = [item for item in findings if item.row > 0]
    if format_of(source) == "xlsx":
        with source.open() as file:
            archive = check_archive(file, source.size)
        if archive.unpacked <= KEEPS_LOOKS_UP_TO:
            return _marked_original(source, found, header_row)
    return _marked_copy(source, found, header_row)


def _reasons(findings: Iterable[Finding]) -> dict[int, str]:
    """What the last column says, by row."""
    said: dict[int, list[str]] = {}
    for item in findings:
        said.setdefault(item.row, []).append(f"{item.header}：{item.reason}" if item.header else item.reason)
    return {row: "；".join(reasons) for row, reasons in said.items()}


def _cells(findings: Iterable[Finding]) -> dict[tuple[int, int], str]:
    """The note of each bad cell, by (row, zero-based column)."""
    notes: dict[tuple[int, int], str] = {}
    for item in findings:
        if item.index is not None:
            place = (item.row, item.index)
            notes[place] = f"{notes[place]}\n{item.reason}" if place in notes else item.reason
    return notes


def _marked_original(source: Source, findings: list[Finding], header_row: int) -> bytes:
    with source.open() as file:
        book = load_workbook(io.BytesIO(file.read()))
    sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
    red = PatternFill("solid", start_color=RED, end_color=RED)
    notes = _cells(findings)
    _unmerge(sheet, notes)
    for (row, index), note in notes.items():
        cell = sheet.cell(row, index + 1)
        cell.fill = red
        cell.comment = Comment(note, _("导入检查"), width=320, height=90)
    column = _reason_column(sheet, header_row)
    if header_row:
        sheet.cell(header_row, column, REASON_HEADER)
    for row, reason in _reasons(findings).items():
        if row != header_row:
            cell = sheet.cell(row, column)
            if not isinstance(cell, MergedCell):
                cell.value = f"'{reason}" if reason.startswith("=") else reason
    sheet.column_dimensions[sheet.cell(1, column).column_letter].width = 60
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _unmerge(sheet: Any, places: Iterable[tuple[int, int]]) -> None:
    """Merged ranges with a bad cell inside are taken apart: only so can the cell be marked, and filled in."""
    bad = set(places)
    for merged in list(sheet.merged_cells.ranges):
        inside = ((row, column - 1) for row, column in merged.cells)
        if any(place in bad for place in inside):
            sheet.unmerge_cells(merged.coord)


def _reason_column(sheet: Any, header_row: int) -> int:
    """The column after the last header; the one from the time before, where the person sends a marked copy again."""
    last = 0
    for cell in sheet[header_row] if header_row else ():
        if text_of(cell.value) == REASON_HEADER:
            return int(cell.column)
        if text_of(cell.value):
            last = int(cell.column)
    return max(last, sheet.max_column if not last else 0) + 1


def _marked_copy(source: Source, findings: list[Finding], header_row: int) -> bytes:
    notes, reasons = _cells(findings), _reasons(findings)
    out = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    book = xlsxwriter.Workbook(out, {"in_memory": True, **options})
    sheet = book.add_worksheet(_("数据"))
    red, bold = book.add_format({"bg_color": f"#{RED[2:]}"}), book.add_format({"bold": True})
    lines = list(open_sheet(source).lines)
    width = max((len(cells) for number, cells in lines if number == header_row), default=0)
    width = width or max((len(cells) for _number, cells in lines), default=0)
    for number, cells in lines:
        for index in range(max(len(cells), *(place[1] + 1 for place in notes if place[0] == number), 0)):
            raw = cells[index] if index < len(cells) else None
            note = notes.get((number, index))
            _write(sheet, number - 1, index, raw, red if note else bold if number == header_row else None)
            if note:
                sheet.write_comment(number - 1, index, note, {"x_scale": 2})
        if number == header_row:
            sheet.write_string(number - 1, width, REASON_HEADER, bold)
        elif number in reasons:
            sheet.write_string(number - 1, width, reasons[number])
    sheet.set_column(width, width, 60)
    if header_row:
        sheet.freeze_panes(header_row, 0)
    book.close()
    return out.getvalue()


def _write(sheet: Any, line: int, index: int, raw: Any, style: Any) -> None:
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        sheet.write_number(line, index, raw, style)
    elif text_of(raw) == "":
        sheet.write_blank(line, index, None, style)
    else:
        # As it stood, only cut to what a cell holds and without what XML cannot carry.
        text = str(raw) if isinstance(raw, str) else text_of(raw)
        kept = "".join(char for char in text if char >= " " or char in "\t\n\r")
        sheet.write_string(line, index, kept[:32_000].encode("utf-8", "replace").decode(), style)
