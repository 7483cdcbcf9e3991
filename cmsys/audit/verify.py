"""verify: recompute the chain and name every place where it does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max

from cmsys.audit.chain import FIELDS, GENESIS, canonical, link
from cmsys.audit.models import Event, Seal

BATCH = 2_000


@dataclass(frozen=True)
class Verification:
    """events and sealed: how many rows; head: the last link as hex; breaks: the places (seq) that do not hold."""

    events: int
    sealed: int
    head: str
    breaks: list[int] = field(default_factory=list)


def verify() -> Verification:
    """Reads the ledger once, in order, in batches, up to the last seal there is at the start.

    A break is a link that cannot be recomputed: the event or the seal was changed or removed, a place is missing from
    the order, or an event appeared below the last sealed one (named by the place that follows it, 0 if none does).
    What is sealed never changes, so nothing needs to be locked while reading.
    """
    until = Seal.objects.aggregate(last=Max("seq"))["last"] or 0
    breaks: set[int] = set()
    previous, expected, last_event = GENESIS, 1, 0
    for seq, event_id, sealed_at, hash_, event in _links(until):
        intact = seq == expected and event_id > last_event
        if event is None or not intact or link(previous, seq, sealed_at, canonical(event)) != hash_:
            breaks.add(seq)
        previous, expected, last_event = hash_, seq + 1, max(last_event, event_id)
    breaks.update(_intruders(last_event))
    return Verification(
        events=Event.objects.count(), sealed=Seal.objects.count(), head=previous.hex(), breaks=sorted(breaks)
    )


def _links(until: int) -> Iterator[tuple[int, int, datetime, bytes, dict[str, Any] | None]]:
    after: int | None = None
    while True:
        seals = (
            Seal.objects.filter(seq__lte=until)
            .order_by("seq")
            .values_list("seq", "event_id", "sealed_at", "hash")
        )
        page = list(seals.filter(seq__gt=after)[:BATCH] if after is not None else seals[:BATCH])
        if not page:
            return
        events = {
            row["id"]: row for row in Event.objects.filter(id__in=[row[1] for row in page]).values(*FIELDS)
        }
        for seq, event_id, sealed_at, hash_ in page:
            yield seq, event_id, sealed_at, bytes(hash_), events.get(event_id)
        after = page[-1][0]


def _intruders(last_event: int) -> list[int]:
    unsealed = (
        Event.objects.filter(id__lte=last_event, seal__isnull=True)
        .order_by("id")
        .values_list("id", flat=True)
    )
    places = []
    for event_id in unsealed[:1000]:
        following = (
            Seal.objects.filter(event_id__gt=event_id).order_by("seq").values_list("seq", flat=True).first()
        )
        places.append(following or 0)
    return places
