"""work_on: do one job, chunk by chunk, for as long as the lease is ours and the slice lasts."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from types import TracebackType

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, MissingFunction, SystemActor
from cmsys.accounts.models import User
from cmsys.audit.acting import acting_as
from cmsys.jobs.documents import load
from cmsys.jobs.kinds import JobRefused, Run, UnknownKind, kind_of
from cmsys.jobs.lease import Lease, LeaseLost, advance, begin, fail, give_back, renew
from cmsys.jobs.models import Job
from cmsys.jobs.timing import timing

log = logging.getLogger(__name__)


def work_on(
    job_id: int, *, stopping: Callable[[], bool] = lambda: False, clock: Callable[[], float] = time.monotonic
) -> None:
    """Takes the job, if it is there to be taken, and works on it until it ends, is taken away, or makes room.

    Each chunk is one transaction in the actor's name that also writes the cursor, and only commits while the lease is
    still ours. Never raises for what a step does; errors of the database itself go through, and the lease runs out.
    """
    lease = begin(job_id)
    if lease is None:
        return
    until = clock() + timing().slice
    with Heartbeat(lease):
        try:
            while _one_chunk(lease):
                if stopping() or clock() >= until:
                    give_back(lease)
                    return
        except LeaseLost:
            log.warning("job %s was taken away; its last chunk is rolled back", job_id)
        except (JobRefused, MissingFunction) as refusal:
            fail(lease, str(refusal), final=True)
        except UnknownKind as unknown:
            fail(lease, _("此执行进程不认识任务种类 %(kind)s，请更新后重试") % {"kind": unknown}, final=False)
        except SoftTimeLimitExceeded:
            fail(lease, _("单步执行超时，已中止；可重试，若仍超时请联系系统管理员"), final=False)
        except Exception as error:
            log.exception("job %s failed", job_id)
            fail(lease, described(error), final=False)


def _one_chunk(lease: Lease) -> bool:
    """One chunk; whether there is more to do. A few queries besides the step's own."""
    job = Job.objects.select_related("actor").get(pk=lease.job_id)
    kind = kind_of(job.kind)
    run = Run(
        job_id=job.pk,
        key=job.key,
        actor=actor_of(job),
        args=load(kind.args, job.args),
        cursor=None if job.cursor is None else load(kind.cursor, job.cursor),
        now=timezone.now(),
    )
    with acting_as(run.actor, request_id=f"job-{job.pk}"):
        chunk = kind.step(run)
        advance(lease, chunk)
    return chunk.cursor is not None


def actor_of(job: Job) -> Actor:
    """The person who asked, with the rights of this moment, or the system."""
    return job.actor if isinstance(job.actor, User) else SystemActor(job.actor_name)


def described(error: Exception) -> str:
    """What the task centre shows of an unforeseen error: what and where. Its text may hold data and goes to the log."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return _("意外错误 %(name)s（%(where)s），详情见运行日志") % {
        "name": type(error).__name__,
        "where": where,
    }


class Heartbeat:
    """Renews the lease from a thread with a database connection of its own, so that a long chunk keeps its job."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{lease.job_id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._stop.wait(timing().renewal):
                try:
                    if not renew(self._lease):
                        return
                except DatabaseError:
                    log.warning("the lease of job %s could not be renewed", self._lease.job_id)
                    connection.close()
        finally:
            connection.close()
