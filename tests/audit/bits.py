"""One flipped bit in one stored value, as somebody who owns the tables could flip it."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
COLUMNS = {
    "audit_event": {
        "id": "int", "at": "instant", "kind": "text", "resource": "text", "object_id": "text", "object_label": "text",
        "actor_id": "int", "actor_name": "text", "role": "text", "before": "json", "after": "json", "reason": "text",
        "request_id": "text", "address": "text", "success": "flag",
    },
    "audit_seal": {"seq": "int", "event_id": "int", "sealed_at": "instant", "hash": "bytes"},
}  # fmt: skip
KEY = {"audit_event": "id", "audit_seal": "seq"}


@dataclass(frozen=True)
class Flip:
    """What is written where; `value` is ready for the driver."""

    table: str
    column: str
    key: int
    value: Any


def _flip_bytes(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _flipped(kind: str, value: Any, dice: random.Random) -> Any:
    """The value with one bit changed, or None where that gives nothing PostgreSQL could store."""
    if kind == "flag":
        return not value
    if kind == "int":
        return None if value is None else value ^ (1 << dice.randrange(62))
    if kind == "instant":
        microseconds = (value - EPOCH) // timedelta(microseconds=1)
        return EPOCH + timedelta(microseconds=microseconds ^ (1 << dice.randrange(50)))
    if kind == "bytes":
        return _flip_bytes(bytes(value), dice)
    text = json.dumps(value, ensure_ascii=False) if kind == "json" else value
    if not text:
        return None
    try:
        changed = _flip_bytes(text.encode(), dice).decode()
        return (
            None
            if "\0" in changed or (kind == "json" and not isinstance(json.loads(changed), dict))
            else changed
        )
    except ValueError:
        return None


def draw(rows: dict[str, list[dict[str, Any]]], dice: random.Random) -> Flip:
    """A random bit of a random column of a random row; drawn again until the database could hold it."""
    while True:
        table = dice.choice(list(COLUMNS))
        column, kind = dice.choice(list(COLUMNS[table].items()))
        row = dice.choice(rows[table])
        value = _flipped(kind, row[column], dice)
        if value is not None:
            return Flip(table, column, row[KEY[table]], value)
