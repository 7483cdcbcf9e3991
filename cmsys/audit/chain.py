"""The chain of hashes: canonical bytes of an event and the link over it. Pure."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

GENESIS = bytes(32)
# Every column of the event, in this order; a new column is added at the end together with a new chain version.
FIELDS = (
    "id",
    "at",
    "kind",
    "resource",
    "object_id",
    "object_label",
    "actor_id",
    "actor_name",
    "role",
    "before",
    "after",
    "reason",
    "request_id",
    "address",
    "success",
)


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(values: dict[str, Any]) -> bytes:
    """The event as bytes that are the same wherever they are computed: JSON, sorted keys, UTC with microseconds."""
    row = [_instant(values[name]) if name == "at" else values[name] for name in FIELDS]
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def link(previous: bytes, seq: int, sealed_at: datetime, event: bytes) -> bytes:
    """sha256 over the previous link, the place in the order, the moment of sealing and the event."""
    head = f"{seq}|{_instant(sealed_at)}|".encode()
    return hashlib.sha256(previous + head + event).digest()
