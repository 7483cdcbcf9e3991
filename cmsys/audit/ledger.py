"""record: write the one event row of a change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any, Protocol

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from cmsys.access.actors import Actor
from cmsys.access.masks import Mask
from cmsys.audit.acting import acting
from cmsys.audit.models import Event


class Recorded(Protocol):
    """What the ledger asks of a model: a resource name, and masks for the fields that must not stand there in clear."""

    resource: str
    audit_masks: Mapping[str, Mask]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value)


def masked(values: Mapping[str, Any], masks: Mapping[str, Mask]) -> dict[str, Any]:
    """The values as JSON can hold them, with sensitive ones masked."""
    plain = {name: _plain(value) for name, value in values.items()}
    return {
        name: masks[name](str(value)) if name in masks and value not in (None, "") else value
        for name, value in plain.items()
    }


def snapshot(instance: Model, fields: tuple[str, ...]) -> dict[str, Any]:
    """The named fields of a row as they are now; relations by their text, at the cost of a query where not loaded."""
    return {name: getattr(instance, name) for name in fields}


def record(
    kind: str,
    instance: Model | None = None,
    *,
    actor: Actor,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    resource: str = "",
    object_id: str = "",
    label: str = "",
    role: str = "",
    success: bool = True,
    now: datetime | None = None,
) -> Event:
    """Writes one event in the present transaction and returns it; one insert.

    Call it after the change, while the changed row is locked: its id then orders the changes of one row. Values of
    fields named in the model's `audit_masks` are masked. Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an event is written in the transaction of its change")
    masks: Mapping[str, Mask] = getattr(instance, "audit_masks", {})
    now_acting = acting()
    return Event.objects.create(
        at=now or timezone.now(),
        kind=kind,
        resource=resource or getattr(instance, "resource", ""),
        object_id=object_id or (str(instance.pk) if instance is not None else ""),
        object_label=(label or (str(instance) if instance is not None else ""))[:200],
        actor_id=actor.actor_id,
        actor_name=actor.actor_name[:120],
        role=role,
        before=masked(before or {}, masks),
        after=masked(after or {}, masks),
        reason=reason[:500],
        request_id=now_acting.request_id if now_acting else "",
        address=now_acting.address if now_acting else "",
        success=success,
    )


_COPIED = (
    "at", "kind", "resource", "object_id", "object_label", "actor_id", "actor_name", "role", "before", "after", "reason",
    "request_id", "address", "success",
)  # fmt: skip
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def record_many(events: list[Event]) -> None:
    """Writes prepared events in their order, by COPY; for bulk work that still needs a row each. They get their ids in the
    database, not here.

    Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an event is written in the transaction of its change")
    if not events:
        return
    rows = StringIO(
        "".join(["\t".join([_copied(getattr(one, name)) for name in _COPIED]) + "\n" for one in events])
    )
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {Event._meta.db_table} ({', '.join(_COPIED)}) FROM STDIN", rows)


def _copied(value: Any) -> str:
    """A value in COPY's text format."""
    if isinstance(value, str):
        return value.translate(_ESCAPED)
    if value is None:
        return "\\N"
    if isinstance(value, Mapping):
        # As record does it: no number of the ledger is a floating one, whose last digits a reader would round away.
        return json.dumps(masked(value, {}), ensure_ascii=False).translate(_ESCAPED)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text.translate(_ESCAPED)


def changes_between(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what differs, on both sides."""
    changed = [name for name in after if _plain(before.get(name)) != _plain(after[name])]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}
