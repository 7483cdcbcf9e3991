"""Jobs of the demonstration are worked on here and now, without waiting for a worker."""

from __future__ import annotations

from cmsys.jobs.models import OPEN, Job
from cmsys.jobs.work import work_on


def work_here(kinds: str) -> None:
    """Works on the open jobs whose kind begins so, one after the other, with those they ask for, until there are none or
    somebody else's worker has them. Must not be called in a transaction."""
    while jobs := list(Job.objects.filter(kind__startswith=kinds, state__in=OPEN).order_by("pk")):
        before = {job.pk: (job.state, job.progress_done) for job in jobs}
        for job in jobs:
            work_on(job.pk)
        left = Job.objects.filter(kind__startswith=kinds, state__in=OPEN)
        if {job.pk: (job.state, job.progress_done) for job in left} == before:
            return
