"""What a test says about the ledger: the events of a block, as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cmsys.access.actors import MissingFunction
from cmsys.audit.models import Event
from tests.permissions.house import mark_of_rows


@contextmanager
def events() -> Iterator[list[Event]]:
    """The events written inside the block, in their order, once it has ended."""
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    found: list[Event] = []
    yield found
    found.extend(Event.objects.filter(pk__gt=last).order_by("pk"))


def said(event: Event) -> dict[str, Any]:
    """What an event says of a change, without when and where."""
    return {
        "kind": event.kind, "who": event.actor_name, "object": event.object_label,
        "before": event.before, "after": event.after, "reason": event.reason,
    }  # fmt: skip


@contextmanager
def nothing_written() -> Iterator[None]:
    """No row of any table differs afterwards."""
    before = mark_of_rows()
    yield
    assert mark_of_rows() == before


@contextmanager
def refused_without(label: str) -> Iterator[None]:
    """MissingFunction for the function of that label, and nothing written."""
    with nothing_written(), pytest.raises(MissingFunction) as refusal:
        yield
    assert str(refusal.value) == f"您没有“{label}”的权限"
