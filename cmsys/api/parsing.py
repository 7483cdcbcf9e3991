"""JSON as clients send it: numbers exactly as written, no key twice, nothing that is not JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

MOST_BYTES = 1024 * 1024


class TooLarge(APIException):
    """A body of more than MOST_BYTES (413)."""

    status_code = 413
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(_("请求内容超过 1 MB，请分批提交。"))


class ExactJSONParser(BaseParser):
    """application/json. Decimals stay what they are: 0.1 is one tenth, and all 24 digits of a figure arrive."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The content as Python values. Raises ParseError, TooLarge."""
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise TooLarge
        try:
            return json.loads(
                raw.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once
            )
        except (ValueError, RecursionError) as problem:
            raise ParseError from problem


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
