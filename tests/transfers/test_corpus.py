"""Bad and odd files: each gives exact rows and columns or comes in whole, never an exception (reliability-security 1.4)."""

from __future__ import annotations

import io
import resource
import time
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import Workbook, load_workbook

from cmsys.access.actors import SystemActor
from cmsys.audit.models import Event
from cmsys.transfers.engine.source import Source
from cmsys.transfers.kinds import kind_of
from cmsys.transfers.marking import marked_workbook
from cmsys.transfers.report import Report
from cmsys.transfers.services.batches import file_check
from managers.profiles.models import RelationshipManager
from tests.cast import TODAY, Cast
from tests.transfers.conftest import NOW, errors
from tests.transfers.sheets import xlsx_bytes

CASES = yaml.safe_load(
    (Path(__file__).parents[1] / "corpus" / "imports" / "cases.yaml").read_text(encoding="utf-8")
)
HEAD = ["工号", "姓名", "所属机构"]
ROW = ["X1", "陈思远", "CD"]
SYSTEM = SystemActor("system:tests")


def _checked(source: Source) -> Report:
    kind = kind_of("managers")
    assert kind is not None
    return file_check(actor=SYSTEM, kind=kind, source=source, now=NOW, today=TODAY)


def _marked_whole(source: Source, report: Report) -> None:
    """The marked copy can be made of whatever could be read, and has every bad cell red."""
    if report.header_row:
        sheet = load_workbook(
            io.BytesIO(marked_workbook(source, report.errors, report.header_row))
        ).worksheets[0]
        commented = {(c.row, c.column - 1) for line in sheet.iter_rows() for c in line if c.comment}
        assert commented == {(found.row, found.index) for found in report.errors if found.index is not None}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_text_files(cast: Cast, case: dict[str, Any]) -> None:
    text = case["file"].replace("\n", case.get("newline", "\n"))
    text = text.replace("{长}", "长" * case.get("repeat", 0))
    source = Source.of_bytes("名册.csv", text.encode(case.get("encoding", "utf-8")))
    report = _checked(source)
    if "file_error" in case:
        assert [found.row == 0 or found.row > 0 for found in report.errors] == [True]
        assert case["file_error"] in report.errors[0].message
    else:
        assert errors(report) == [tuple(expected) for expected in case.get("errors", [])]
        assert report.read == case.get("read", 0)
        assert report.created == case.get("created", 0)
        assert all(found.message.startswith(f"第 {found.row} 行") for found in report.errors)
    _marked_whole(source, report)


# --- workbooks --------------------------------------------------------------------------------------------------------
def _book(rows: list[list[Any]], edit: Callable[[Workbook, Any], None] | None = None) -> bytes:
    return xlsx_bytes([HEAD, *rows], edit)


def _with(rows: list[list[Any]], *headers: str, edit: Callable[[Workbook, Any], None] | None = None) -> bytes:
    return xlsx_bytes([[*HEAD, *headers], *rows], edit)


def _hidden_row(_book: Workbook, sheet: Any) -> None:
    sheet.row_dimensions[2].hidden = True


def _hidden_column(_book: Workbook, sheet: Any) -> None:
    sheet.column_dimensions["B"].hidden = True


def _formulas(_book: Workbook, sheet: Any) -> None:
    sheet["B2"] = '=CONCATENATE("陈","远")'


def _styled_far(_book: Workbook, sheet: Any) -> None:
    from openpyxl.styles import Font

    for row in range(3, 400):
        sheet.cell(row, 30).font = Font(bold=True)


def _stray_note(_book: Workbook, sheet: Any) -> None:
    sheet["F3"] = "待核实"


def _merged_title(_book: Workbook, sheet: Any) -> None:
    sheet.insert_rows(1)
    sheet["A1"] = "2026 年名册"
    sheet.merge_cells("A1:C1")


def _merged_units(_book: Workbook, sheet: Any) -> None:
    sheet.merge_cells("C2:C3")


def _second_sheet(book: Workbook, _sheet: Any) -> None:
    other = book.create_sheet("别的")
    other.append(["随便"])


def _protected_sheet(_book: Workbook, sheet: Any) -> None:
    sheet.protection.sheet = True
    sheet.protection.password = "x"


