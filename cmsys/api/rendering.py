"""JSON whose numbers are exactly the decimals of the database: 83.10 is written 83.10, never by way of a float."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

# The standard encoder writes no decimals. They pass it as strings that begin with this mark and lose it, together with
# their quotes, afterwards. The mark is random for each process, so no text a user could enter contains it.
_MARK = f"decimal-{secrets.token_hex(16)}:"


class _Encoder(JSONEncoder):
    marked = False

    def default(self, obj: Any) -> Any:
        if not isinstance(obj, Decimal):
            return super().default(obj)
        if not obj.is_finite():
            raise ValueError("JSON has no way to write NaN or Infinity")
        self.marked = True
        return f"{_MARK}{obj:f}"


def exact_json(data: Any) -> bytes:
    """The data as compact UTF-8 JSON with decimals as plain numbers. Raises ValueError for NaN and infinities."""
    encoder = _Encoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = encoder.encode(data)
    if encoder.marked:
        first, *rest = text.split(f'"{_MARK}')
        text = first + "".join(part.replace('"', "", 1) for part in rest)
    # U+2028 and U+2029 are legal in JSON and end a line in old JavaScript.
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").encode()


class DecimalJSONRenderer(JSONRenderer):
    """application/json, written by `exact_json`."""

    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else exact_json(data)
