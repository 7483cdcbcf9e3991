"""Leases: who may work on a job, by compare-and-set on its row. All moments are the database's own clock.

Every function is one or two statements. None of them waits for another worker; they may wait shortly for a chunk that
is just being committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from cmsys.jobs.documents import dump
from cmsys.jobs.kinds import Chunk
from cmsys.jobs.models import Job, JobState
from cmsys.jobs.timing import timing

# Ids that were sent and not yet taken up. Few, so that the order of priorities holds and a lost broker costs little.
IN_FLIGHT = 50
# Waiting before the second and the third try.
BACKOFF = (timedelta(seconds=5), timedelta(seconds=30))


@dataclass(frozen=True)
class Lease:
    """The right to write for one job, until somebody else has a newer token."""

    job_id: int
    token: UUID


class LeaseLost(Exception):
    """Another worker or a person has taken the job away; whatever the chunk wrote must be rolled back."""


# --- the dispatcher ----------------------------------------------------------------------------------------------------
@transaction.atomic
def claim_due() -> list[int]:
    """Ids to send, by priority and due time; they are not given out again before the claim has run out."""
    waiting = Job.objects.filter(state=JobState.QUEUED)
    room = IN_FLIGHT - waiting.filter(lease_until__gt=Now()).count()
    if room <= 0:
        return []
    due = (
        waiting.filter(due_at__lte=Now()).exclude(lease_until__gt=Now()).order_by("priority", "due_at", "id")
    )
    ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:room])
    Job.objects.filter(pk__in=ids).update(lease_until=Now() + timing().claim_length)
    return ids


def unclaim(ids: Sequence[int]) -> None:
    """For ids that could not be sent: they are due again at once. One that arrived after all is left alone."""
    Job.objects.filter(pk__in=ids, state=JobState.QUEUED).update(lease_until=None)


@transaction.atomic
def take_back_expired() -> int:
    """Queues jobs again whose worker has gone silent, or gives them up after the last try. Returns how many."""
    silent = Job.objects.filter(state=JobState.RUNNING, lease_until__lt=Now())
    jobs = list(silent.select_for_update(skip_locked=True)[:100])
    for job in jobs:
        _try_again(job, _("执行进程中断，没有留下原因"), wait=False)
    return len(jobs)


# --- the worker --------------------------------------------------------------------------------------------------------
def begin(job_id: int) -> Lease | None:
    """Takes a queued job; None when it is not there to be taken (done, cancelled, not due, or another's)."""
    lease = Lease(job_id, uuid4())
    taken = Job.objects.filter(pk=job_id, state=JobState.QUEUED, due_at__lte=Now()).update(
        state=JobState.RUNNING, lease_token=lease.token, lease_until=Now() + timing().lease_length,
        attempt=F("attempt") + 1, started_at=Coalesce("started_at", Now()),
    )  # fmt: skip
    return lease if taken else None


def renew(lease: Lease) -> bool:
    """Says that the worker lives; False when the job is no longer its own."""
    return _write(lease, lease_until=Now() + timing().lease_length)


def advance(lease: Lease, chunk: Chunk) -> None:
    """Writes how far the job came, in the chunk's own transaction. Raises LeaseLost."""
    if chunk.cursor is not None:
        ends: dict[str, Any] = {
            "cursor": dump(chunk.cursor), "attempt": 1, "lease_until": Now() + timing().lease_length
        }  # fmt: skip
    else:
        ends = _ended(JobState.DONE) | {"result": dump(chunk.result)}
    written = _write(
        lease,
        progress_done=chunk.done,
        progress_total=chunk.total,
        message=chunk.message[:300],
        error="",
        **ends,
    )
    if not written:
        raise LeaseLost(lease.job_id)


def give_back(lease: Lease) -> bool:
    """Lets another worker go on from the cursor at once; for a worker that stops or has had its slice."""
    return _write(lease, state=JobState.QUEUED, lease_token=None, lease_until=None, attempt=0)


@transaction.atomic
def fail(lease: Lease, error: str, *, final: bool) -> None:
    """Notes a failed try: queued again after a while, or dead when it was the last one or `final`."""
    held = Job.objects.select_for_update().filter(
        pk=lease.job_id, state=JobState.RUNNING, lease_token=lease.token
    )
    job = held.first()
    if job is not None:
        _try_again(job, error, wait=True, final=final)


def _try_again(job: Job, error: str, *, wait: bool, final: bool = False) -> None:
    if final or job.attempt >= job.max_attempts:
        values = _ended(JobState.FAILED)
    else:
        pause = BACKOFF[min(job.attempt, len(BACKOFF)) - 1] if wait else timedelta()
        values = {"state": JobState.QUEUED, "lease_token": None, "lease_until": None, "due_at": Now() + pause}
    Job.objects.filter(pk=job.pk).update(error=error[:500], **values)


def _ended(state: JobState) -> dict[str, Any]:
    return {"state": state, "lease_token": None, "lease_until": None, "finished_at": Now()}


def _write(lease: Lease, **values: Any) -> bool:
    held = Job.objects.filter(pk=lease.job_id, state=JobState.RUNNING, lease_token=lease.token)
    return bool(held.update(**values))
