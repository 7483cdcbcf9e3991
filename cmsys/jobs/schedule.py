"""What runs by the clock: one declared table, rooms that keep a table of their own, and the function that turns what is
due into jobs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from cmsys.access.actors import SystemActor
from cmsys.jobs.documents import Document, Empty
from cmsys.jobs.enqueue import enqueue
from cmsys.jobs.models import Job

log = logging.getLogger(__name__)
ACTOR = SystemActor("system:schedule")


@dataclass(frozen=True)
class Periodic:
    """A kind of job that runs every day at a time of the wall clock (settings.TIME_ZONE)."""

    kind: str
    daily_at: time
    args: Document = field(default_factory=Empty)

    def latest(self, now: datetime) -> datetime:
        """The last moment at which it was due, `now` itself included."""
        zone = ZoneInfo(settings.TIME_ZONE)
        today = datetime.combine(now.astimezone(zone).date(), self.daily_at, zone)
        return (
            today if today <= now else datetime.combine(today.date() - timedelta(days=1), self.daily_at, zone)
        )


Due = Callable[[datetime], "datetime | None"]

_table: dict[str, Periodic] = {}
_asked: dict[str, Due] = {}


def run_daily(entry: Periodic) -> None:
    """Adds a row to the table, from apps.ready(). Raises ValueError when the kind is there already."""
    if _table.get(entry.kind, entry) != entry:
        raise ValueError(f"{entry.kind} is scheduled twice")
    _table[entry.kind] = entry


def run_when(kind: str, due: Due) -> None:
    """For moments that people set: `due(now)` names the latest one that has come and was not served yet, None when there
    is none; one query. The job takes no arguments and finds out itself what is to be done. From apps.ready().
    Raises ValueError when the kind is there already."""
    if kind in _table or _asked.get(kind, due) is not due:
        raise ValueError(f"{kind} is scheduled twice")
    _asked[kind] = due


def table() -> list[Periodic]:
    """The schedule as it is declared, by time of day."""
    return sorted(_table.values(), key=lambda entry: (entry.daily_at, entry.kind))


def enqueue_due(now: datetime) -> list[Job]:
    """Queues what is due and has not run for its period; returns the new jobs. One query for each row of the table,
    two for each room with a table of its own.

    After a downtime each kind is caught up once, for its latest period. An unfinished run of an earlier period is
    waited for. A second caller at the same time queues nothing: the database keeps one job for each kind and period.
    """
    queued = []
    for kind, args, moment in _due(now):
        if Job.objects.filter(kind=kind, scheduled_for=moment).exists():
            continue
        with transaction.atomic():
            job = enqueue(kind, "", args, actor=ACTOR, scheduled_for=moment)
        if job.scheduled_for == moment:
            log.info("queued %s for %s", kind, moment.isoformat())
            queued.append(job)
    return queued


def _due(now: datetime) -> Iterator[tuple[str, Document, datetime]]:
    for entry in table():
        yield entry.kind, entry.args, entry.latest(now)
    for kind, due in sorted(_asked.items()):
        moment = due(now)
        if moment is not None:
            yield kind, Empty(), moment
