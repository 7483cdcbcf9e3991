"""Exports: rows to a workbook or a CSV file, with a watermark, and with nothing in them that a spreadsheet would execute.

Both come back in unchanged: the importer takes the `'` off again and passes over the watermark line.
"""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Literal
from urllib.parse import quote

import xlsxwriter
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.audit.ledger import record
from cmsys.transfers.engine.rows import WATERMARK
from cmsys.transfers.engine.values import FORMULA_STARTS

# Made within the request: docs/adr/0007 has the figures. Above it the person is asked to narrow the conditions.
ROWS_LIMIT = 50_000
Format = Literal["xlsx", "csv"]
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_DANGEROUS = re.compile(f"'*[{re.escape(''.join(FORMULA_STARTS))}]")
_INVALID_IN_SHEET_NAMES = str.maketrans("", "", "[]:*?/\\'")


@dataclass(frozen=True)
class ExportColumn:
    """A column of an export: code, header, and what its values are."""

    code: str
    header: str
    kind: Literal["text", "number", "date"] = "text"


def safe_text(value: str) -> str:
    """The text with `'` before it when a spreadsheet could take it for a formula; the importer takes it off again.

    A text that already begins like that gets one more, so that every text comes back as it was. What a cell cannot hold
    (control characters, lone surrogates) is left out.
    """
    value = _UNPRINTABLE.sub("", value)
    return f"'{value}" if _DANGEROUS.match(value) else value


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

    Rows are read here, within the request's transaction, never while the answer is being sent. Memory: the finished file
    (50 000 rows of 20 columns are 5 MB) and one row. Raises PermissionDenied above ROWS_LIMIT.
    """
    number = uuid.uuid4().hex[:12].upper()
    stamp = timezone.localtime(now)
    watermark = _("%(who)s · %(at)s · 编号 %(number)s") % {
        "who": actor.actor_name,
        "at": stamp.strftime("%Y-%m-%d %H:%M"),
        "number": number,
    }
    out = io.BytesIO()
    write = _write_xlsx if fmt == "xlsx" else _write_csv
    count = write(out, title, columns, rows, f"{WATERMARK}{watermark}")
    record(
        "export",
        None,
        actor=actor,
        resource="exports",
        object_id=number,
        label=title,
        after={
            "rows": count,
            "format": fmt,
            "filters": filters[:500],
            "columns": [column.code for column in columns],
        },
        now=now,
    )
    response = HttpResponse(out.getvalue(), content_type=_TYPES[fmt])
    name = f"{title}-{stamp.strftime('%Y%m%d-%H%M')}.{fmt}"
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


def _counted(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[int, Sequence[Any]]]:
    for count, row in enumerate(rows, start=1):
        if count > ROWS_LIMIT:
            raise PermissionDenied(_("超过 %(limit)d 行，请缩小条件后再导出。") % {"limit": ROWS_LIMIT})
        yield count, row


def _write_csv(
    out: IO[bytes], title: str, columns: Sequence[ExportColumn], rows: Iterable[Sequence[Any]], watermark: str
) -> int:
    # Excel takes a CSV file for UTF-8 only when it begins with this mark.
    out.write(b"\xef\xbb\xbf")
    line = io.StringIO()
    writer = csv.writer(line)

    def flush() -> None:
        out.write(line.getvalue().encode())
        line.seek(0)
        line.truncate()

    writer.writerow([safe_text(str(column.header)) for column in columns])
    count = 0
    for count, row in _counted(rows):
        writer.writerow([_csv_value(value) for value in row])
        if count % 500 == 0:
            flush()
    writer.writerow([watermark])
    flush()
    return count


def _csv_value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        aware = timezone.localtime(value) if timezone.is_aware(value) else value
        return aware.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, (list, tuple)):
        return safe_text("、".join(str(item) for item in value))
    return safe_text(str(value))


def _write_xlsx(
    out: IO[bytes], title: str, columns: Sequence[ExportColumn], rows: Iterable[Sequence[Any]], watermark: str
) -> int:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    # Closed in any case: its temporary file must go when there are too many rows.
    with xlsxwriter.Workbook(out, options) as book:
        book.set_custom_property("cmsys-export", watermark)
        sheet = book.add_worksheet(title.translate(_INVALID_IN_SHEET_NAMES)[:31] or "export")
        head = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 1)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, 14)
            sheet.write_string(0, place, safe_text(str(column.header)), head)
        count = 0
        for count, row in _counted(rows):
            for place, value in enumerate(row):
                _write_cell(sheet, count, place, value, day)
        sheet.write_string(count + 1, 0, watermark)
        # `&` begins a command in a footer.
        sheet.set_footer(f"&L{watermark.replace('&', '&&')[:200]}&R&P / &N")
    return count


def _write_cell(sheet: Any, line: int, place: int, value: Any, day: Any) -> None:
    if value is None or value == "" or value == []:
        return
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        if abs(float(value)) < 10**15:
            sheet.write_number(line, place, value)
        else:
            # More digits than a number cell keeps.
            sheet.write_string(line, place, _csv_value(value))
    elif isinstance(value, datetime):
        sheet.write_string(line, place, _text(value))
    elif isinstance(value, date):
        sheet.write_datetime(line, place, datetime.combine(value, datetime.min.time()), day)
    else:
        sheet.write_string(line, place, _text(value)[:32_767])
