"""job_cancel and job_retry: what a person may do with a job he sees."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import record
from cmsys.jobs.models import OPEN, Job, JobState
from cmsys.jobs.permissions import JOB_EDIT


@transaction.atomic
def job_cancel(*, actor: Actor, job_id: int, now: datetime) -> Job:
    """Ends a queued or running job. Committed chunks stay; the one under way is rolled back by its worker, which finds
    its lease gone. Repeating changes nothing. Raises MissingFunction, Job.DoesNotExist, ValidationError when it has
    already ended otherwise. Locks the row, two queries and the event.
    """
    job = _locked(actor, job_id)
    if job.state == JobState.CANCELLED:
        return job
    if job.state not in OPEN:
        raise ValidationError(_("任务已结束，不能取消"), code="ended")
    before = job.state
    job.state, job.finished_at, job.lease_token, job.lease_until = JobState.CANCELLED, now, None, None
    job.save(update_fields=["state", "finished_at", "lease_token", "lease_until"])
    record("job.cancel", job, actor=actor, before={"state": before}, after={"state": job.state}, now=now)
    return job


@transaction.atomic
def job_retry(*, actor: Actor, job_id: int, now: datetime) -> Job:
    """Queues a failed or cancelled job again, from the cursor it had reached, with a fresh count of tries.

    Raises MissingFunction, Job.DoesNotExist, ValidationError when it did not fail or when another job of the same kind
    and key is open. Locks the row, three queries and the event.
    """
    job = _locked(actor, job_id)
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        raise ValidationError(_("只有失败或已取消的任务可以重试"), code="not_failed")
    if Job.objects.filter(kind=job.kind, key=job.key, state__in=OPEN).exists():
        raise ValidationError(_("同一任务已在排队或执行，无需重试"), code="open")
    before = job.state
    job.state, job.attempt, job.due_at, job.finished_at, job.error = JobState.QUEUED, 0, now, None, ""
    job.save(update_fields=["state", "attempt", "due_at", "finished_at", "error"])
    record("job.retry", job, actor=actor, before={"state": before}, after={"state": job.state}, now=now)
    return job


def _locked(actor: Actor, job_id: int) -> Job:
    require(actor, JOB_EDIT)
    job: Job = Job.objects.visible_to(actor, "edit").select_for_update().get(pk=job_id)
    return job
