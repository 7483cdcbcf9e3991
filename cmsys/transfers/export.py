"""Exports: rows to a workbook or a CSV file, with a watermark, and with nothing in them that a spreadsheet would execute."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote

import xlsxwriter
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.audit.ledger import record

ROWS_LIMIT = 50_000
Format = Literal["xlsx", "csv"]
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
# Characters with which a spreadsheet begins a formula, their full-width twins, and what it skips before one.
_DANGEROUS = tuple("=+-@\t\r\n\0＝＋－＠")


@dataclass(frozen=True)
class ExportColumn:
    """A column of an export: code, header, and what its values are."""

    code: str
    header: str
    kind: Literal["text", "number", "date"] = "text"


def safe_text(value: str) -> str:
    """The text with `'` before it when a spreadsheet could take it for a formula; the importer takes it off again."""
    return f"'{value}" if value.startswith(_DANGEROUS) else value


def export_response(
    *,
    actor: Actor,
    title: str,
    columns: Sequence[ExportColumn],
    rows: Iterable[Sequence[Any]],
    fmt: Format,
    filters: str,
    now: datetime,
) -> HttpResponse:
    """The file as a download; the export itself is an event with its conditions and how many rows it carried.

    Raises PermissionDenied above ROWS_LIMIT rows. Memory: one file.
    """
    number = uuid.uuid4().hex[:12].upper()
    stamp = timezone.localtime(now)
    watermark = _("%(who)s · %(at)s · 导出编号 %(number)s") % {
        "who": actor.actor_name,
        "at": stamp.strftime("%Y-%m-%d %H:%M"),
        "number": number,
    }
    write = _write_xlsx if fmt == "xlsx" else _write_csv
    content, count = write(title, columns, rows, watermark)
    record(
        "export",
        None,
        actor=actor,
        resource="exports",
        object_id=number,
        label=title,
        after={"rows": count, "format": fmt, "filters": filters[:500], "columns": [c.code for c in columns]},
        now=now,
    )
    response = HttpResponse(content, content_type=_TYPES[fmt])
    name = f"{title}-{stamp.strftime('%Y%m%d-%H%M')}.{fmt}"
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


def _counted(rows: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any]]:
    for count, row in enumerate(rows, start=1):
        if count > ROWS_LIMIT:
            raise PermissionDenied(_("超过 %(limit)d 行，请缩小条件后再导出。") % {"limit": ROWS_LIMIT})
        yield row


def _write_csv(
    title: str, columns: Sequence[ExportColumn], rows: Iterable[Sequence[Any]], watermark: str
) -> tuple[bytes, int]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.header for column in columns])
    count = 0
    for row in _counted(rows):
        writer.writerow([_csv_value(value) for value in row])
        count += 1
    writer.writerow([f"# {watermark}"])
    # Excel takes a CSV file for UTF-8 only when it begins with this mark.
    return b"\xef\xbb\xbf" + out.getvalue().encode(), count


def _csv_value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    return safe_text(str(value))


def _write_xlsx(
    title: str, columns: Sequence[ExportColumn], rows: Iterable[Sequence[Any]], watermark: str
) -> tuple[bytes, int]:
    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    book.set_custom_property("cmsys-export", watermark)
    sheet = book.add_worksheet(title[:31])
    head = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 1)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, 14)
        sheet.write_string(0, place, column.header, head)
    count = 0
    for row in _counted(rows):
        count += 1
        for place, value in enumerate(row):
            _write_cell(sheet, count, place, value, day)
    sheet.write_string(count + 1, 0, f"# {watermark}")
    sheet.set_footer(f"&L{watermark}&R&P / &N")
    book.close()
    return out.getvalue(), count


def _write_cell(sheet: Any, line: int, place: int, value: Any, day: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        sheet.write_number(line, place, value)
    elif isinstance(value, datetime):
        sheet.write_string(line, place, _csv_value(value))
    elif isinstance(value, date):
        sheet.write_datetime(line, place, datetime.combine(value, datetime.min.time()), day)
    else:
        sheet.write_string(line, place, safe_text(str(value)))
