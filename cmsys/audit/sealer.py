"""The sealer: gives settled events their place in the one fixed order and chains them.

Two steps, because ids are handed out in another order than transactions end: note the highest id handed out, *then*
draw a transaction number. Whoever holds a noted id has a lower number, because ids are drawn after it is forced; once
no transaction below ours runs any more, nothing at or below the noted id can still appear, and those rows are sealed in
id order. How far that is is kept (Settled), for readers of other rows that draw from the same numbers (docs/adr/0132).
(The end of a snapshot would not do as a number: it lies above the newest *finished* transaction, and a
running one may be above that.) One sealer at a time (advisory lock); a second one does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from cmsys.audit.chain import FIELDS, GENESIS, canonical, link
from cmsys.audit.models import Event, Seal

_LOCK = 7_236_001
BATCH = 5_000


@dataclass(frozen=True)
class _Note:
    highest_id: int
    transaction: int


class Sealer:
    """Holds the open note between ticks; losing it on a restart costs one tick."""

    def __init__(self) -> None:
        self._note: _Note | None = None
        # Up to here everything is sealed, or was rolled back; saves a transaction number while nothing happens.
        self._done_to = 0

    def tick(self, now: datetime) -> int:
        """Seals what is settled and returns how many events that was. A few short queries; never waits for anyone."""
        if self._note is None:
            self._note = self._take_note()
            if self._note is None:
                return 0
        if not self._settled(self._note):
            return 0
        sealed = self._seal(self._note.highest_id, now)
        if sealed is None:
            self._note = None
            return 0
        _keep(self._note.highest_id)
        if sealed < BATCH:
            self._done_to, self._note = self._note.highest_id, None
        return sealed

    def _take_note(self) -> _Note | None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT last_value, is_called FROM audit_event_ids")
            last_value, is_called = cursor.fetchone()
            if not is_called or last_value <= self._done_to:
                return None
            # A statement of its own, so that the number is drawn after the reading above.
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            return _Note(highest_id=last_value, transaction=cursor.fetchone()[0])

    def _settled(self, note: _Note) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= %s", [note.transaction]
            )
            return bool(cursor.fetchone()[0])

    def _seal(self, highest_id: int, now: datetime) -> int | None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
                if not cursor.fetchone()[0]:
                    return None
            last = Seal.objects.order_by("-seq").values("seq", "event_id", "hash").first()
            seq, after, head = (
                (last["seq"], last["event_id"], bytes(last["hash"])) if last else (0, 0, GENESIS)
            )
            rows = (
                Event.objects.filter(id__gt=after, id__lte=highest_id).order_by("id").values(*FIELDS)[:BATCH]
            )
            seals = []
            for row in rows:
                seq += 1
                head = link(head, seq, now, canonical(row))
                seals.append(Seal(seq=seq, event_id=row["id"], sealed_at=now, hash=head))
            Seal.objects.bulk_create(seals, batch_size=1000)
            return len(seals)


def _keep(highest_id: int) -> None:
    """Remembers how far everything is settled. Writes only when that is further than what is known; never back, because
    a sealer that stood still may come with an older note."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_settled (id, event_id) SELECT 1, %(to)s"
            " WHERE NOT EXISTS (SELECT FROM audit_settled WHERE event_id >= %(to)s)"
            " ON CONFLICT (id) DO UPDATE SET event_id = GREATEST(audit_settled.event_id, EXCLUDED.event_id)",
            {"to": highest_id},
        )
