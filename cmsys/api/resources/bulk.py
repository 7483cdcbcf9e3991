"""bulk: all visible rows of a resource in one answer, line by line, from one moment."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from cmsys.api.problems import BadParameters, FieldError
from cmsys.api.rendering import DecimalJSONRenderer, exact_json
from cmsys.api.resources.listing import OfResourceView
from cmsys.audit.acting import acting_as

TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv"}
AT_ONCE = 1_000
# What a spreadsheet may take for a formula gets `'` before it, as in exports.
_FORMULA = re.compile("'*[-=+@\t\r\n＝＋－＠]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


class NdjsonRenderer(DecimalJSONRenderer):
    """For the choice by Accept; rows are written line by line, and what is no row as always."""

    media_type, format = TYPES["ndjson"], "ndjson"


class CsvRenderer(NdjsonRenderer):
    media_type, format = TYPES["csv"], "csv"


def safe_cell(value: str) -> str:
    """The text as a cell that no spreadsheet computes; what a cell cannot hold is left out."""
    value = _UNPRINTABLE.sub("", value)
    return f"'{value}" if _FORMULA.match(value) else value


class BulkView(OfResourceView):
    """全部可见的行，与列表同样的字段和筛选条件，取自同一时刻，逐行发送。

    `ndjson` 每行一个 JSON 对象；`csv` 首行为字段名，嵌套的字段写作 `unit.code`，UTF-8，不带 BOM。
    传输中断时连接会异常结束，收到的部分应当作废。
    """

    renderer_classes = (NdjsonRenderer, CsvRenderer, DecimalJSONRenderer)

    @extend_schema(
        summary=gettext_lazy("批量读取"),
        operation_id="bulk_retrieve",
        parameters=[
            OpenApiParameter(
                "resource", {"type": "string", "pattern": "^[a-z][a-z-]*$"}, "path", description=gettext_lazy("资源。")
            ),
            OpenApiParameter(
                "format", {"type": "string", "enum": list(TYPES), "default": "ndjson"}, description=gettext_lazy("格式。")
            ),
        ],
        responses={(200, kind): {"type": "string"} for kind in TYPES.values()},
    )  # fmt: skip
    def get(self, request: Request, resource: str) -> Any:
        listed = self.listing("format")
        kind = request.query_params.get("format", request.accepted_renderer.format)
        if "format" in request.query_params and kind not in TYPES:
            message = _("format 须为 ndjson 或 csv。")
            raise BadParameters([FieldError("format", "bad_value", message)])
        rows = listed.filter_queryset(listed.get_queryset()).order_by(listed.updated_field, "pk")
        written = _csv if kind == "csv" else _ndjson
        kind = TYPES.get(kind, TYPES["ndjson"])
        if request.method == "HEAD":
            return HttpResponse(content_type=kind)
        answer = StreamingHttpResponse(self._sent(listed, rows, written), content_type=kind)
        answer["Cache-Control"] = "private, no-store"
        return answer

    def _sent(self, listed: Any, rows: Any, written: Any) -> Iterator[bytes]:
        """A transaction of its own, held until the last row is sent: the request's ends before sending begins."""
        serializer = listed.get_serializer_class()(context=listed.get_serializer_context())
        request_id = getattr(self.request, "request_id", "")
        with ExitStack() as stack:
            if not connection.in_atomic_block:
                stack.enter_context(transaction.atomic())
                with connection.cursor() as cursor:
                    # What is fetched beside the rows is of the same moment as they are.
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            stack.enter_context(
                acting_as(self.request.user_actor, request_id=request_id, address=self._address())  # type: ignore[attr-defined]
            )
            yield from written(serializer, rows.iterator(chunk_size=AT_ONCE))


def _ndjson(serializer: Any, rows: Iterator[Any]) -> Iterator[bytes]:
    lines: list[bytes] = []
    for row in rows:
        lines.append(exact_json(serializer.to_representation(row)) + b"\n")
        if len(lines) == AT_ONCE:
            yield b"".join(lines)
            lines.clear()
    yield b"".join(lines)


def _csv(serializer: Any, rows: Iterator[Any]) -> Iterator[bytes]:
    columns = list(_columns(serializer))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(".".join(column) for column in columns)
    for number, row in enumerate(rows, 1):
        shown = serializer.to_representation(row)
        writer.writerow([_cell(_value(shown, column)) for column in columns])
        if number % AT_ONCE == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _columns(serializer: Any) -> Iterator[tuple[str, ...]]:
    """Fields, those of nested rows one by one."""
    for name, field in serializer.fields.items():
        if isinstance(field, serializers.Serializer):
            yield from ((name, *inner) for inner in _columns(field))
        else:
            yield (name,)


def _value(shown: Any, column: tuple[str, ...]) -> Any:
    for name in column:
        shown = shown.get(name) if shown is not None else None
    return shown


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_cell(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return f"{value:f}" if isinstance(value, Decimal) else value
    return safe_cell(exact_json(value).decode())
