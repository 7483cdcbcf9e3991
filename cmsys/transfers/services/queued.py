"""What the browser asks for: at once when it is quick, by a job when it is not."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.jobs.enqueue import enqueue
from cmsys.jobs.models import Job, JobState
from cmsys.transfers.jobs import CHECK, COMMIT, BatchArgs
from cmsys.transfers.kinds import ImportKind
from cmsys.transfers.models import ImportBatch, State
from cmsys.transfers.report import load_report
from cmsys.transfers.services.batches import batch_commit, batch_upload, locked_batch

# About 3 000 rows of people: checked within two seconds on two cores.
CHECKED_AT_ONCE_BYTES = 400 * 1024
COMMITTED_AT_ONCE_ROWS = 3000


@transaction.atomic
def upload(
    *,
    actor: Actor,
    kind: ImportKind,
    name: str,
    content: bytes,
    mapping: str = "",
    now: datetime,
    today: date,
) -> ImportBatch:
    """A checked batch, or one whose check is a job. Raises MissingFunction."""
    small = len(content) <= CHECKED_AT_ONCE_BYTES
    batch = batch_upload(
        actor=actor, kind=kind, name=name, content=content, mapping=mapping, now=now, today=today, check=small
    )
    if not small:
        enqueue(CHECK, str(batch.pk), BatchArgs(batch.pk), actor=actor)
    return batch


@transaction.atomic
def commit(*, actor: Actor, batch_id: int, mode: str, now: datetime, today: date) -> ImportBatch:
    """Brings the batch in, or asks a job to. Raises MissingFunction, ImportBatch.DoesNotExist, ValidationError."""
    batch, _kind = locked_batch(actor, batch_id)
    if load_report(batch.report).read <= COMMITTED_AT_ONCE_ROWS:
        done = batch_commit(actor=actor, batch_id=batch_id, mode=mode, now=now, today=today).batch
        assert done is not None
        return done
    if batch.state not in (State.CHECKED, State.QUEUED):
        raise ValidationError(
            _("这一批已经是“%(state)s”，不能再导入。") % {"state": batch.get_state_display()}, code="conflict"
        )
    batch.state = State.QUEUED
    batch.mode = mode
    batch.save(update_fields=["state", "mode"])
    enqueue(COMMIT, str(batch.pk), BatchArgs(batch.pk, mode), actor=actor)
    return batch


def job_of(batch: ImportBatch) -> Job | None:
    """The job that works on a batch, for the page that waits; None when it was done at once. One query."""
    kinds = {State.CHECKING: CHECK, State.QUEUED: COMMIT}
    kind = kinds.get(State(batch.state))
    if kind is None:
        return None
    return Job.objects.filter(kind=kind, key=str(batch.pk)).order_by("-pk").first()


def has_failed(job: Job | None) -> bool:
    """Whether waiting for it is in vain."""
    return job is not None and job.state in (JobState.FAILED, JobState.CANCELLED)
