"""Files as they come: encodings, separators, titles above the header, gates (IMP-1)."""

# ruff: noqa: DTZ001 - spreadsheets know no time zones
from __future__ import annotations

import io
import time
import zipfile

import pytest
from openpyxl import Workbook

from cmsys.transfers.engine.problems import FileRefused
from cmsys.transfers.engine.source import Source
from tests.transfers.sheets import complaints, csv_source, read, xlsx_bytes, xlsx_source

HEAD = "工号,姓名,客户容量"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_text_is_read_in_every_usual_encoding(encoding: str) -> None:
    _reading, rows = read(csv_source(HEAD, "E1,陈思远,120", encoding=encoding))
    assert [row.values for row in rows] == [{"employee_no": "E1", "name": "陈思远", "capacity": 120}]


def test_rare_characters_survive_gb18030_and_utf8() -> None:
    for encoding in ("gb18030", "utf-8"):
        _reading, rows = read(csv_source(HEAD, "E1,𠮷㛃·阿依,1", encoding=encoding))
        assert rows[0].values["name"] == "𠮷㛃·阿依"


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_separator_is_found(mark: str) -> None:
    _reading, rows = read(csv_source(mark.join(HEAD.split(",")), mark.join(("E1", "陈", "5"))))
    assert rows[0].values == {"employee_no": "E1", "name": "陈", "capacity": 5}


def test_separator_can_be_declared() -> None:
    reading, rows = read(csv_source("sep=;", "工号;姓名", "E1;陈"))
    assert reading.headers.row == 2
    assert (rows[0].number, rows[0].values["name"]) == (3, "陈")


def test_title_lines_and_blank_lines_keep_the_line_numbers() -> None:
    reading, rows = read(csv_source("2026 年名册", "", HEAD, "", "E1,陈,1", " , ,", "E2,王,2"))
    assert reading.headers.row == 3
    assert [(row.number, row.key) for row in rows] == [(5, ("E1",)), (7, ("E2",))]
    assert reading.read == 2


def test_headers_match_by_code_label_alias_width_and_star() -> None:
    reading, rows = read(csv_source("＊工 号,员工姓名（必填）,Birth_Date,客户容量*", "E1,陈,2025/3/1,7"))
    assert reading.headers.problems == []
    assert set(rows[0].values) == {"employee_no", "name", "birth_date", "capacity"}


def test_unknown_and_doubled_headers_are_named() -> None:
    reading, _rows = read(csv_source("工号,姓名,备注,姓名", "E1,陈,x,王"))
    assert [(p.row, p.column, p.code.value) for p in reading.headers.problems] == [
        (1, "姓名", "unknown_column"),
        (1, "备注", "unknown_column"),
    ]


def test_a_label_and_its_code_are_the_same_column() -> None:
    reading, _rows = read(csv_source("工号,姓名,name", "E1,陈,王"))
    assert [(p.column, p.code.value) for p in reading.headers.problems] == [("name", "unknown_column")]


def test_missing_key_column_is_one_problem() -> None:
    reading, _rows = read(csv_source("姓名,客户容量", "陈,1"))
    assert [(p.row, p.column, p.code.value) for p in reading.headers.problems] == [
        (1, "employee_no", "missing")
    ]


def test_rows_twice_are_refused_with_the_first_line() -> None:
    _reading, rows = read(csv_source(HEAD, "E1,陈,1", "E2,王,1", "E1,陈,1"))
    assert complaints(rows) == [(4, "employee_no", "duplicate")]
    assert rows[2].problems[0].params == {"first": 2}


def test_unquoted_comma_breaks_only_its_row() -> None:
    _reading, rows = read(csv_source(HEAD, "E1,陈,1", "E2,王,小,2", "E3,李,3"))
    assert complaints(rows) == [(3, "capacity", "bad_value"), (3, "", "bad_value")]


def test_quoted_line_break_does_not_shift_line_numbers() -> None:
    _reading, rows = read(csv_source(HEAD, '"E1","陈\n思",1', "E2,王,x"))
    assert complaints(rows) == [(2, "name", "bad_value"), (3, "capacity", "bad_value")]


def test_unclosed_quote_names_its_line() -> None:
    with pytest.raises(FileRefused, match="第 3 行"):
        read(csv_source(HEAD, "E1,陈,1", 'E2,"王,2', "E3,李,3"))


