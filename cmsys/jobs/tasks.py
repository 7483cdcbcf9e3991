"""The one Celery task, and how a worker starts and is told to stop."""

from __future__ import annotations

import mmap
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_shutting_down

from cmsys.jobs.transport import TASK
from cmsys.jobs.work import work_on

# One byte that the worker shares with its pool: the signal arrives in the worker, the jobs run in its children.
_stopping = mmap.mmap(-1, 1)


@worker_init.connect(weak=False)
def _send_nothing_about_yourself(sender: Any, **_: Any) -> None:
    """Workers know of each other through the job table. A heartbeat to a broker that hangs would stop the worker's loop,
    and with it the watch over its children, until the broker is back; no command line may bring it in again."""
    sender.options.update(without_heartbeat=True, without_gossip=True, without_mingle=True)


@worker_shutting_down.connect(weak=False)
def _stop(**_: Any) -> None:
    _stopping[0] = 1


@shared_task(name=TASK)
def run(job_id: int) -> None:
    """Works on the job; a worker that shuts down gives it back after the present chunk."""
    work_on(job_id, stopping=lambda: bool(_stopping[0]))
