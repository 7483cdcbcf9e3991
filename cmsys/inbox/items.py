"""What waits for somebody: rooms register sources in apps.ready(), the to-do centre asks each of them.

Nothing is stored: an item is there while the object waits for this very person, as his rights are at this moment. So the
to-dos of a disabled account, of one that was moved or of one that has a deputy are where they belong at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from cmsys.access.actors import Actor, may
from cmsys.access.functions import Function
from cmsys.ui.registry import Text


@dataclass(frozen=True)
class InPlace:
    """A decision that can be taken without opening the object: a form posted to `url` with these hidden fields."""

    label: Text
    url: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class InboxItem:
    """One thing that waits (待我处理), or that the person has begun (我发起) or done (已办).

    `due_on` is the last day by the working calendar; `at` when it came. `in_place` only where nothing speaks against
    deciding without looking.
    """

    title: str
    detail: str
    url: str
    at: datetime
    due_on: date | None = None
    state: str = ""
    in_place: InPlace | None = None


Listed = Callable[[Actor, date, int], list[InboxItem]]


@dataclass(frozen=True)
class InboxSource:
    """One kind of work. `waits(actor, today)` are the rows that wait for him: the sizes of all sources are asked for in one
    query. Where there is no such queryset it is their number, at the cost of a query of its own. `items(actor, today,
    limit)` costs two at most; earliest deadline first. `begun` and `done` list what the person has sent on its way and what
    he has decided, newest first."""

    key: str
    label: Text
    order: int
    waits: Callable[[Actor, date], QuerySet[Any] | int]
    items: Listed
    begun: Listed | None = None
    done: Listed | None = None
    function: Function | None = None

    def count(self, actor: Actor, today: date) -> int:
        """How much of this kind waits; one query."""
        found = self.waits(actor, today)
        return found if isinstance(found, int) else found.count()


_sources: dict[str, InboxSource] = {}


def add_inbox_source(source: InboxSource) -> None:
    """Raises ValueError when the key is taken."""
    if _sources.get(source.key, source) != source:
        raise ValueError(f"inbox source {source.key} is registered twice")
    _sources[source.key] = source


def sources_for(actor: Actor) -> list[InboxSource]:
    """The sources the actor may have something in, in order."""
    found = [item for item in _sources.values() if item.function is None or may(actor, item.function)]
    return sorted(found, key=lambda item: (item.order, item.key))