def test_workbook_types_become_values() -> None:
    from datetime import date, datetime

    _reading, rows = read(
        xlsx_source(
            [
                ["工号", "姓名", "出生日期", "客户容量", "系数"],
                [1001, "陈", date(1990, 5, 17), 12, 0.1 + 0.2],
                ["1002", "王", datetime(1990, 5, 17), "１，２００", "1,200.50"],
                ["1003", "李", 33010, 5.0, 3],
            ]
        )
    )
    assert complaints(rows) == []
    assert rows[0].values == {
        "employee_no": "1001", "name": "陈", "birth_date": date(1990, 5, 17), "capacity": 12, "rate": rows[0].values["rate"],
    }  # fmt: skip
    assert [str(row.values["rate"]) for row in rows] == ["0.30", "1200.50", "3.00"]
    assert rows[1].values["capacity"] == 1200
    assert rows[2].values["birth_date"] == date(1990, 5, 17)


def test_table_that_starts_in_the_middle_of_the_sheet() -> None:
    def shift(_book: Workbook, sheet: object) -> None:
        sheet.insert_rows(1, 4)  # type: ignore[attr-defined]
        sheet.insert_cols(1, 2)  # type: ignore[attr-defined]

    reading, rows = read(xlsx_source([["工号", "姓名"], ["E1", "陈"], ["E2", ""]], shift))
    assert reading.headers.row == 5
    assert complaints(rows) == [(7, "name", "missing")]
    assert rows[1].problems[0].index == 3


def test_dates_of_1904_workbooks() -> None:
    from datetime import date

    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    def mac(book: Workbook, _sheet: object) -> None:
        book.epoch = CALENDAR_MAC_1904

    _reading, rows = read(xlsx_source([["工号", "姓名", "出生日期"], ["E1", "陈", 31548]], mac))
    assert rows[0].values["birth_date"] == date(1990, 5, 17)


def test_error_cells_empty_formulas_and_merged_cells_are_named() -> None:
    def spoil(_book: Workbook, sheet: object) -> None:
        sheet["C2"] = "#N/A"  # type: ignore[index]
        sheet["C3"] = "=1+1"  # type: ignore[index]
        sheet.merge_cells("C4:C5")  # type: ignore[attr-defined]
        sheet.row_dimensions[4].hidden = True  # type: ignore[attr-defined]

    reading, rows = read(
        xlsx_source(
            [["工号", "姓名", "客户容量"], ["E1", "陈"], ["E2", "王"], ["E3", "李", 1], ["E4", "赵"]], spoil
        )
    )
    assert complaints(rows) == [
        (2, "capacity", "bad_value"),
        (3, "capacity", "bad_value"),
        (5, "capacity", "bad_value"),
    ]
    assert reading.sheet.hidden_rows == (4,)


def test_first_visible_sheet_is_read() -> None:
    def hide(book: Workbook, sheet: object) -> None:
        sheet.sheet_state = "hidden"  # type: ignore[attr-defined]
        other = book.create_sheet("数据")
        other.append(["工号", "姓名"])
        other.append(["E9", "钱"])
        book.active = 1

    _reading, rows = read(xlsx_source([["说明"]], hide))
    assert rows[0].key == ("E9",)