def _filtered(_book: Workbook, sheet: Any) -> None:
    sheet.auto_filter.ref = "A1:C2"
    sheet.freeze_panes = "B2"


WORKBOOKS: dict[str, tuple[bytes, int, list[tuple[int, str, str]]]] = {
    "good": (_book([ROW]), 1, []),
    "numbers as numbers": (_with([[1001, "陈", "CD", 12, 13812345678]], "从业年限", "手机"), 1, []),
    "numbers as text": (_with([["1001", "陈", "CD", "12", "13812345678"]], "从业年限", "手机"), 1, []),
    "date as date, serial, text": (
        _with(
            [["X1", "陈", "CD", date(2020, 1, 5)], ["X2", "王", "CD", 43835], ["X3", "李", "CD", "2020/1/5"]],
            "入职日期",
        ),
        3,
        [],
    ),
    "date with a time": (_with([["X1", "陈", "CD", 43835.5]], "入职日期"), 0, [(2, "hire_date", "bad_date")]),
    "truth values": (
        _with([["X1", "陈", "CD", True]], "从业年限"),
        0,
        [(2, "experience_years", "bad_value")],
    ),
    "very long number as key": (
        _book([[123456789012345678, "陈", "CD"]]),
        0,
        [(2, "employee_no", "bad_value")],
    ),
    "hidden row": (_book([ROW], _hidden_row), 1, []),
    "hidden column": (_book([ROW], _hidden_column), 1, []),
    "formula that was never calculated": (_book([ROW], _formulas), 0, [(2, "name", "bad_value")]),
    "formatted cells far to the right": (_book([ROW], _styled_far), 1, []),
    "note beside the table": (_book([ROW, ["X2", "王", "CD"]], _stray_note), 2, [(3, "", "unknown_column")]),
    "merged title": (_book([ROW], _merged_title), 1, []),
    "merged units": (
        _book([ROW, ["X2", "王", None]], _merged_units),
        1,
        [(3, "unit_code", "bad_value")],
    ),
    "a second sheet": (_book([ROW], _second_sheet), 1, []),
    "protected sheet": (_book([ROW], _protected_sheet), 1, []),
    "filter and frozen panes": (_book([ROW], _filtered), 1, []),
    "duplicate keys": (_book([ROW, ROW]), 1, [(3, "employee_no", "duplicate")]),
    "escaped control character": (_book([["X1", "陈_x0000_远", "CD"]]), 0, [(2, "name", "bad_value")]),
    "line break": (_book([["X1", "陈\n远", "CD"]]), 0, [(2, "name", "bad_value")]),
    "surrounding blanks": (_book([["  X1　", " 陈 ", "CD "]]), 1, []),
    "wrong header": (
        xlsx_bytes([["工号", "名", "所属机构"], ROW]),
        0,
        [(1, "名", "unknown_column"), (1, "name", "missing")],
    ),
}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_workbooks(cast: Cast, name: str) -> None:
    content, created, expected = WORKBOOKS[name]
    source = Source.of_bytes("名册.xlsx", content)
    report = _checked(source)
    assert (report.created, errors(report)) == (created, expected)
    assert (report.warning_count > 0) == (name == "hidden row")
    _marked_whole(source, report)


# --- hostile archives -------------------------------------------------------------------------------------------------
def _rezipped(replaced: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_book([ROW]))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in replaced:
                new.writestr(name, old.read(name))
        for name, data in replaced.items():
            new.writestr(name, data)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
