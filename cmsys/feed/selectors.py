"""Reading the feed: which changes an actor is told of, in their order, up to where nothing can appear any more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Q, When

from cmsys.access.actors import Actor
from cmsys.access.functions import Function, Reach
from cmsys.audit.models import settled_to
from cmsys.feed.models import FeedChange, FeedMark
from cmsys.feed.tables import feeds

# So many numbers are looked through for one answer: a client that sees little is not made to wait for all that it does
# not see, and asks again.
WINDOW = 100_000
NOBODY = Q(pk__in=())


@dataclass(frozen=True)
class Listed:
    """One change as a client reads it."""

    seq: int
    at: datetime
    resource: str
    id: str
    op: str
    version: datetime | None


@dataclass(frozen=True)
class Page:
    """Changes in their order, where to go on, and whether there is more already."""

    results: list[Listed]
    next_after: int
    more: bool


def position() -> int:
    """Where a client begins that is going to load everything now; one query."""
    return settled_to()


def floor() -> int:
    """Changes at or below this number have been cleared away; one query."""
    marks = FeedMark.objects.filter(is_floor=True).order_by("-settled").values_list("settled", flat=True)
    return marks.first() or 0


def followed_by(actor: Actor) -> list[str]:
    """The resources of the feed of which the actor may read any row."""
    return [
        resource
        for resource, shown in feeds().items()
        if any(actor.access.reaches(function) for functions in shown.by.values() for function in functions)
    ]


def changes_for(actor: Actor, *, after: int, limit: int) -> Page:
    """At most `limit` changes above `after` that the actor is to be told of. Two queries.

    Told is whoever saw the row before or sees it afterwards, by the rights he has now. What one transaction did to one
    object is one change: nobody could see what was between.
    """
    settled = settled_to()
    end = min(settled, after + WINDOW)
    now = _seen(actor, "now")
    rows = (
        FeedChange.objects.filter(id__gt=after, id__lte=end)
        .filter(now | _seen(actor, "was"))
        .annotate(shown=Case(When(now, then=True), default=False))
        .order_by("id")
    )
    found = list(rows[: limit + 1])
    if len(found) > limit:
        return Page(_listed(found[:limit]), found[limit - 1].id, True)
    return Page(_listed(found), max(end, after), end < settled)


def changed_after(actor: Actor, resource: str, after: int) -> bool:
    """Whether anything of the resource that the actor saw or sees was changed above `after`, settled or not."""
    only = (resource,)
    seen = _seen(actor, "now", only) | _seen(actor, "was", only)
    return FeedChange.objects.filter(id__gt=after).filter(seen).exists()


def _listed(rows: list[Any]) -> list[Listed]:
    """The rows as changes; of those of one transaction and object the last, if the object was seen before or is now."""
    last: dict[tuple[int, str, str], Any] = {}
    was_new: dict[tuple[int, str, str], bool] = {}
    for row in rows:
        key = (row.transaction, row.resource, row.object_id)
        was_new.setdefault(key, row.path_was is None)
        last[key] = row
    kept = [row for key, row in last.items() if row.shown or not was_new[key]]
    return [_as_listed(row) for row in sorted(kept, key=lambda row: row.id)]


def _as_listed(row: Any) -> Listed:
    op = "upsert" if row.shown else "delete" if row.path_now is None else "leave"
    # Of a row that is not shown any more nothing is told, its version included.
    return Listed(row.id, row.at, row.resource, row.object_id, op, row.version if row.shown else None)


def _seen(actor: Actor, side: str, only: Collection[str] = ()) -> Q:
    """Whether the actor sees the row as it was, or as it is now."""
    seen = NOBODY
    for resource, shown in feeds().items():
        if only and resource not in only:
            continue
        for name, functions in shown.by.items():
            for condition in _reached(actor, functions, side):
                seen |= Q(**{"resource": resource, f"scope_{side}": name}) & condition
    return seen


def _reached(actor: Actor, functions: tuple[Function, ...], side: str) -> list[Q]:
    """The reaches of all functions without repetition. Clients have no record of their own and no business line."""
    paths = {
        None if reached.reach is Reach.ALL else reached.unit_path
        for function in functions
        for reached in actor.access.reaches(function)
        if reached.reach in (Reach.ALL, Reach.SUBTREE)
    }
    if None in paths:
        return [Q(**{f"path_{side}__isnull": False})]
    return [Q(**{f"path_{side}__startswith": path}) for path in sorted(path for path in paths if path)]