# --- gates ------------------------------------------------------------------------------------------------------------
def _rezipped(content: bytes, **replaced: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in replaced:
                new.writestr(name, old.read(name))
        for name, data in replaced.items():
            new.writestr(name, data)
    return out.getvalue()


def _refused(content: bytes, words: str, name: str = "data.xlsx") -> None:
    begin = time.perf_counter()
    with pytest.raises(FileRefused, match=words):
        read(Source.of_bytes(name, content))
    assert time.perf_counter() - begin < 5


GOOD = xlsx_bytes([["工号", "姓名"], ["E1", "陈"]])
SHEET = "xl/worksheets/sheet1.xml"


def test_bomb_is_refused_by_its_ratio() -> None:
    _refused(_rezipped(GOOD, **{"xl/media/a.xml": b"<a/>" + b" " * 60_000_000}), "展开后过大")


def test_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb = bytearray(_rezipped(GOOD, **{"xl/media/a.xml": b"<a/>" + b" " * 30_000_000}))
    place = bomb.rfind(b"PK\x01\x02")
    place = next(
        i for i in range(len(bomb)) if bomb[i : i + 4] == b"PK\x01\x02" and b"media/a.xml" in bomb[i : i + 80]
    )
    bomb[place + 24 : place + 28] = (1000).to_bytes(4, "little")
    _refused(bytes(bomb), "声明的大小不符")


def test_far_cell_is_refused_before_the_reader_sees_it() -> None:
    sheet = zipfile.ZipFile(io.BytesIO(GOOD)).read(SHEET)
    far = sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    _refused(_rezipped(GOOD, **{SHEET: far}), "1048576 行")


def test_a_sheet_may_end_in_row_200000_and_not_below() -> None:
    sheet = zipfile.ZipFile(io.BytesIO(GOOD)).read(SHEET)
    for last, refused in ((200_000, False), (200_001, True)):
        long = sheet.replace(
            b"</sheetData>", b'<row r="%d"><c r="A%d"><v>7</v></c></row></sheetData>' % (last, last)
        )
        content = _rezipped(GOOD, **{SHEET: long})
        if refused:
            _refused(content, "最多 200000 行")
        else:
            assert [row.number for row in read(Source.of_bytes("data.xlsx", content))[1]] == [2, 200_000]


def test_far_empty_formatted_cell_is_harmless() -> None:
    sheet = zipfile.ZipFile(io.BytesIO(GOOD)).read(SHEET)
    far = sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="B1048576" s="0"/></row></sheetData>')
    _reading, rows = read(Source.of_bytes("data.xlsx", _rezipped(GOOD, **{SHEET: far})))
    assert [row.key for row in rows] == [("E1",)]


def test_cells_without_references_cannot_make_a_wide_sheet() -> None:
    row = b"<row>" + b"<c><v>1</v></c>" * 16_000 + b"</row>"
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + row
    _refused(
        _rezipped(GOOD, **{SHEET: sheet + b"<row/>" * 100_000 + b"</sheetData></worksheet>"}),
        "范围过大|展开后过大",
    )


@pytest.mark.parametrize(
    ("member", "data", "words"),
    [
        (SHEET, b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>', "DOCTYPE"),
        (
            "xl/sharedStrings.xml",
            b'<?xml version="1.0"?><!DOCTYPE sst SYSTEM "file:///etc/passwd"><sst/>',
            "DOCTYPE",
        ),
        (SHEET, "<!DOCTYPE x><worksheet/>".encode("utf-16"), "编码"),
        ("xl/vbaProject.bin", b"x", "宏"),
        ("../evil.xml", b"x", "路径"),
        ("xl/embeddings/inner.zip", b"PK\x03\x04xxxx", "嵌有"),
        (
            "xl/sharedStrings.xml",
            b"<sst>" + b"<si><t>a</t></si>" * 1_000_000 + b"</sst>",
            "范围过大|展开后过大",
        ),
    ],
)
def test_hostile_members_are_refused(member: str, data: bytes, words: str) -> None:
    _refused(_rezipped(GOOD, **{member: data}), words)


def test_too_many_members_are_refused() -> None:
    _refused(_rezipped(GOOD, **{f"xl/media/{i}.png": b"x" for i in range(60)}), "部件")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", b"", "空的"),
        ("a.csv", b"", "空的"),
        ("a.csv", b"\r\n\r\n", "空的"),
        ("a.xlsx", b"<html><table></table></html>", "网页"),
        ("a.xls", b"<html><table></table></html>", "xls 结尾"),
        ("a.xlsx", "工号,姓名".encode(), "xlsx 结尾"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, r"旧版 Excel"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "密码"),
        ("a.xlsx", GOOD[: len(GOOD) // 2], "不完整"),
        ("a.xlsx", b"PK\x05\x06" + b"\0" * 18, "不完整"),
        ("a.xlsx", b"PK\x03\x04" + b"\0" * 50, "不完整"),
        ("a.csv", b"%PDF-1.7 ...", "不是表格"),
        ("a.csv", b"\xff\x80\x81,\xfe\n\xff\xff,\xff", "编码|读不出"),
        ("a.csv", "甲,乙\n1,2".encode(), "找不到表头"),
    ],
)
def test_files_of_the_wrong_kind_are_told_what_they_are(name: str, content: bytes, words: str) -> None:
    _refused(content, words, name)


def test_large_files_are_refused_unread() -> None:
    _refused(b"PK\x03\x04" + b"\0" * (10 * 1024 * 1024), "不能超过 10 MB")
