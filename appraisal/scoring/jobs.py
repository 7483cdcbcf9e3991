"""The kinds of job this room adds: regrading a cycle, and looking at the schedules."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.scoring.regrade import regrade_step
from appraisal.scoring.runs import REGRADE, SCHEDULE, RegradeArgs, RegradeCursor, Regraded, Served
from appraisal.scoring.services.schedules import schedule_serve
from appraisal.scoring.timetable import due_periods, latest_due
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import run_when


def schedule_step(run: Run) -> Chunk:
    """Serves every schedule that is due."""
    due = due_periods(run.now)
    today = timezone.localdate(run.now)
    jobs = [schedule_serve(actor=run.actor, due=one, today=today, now=run.now) for one in due]
    queued = sum(job is not None for job in jobs)
    message = _("%(due)d 个定级计划到期，已安排 %(queued)d 次定级") % {"due": len(due), "queued": queued}
    return Chunk(done=len(due), total=len(due), message=message, result=Served(len(due), queued))


def register() -> None:
    register_kind(
        JobKind(
            REGRADE,
            gettext_lazy("定级"),
            regrade_step,
            args=RegradeArgs,
            cursor=RegradeCursor,
            result=Regraded,
        )
    )
    register_kind(JobKind(SCHEDULE, gettext_lazy("定级计划"), schedule_step, result=Served))
    run_when(SCHEDULE, latest_due)