OPEN = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
CLOSE = b"</sheetData></worksheet>"
LAUGHS = (
    b"<!DOCTYPE lolz [<!ENTITY a 'lol'>"
    + b"".join(b"<!ENTITY a%d '%s'>" % (level, b"&a;" * 10) for level in range(9))
    + b"]>"
)
HOSTILE: dict[str, Callable[[], bytes]] = {
    "bomb of 300 MB": lambda: _rezipped({"xl/media/x.bin": b"\0" * 300_000_000}),
    "bomb in the sheet": lambda: _rezipped({SHEET: OPEN + b" " * 90_000_000 + CLOSE}),
    "bomb in the strings": lambda: _rezipped(
        {"xl/sharedStrings.xml": b"<sst>" + b"<si><t>a</t></si>" * 2_000_000 + b"</sst>"}
    ),
    "billion laughs": lambda: _rezipped({SHEET: LAUGHS + OPEN + CLOSE}),
    "quadratic blowup": lambda: _rezipped(
        {SHEET: b"<!DOCTYPE x [<!ENTITY a '" + b"a" * 50_000 + b"'>]>" + OPEN + b"&a;" * 50_000 + CLOSE}
    ),
    "external entity": lambda: _rezipped({SHEET: b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + OPEN + CLOSE}),
    "parameter entity": lambda: _rezipped(
        {"xl/workbook.xml": b'<!doctype x [<!ENTITY % p SYSTEM "http://127.0.0.1/">%p;]><workbook/>'}
    ),
    "path out of the archive": lambda: _rezipped({"../../etc/cron.d/x": b"x"}),
    "absolute path": lambda: _rezipped({"/etc/passwd": b"x"}),
    "path with backslashes": lambda: _rezipped({"xl\\..\\..\\x": b"x"}),
    "archive in the archive": lambda: _rezipped({"xl/embeddings/a.xlsx": _book([ROW])}),
    "dimension and a cell at the far end": lambda: _rezipped(
        {SHEET: OPEN + b'<row r="1"><c r="XFD1048576"><v>1</v></c></row>' + CLOSE}
    ),
    "a cell beyond the far end": lambda: _rezipped(
        {SHEET: OPEN + b'<row r="1"><c r="ZZZZ99999999"><v>1</v></c></row>' + CLOSE}
    ),
    "rows counted backwards": lambda: _rezipped(
        {SHEET: OPEN + b'<row r="0"><c r="A0"><v>1</v></c></row>' + CLOSE}
    ),
    "macro": lambda: _rezipped({"xl/vbaProject.bin": b"\xd0\xcf"}),
    "too many parts": lambda: _rezipped({f"xl/media/{number}.png": b"x" for number in range(100)}),
    "two parts of one name": lambda: _rezipped({"XL/Workbook.xml": b"<workbook/>"}),
    "no workbook": lambda: _rezipped({})[:0] + _zip({"a.txt": b"x"}),
    "empty archive": lambda: _zip({}),
    "broken XML": lambda: _rezipped({SHEET: OPEN + b'<row r="1"><c r="A1" t="e"><v>'}),
    "not XML": lambda: _rezipped({"xl/workbook.xml": b"hello"}),
    "UTF-16 part": lambda: _rezipped(
        {SHEET: "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE x><worksheet/>".encode("utf-16")}
    ),
    "truncated": lambda: _book([ROW])[:-200],
    "cut in half": lambda: _book([ROW])[: len(_book([ROW])) // 2],
    "garbage in the middle": lambda: _spoiled(_book([ROW])),
    "encrypted flag": lambda: _flagged(_book([ROW])),
}


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def _spoiled(content: bytes) -> bytes:
    middle = len(content) // 3
    return (
        content[:middle]
        + bytes(255 - byte for byte in content[middle : middle + 400])
        + content[middle + 400 :]
    )


def _flagged(content: bytes) -> bytes:
    place = content.find(b"PK\x01\x02")
    return content[: place + 8] + b"\x01\x00" + content[place + 10 :]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_quickly_and_cheaply(cast: Cast, name: str) -> None:
    content = HOSTILE[name]()
    before = contents_of_everything()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    report = _checked(Source.of_bytes("名册.xlsx", content))
    spent = time.process_time() - begin
    assert (report.read, report.created, report.error_count) == (0, 0, 1)
    assert report.errors[0].row == 0 or name == "rows counted backwards"
    assert "。" in report.errors[0].message
    assert spent < 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 100 * 1024
    assert contents_of_everything() == before


def contents_of_everything() -> tuple[int, int]:
    return RelationshipManager.objects.count(), Event.objects.count()


def test_a_hundred_thousand_rows_are_read(cast: Cast) -> None:
    lines = ["工号,姓名,所属机构", *(f"B{number},姓名{number},CD" for number in range(100_000))]
    report = _checked(Source.of_bytes("大.csv", "\n".join(lines).encode()))
    assert (report.read, report.created, report.error_count) == (100_000, 100_000, 0)
