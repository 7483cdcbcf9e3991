"""Exports: what a spreadsheet shows, what it must not execute, what comes back (IMP-2, ASVS 1.2.10)."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from openpyxl import load_workbook

from cmsys.audit.models import Event
from cmsys.org.models import OrgUnit
from cmsys.transfers import export
from cmsys.transfers.engine.source import Source
from cmsys.transfers.export import ExportColumn, export_response, safe_text
from cmsys.transfers.kinds import kind_of
from managers.profiles.models import RelationshipManager
from tests.cast import Cast
from tests.transfers.conftest import NOW, Bring, counts
from tests.transfers.sheets import read

COLUMNS = [ExportColumn("employee_no", "工号"), ExportColumn("name", "姓名"), ExportColumn("capacity", "客户容量", "number"),
           ExportColumn("birth_date", "出生日期", "date")]  # fmt: skip
ROWS: list[list[Any]] = [
    ["E1", "陈思远", 120, date(1990, 5, 17)],
    ["E2", "=1+1", -5, None],
    ["E3", "", Decimal("1.50"), None],
]
Export = Callable[..., HttpResponse]


@pytest.fixture
def taken_out(cast: Cast) -> Export:
    def run(
        rows: Any = ROWS, fmt: str = "xlsx", columns: Any = COLUMNS, title: str = "客户经理"
    ) -> HttpResponse:
        return export_response(
            actor=cast.user("hrh"), title=title, columns=columns, rows=iter(rows), fmt=fmt, filters="unit=BJ", now=NOW,
        )  # type: ignore[arg-type]  # fmt: skip

    return run


def test_csv_has_a_mark_plain_numbers_and_a_watermark(taken_out: Export) -> None:
    content = taken_out(fmt="csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert lines[:4] == [
        ["工号", "姓名", "客户容量", "出生日期"],
        ["E1", "陈思远", "120", "1990-05-17"],
        ["E2", "'=1+1", "-5", ""],
        ["E3", "", "1.50", ""],
    ]
    assert lines[4][0].startswith("# 导出水印：郑人事（hrh） · 2026-03-02 10:00 · 编号 ")
    assert len(lines) == 5


def test_xlsx_types_its_cells(taken_out: Export) -> None:
    content = taken_out().content
    sheet = load_workbook(io.BytesIO(content)).active
    assert [cell.value for cell in sheet[1]] == ["工号", "姓名", "客户容量", "出生日期"]
    assert [(cell.value, cell.data_type) for cell in sheet[2]] == [
        ("E1", "s"), ("陈思远", "s"), (120, "n"), (datetime(1990, 5, 17), "d"),  # noqa: DTZ001
    ]  # fmt: skip
    assert [(cell.value, cell.data_type) for cell in sheet[3]][:3] == [("E2", "s"), ("'=1+1", "s"), (-5, "n")]
    assert sheet[5][0].value.startswith("# 导出水印：郑人事（hrh）")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert "导出水印：郑人事" in book.read("docProps/custom.xml").decode()
        assert "导出水印：郑人事" in book.read("xl/worksheets/sheet1.xml").decode()
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_the_export_is_an_event(taken_out: Export) -> None:
    taken_out(fmt="csv")
    event = Event.objects.latest("id")
    assert (event.kind, event.object_label, event.actor_name) == ("export", "客户经理", "郑人事（hrh）")
    assert event.after == {
        "rows": 3, "format": "csv", "filters": "unit=BJ", "columns": ["employee_no", "name", "capacity", "birth_date"],
    }  # fmt: skip
    assert event.object_id in taken_out(fmt="csv").content.decode() or len(event.object_id) == 12


def test_too_many_rows_are_refused_and_nothing_is_recorded(
    taken_out: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROWS_LIMIT", 2)
    before = Event.objects.count()
    for fmt in ("csv", "xlsx"):
        with pytest.raises(PermissionDenied, match="超过 2 行"):
            taken_out(fmt=fmt)
    assert Event.objects.count() == before


def test_titles_a_sheet_cannot_bear(taken_out: Export) -> None:
    assert load_workbook(io.BytesIO(taken_out(title="A/B:*?[]" + "长" * 40).content)).sheetnames == [
        "AB" + "长" * 29
    ]
    assert load_workbook(io.BytesIO(taken_out(title="//").content)).sheetnames == ["export"]


# --- formulas ---------------------------------------------------------------------------------------------------------
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
PAYLOADS = (
    *(f"{start}{body}" for start in STARTS for body in ("1+1", "cmd|' /C calc'!A0", "HYPERLINK(\"http://x\",\"y\")", "SUM(A1:A9)")),
    "=", "+", "-", "@", "-5", "+8613812345678", "'=1+1", "''=1+1", "'", "''", "'tis", "=\"a\"&\"b\"", "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0", "＝1", "=IMPORTXML(\"http://x\")", "=DDE(\"cmd\";\"/C calc\";\"x\")",
)  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_no_text_begins_a_formula_and_every_text_comes_back(payload: str, fmt: str) -> None:
    out = io.BytesIO()
    write = export._write_xlsx if fmt == "xlsx" else export._write_csv
    write(out, "t", COLUMNS, [["E1", payload, None, None], ["E2", "x", None, None]], "# 导出水印：x")
    if fmt == "csv":
        cell = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))[1][1]
    else:
        found = load_workbook(io.BytesIO(out.getvalue())).active["B2"]
        cell = found.value
        assert found.data_type == "s"
    assert not cell.startswith(STARTS)
    _reading, rows = read(Source.of_bytes(f"a.{fmt}", out.getvalue()))
    assert len(rows) == 2
    if any(char in payload for char in "\t\r\n"):
        assert [problem.code.value for problem in rows[0].problems] in ([], ["bad_value"])
    else:
        assert rows[0].raw["name"] == payload


def test_what_no_cell_can_hold_is_left_out() -> None:
    assert safe_text("a\x00b\x0bc\ud800d") == "abcd"
    assert safe_text("\x00=1") == "'=1"


# --- round trips ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_an_export_of_people_comes_back_unchanged(taken_out: Export, bring: Bring, fmt: str) -> None:
    kind = kind_of("managers")
    assert kind is not None
    RelationshipManager.objects.filter(employee_no="M-CD2").update(
        name="=王@", industries=["制造业", "农业"], major="+会计"
    )
    columns = [ExportColumn(column.code, str(column.header)) for column in kind.columns]
    rows = [
        [getattr(manager, kind.fields[column.code]) for column in kind.columns]  # type: ignore[attr-defined]
        for manager in RelationshipManager.objects.select_related("unit", "post", "line", "category", "grade")
    ]
    content = taken_out([[_shown(value) for value in row] for row in rows], fmt, columns).content
    before = Event.objects.count()
    imported = bring("managers", Source.of_bytes(f"名册.{fmt}", content))
    assert imported.report.errors == []
    assert counts(imported.report) == (4, 0, 0, 4, 0)
    assert Event.objects.count() == before + 1


def _shown(value: Any) -> Any:
    """As the roster shows it: relations by their names."""
    return value.name if hasattr(value, "name") and hasattr(value, "pk") else value


def test_an_export_of_units_comes_back_unchanged(taken_out: Export, bring: Bring) -> None:
    columns = [ExportColumn("code", "机构编码"), ExportColumn("name", "机构名称"), ExportColumn("kind", "机构类型"),
               ExportColumn("parent", "上级机构编码")]  # fmt: skip
    rows = [
        [unit.code, unit.name, unit.get_kind_display(), unit.parent.code if unit.parent else None]
        for unit in OrgUnit.objects.select_related("parent")
    ]
    imported = bring("org_units", Source.of_bytes("a.xlsx", taken_out(rows, "xlsx", columns).content))
    assert counts(imported.report) == (6, 0, 0, 6, 0)


def test_dates_and_times() -> None:
    moment = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    assert export._csv_value(moment) == "2026-03-02 10:00:00"
    assert export._csv_value(date(2026, 3, 2)) == "2026-03-02"
    assert export._csv_value(["a", "b"]) == "a、b"
    assert export._csv_value(True) == "True"
    assert export._csv_value(Decimal("1E+3")) == "1000"
