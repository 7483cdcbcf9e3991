"""Pages by key: (updated_at, id) of the last row seen is where the next page begins, however far down that is."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from cmsys.api.problems import BadParameters, FieldError

DEFAULT_SIZE = 100
MAX_SIZE = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAYOUT = struct.Struct(">Bqq")
_VERSION = 1


@dataclass(frozen=True)
class Position:
    """Where a page ended. Written as 23 characters that clients take as they are."""

    updated_at: datetime
    id: int

    def encoded(self) -> str:
        microseconds = (self.updated_at - _EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(_LAYOUT.pack(_VERSION, microseconds, self.id)).decode().rstrip("=")

    @classmethod
    def decoded(cls, text: str) -> Position:
        """The position a cursor stands for. Raises ValueError for anything `encoded` would not have written."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            version, microseconds, row = _LAYOUT.unpack(raw)
            position = cls(_EPOCH + timedelta(microseconds=microseconds), row)
        except (ValueError, struct.error, OverflowError) as problem:
            raise ValueError("not a cursor") from problem
        if version != _VERSION or row < 0 or microseconds < 0 or position.encoded() != text:
            raise ValueError("not a cursor")
        return position


class UpdatedCursorPagination(BasePagination):
    """`{"results": […], "next": absolute URL or null}` in the order (updated_at, id).

    The page is one range of one index, `(updated_at, id) > (…, …) LIMIT n + 1`: its cost does not grow with its number.
    A row that changes while a client pages moves behind the cursor and comes again in its new state; none is passed
    over. There is no total: counting would read what the page does not.
    """

    parameters = ("page_size", "cursor")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of the asked page; one query. Raises BadParameters."""
        self.request = request
        self.field: str = getattr(view, "updated_field", "updated_at")
        size, position = self._asked(request.query_params)
        rows = queryset.order_by(self.field, "pk")
        if position is not None:
            here = Tuple(F(self.field), F("pk"))
            rows = rows.filter(TupleGreaterThan(here, (position.updated_at, position.id)))
        found = list(rows[: size + 1])
        self.more = len(found) > size
        self.page = found[:size]
        return self.page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self._next()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": _("下一页的完整地址；null 表示已到最后一页。"),
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": _("每页行数。"),
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE},
            },
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": _("翻页位置，取自上一页的 next，原样使用。"),
                "schema": {"type": "string", "pattern": "^AQ[A-Za-z0-9_-]{21}$"},
            },
        ]

    def _next(self) -> str | None:
        if not self.more:
            return None
        last = self.page[-1]
        cursor = Position(getattr(last, self.field), last.pk).encoded()
        return str(replace_query_param(self.request.build_absolute_uri(), "cursor", cursor))

    def _asked(self, parameters: Mapping[str, str]) -> tuple[int, Position | None]:
        errors: list[FieldError] = []
        size, position = DEFAULT_SIZE, None
        text = parameters.get("page_size")
        if text is not None:
            if text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MAX_SIZE:
                size = int(text)
            else:
                message = _("page_size 须为 1 到 %(most)d 的整数。") % {"most": MAX_SIZE}
                errors.append(FieldError("page_size", "bad_value", message))
        text = parameters.get("cursor")
        if text is not None:
            try:
                position = Position.decoded(text)
            except ValueError:
                errors.append(
                    FieldError("cursor", "bad_cursor", _("cursor 无效，请使用上一页 next 中的值。"))
                )
        if errors:
            raise BadParameters(errors)
        return size, position
