"""HR says when regrading runs by itself; the scheduler's job acts on it."""

from __future__ import annotations

from datetime import date, datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.permissions import CYCLE_EDIT
from appraisal.cycles.services.cycles import cycle_open
from appraisal.schemes.models import SchemeVersion
from appraisal.scoring.models import RegradeSchedule
from appraisal.scoring.services.regrading import regrade
from appraisal.scoring.timetable import DuePeriod
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import changes_between, record
from cmsys.jobs.models import Job


@transaction.atomic
def schedule_set(
    *, actor: Actor, scheme_code: str, enabled: bool, days_after: int, at: time, now: datetime
) -> RegradeSchedule:
    """Makes or changes the schedule of a scheme; from `now` on it holds, periods that were due before are not caught up.
    The same values again change nothing. Locks the row; three queries and the event.

    Raises MissingFunction, ValidationError (no such scheme, more than 180 days).
    """
    require(actor, CYCLE_EDIT)
    if not SchemeVersion.objects.filter(code=scheme_code).exists():
        raise refused(
            "scheme_code", "not_found", _("没有方案 %(code)s；请先导入方案。") % {"code": scheme_code}
        )
    schedule = RegradeSchedule.objects.select_for_update().filter(scheme_code=scheme_code).first()
    values = {"enabled": enabled, "days_after": days_after, "at": at}
    before: dict[str, object] = {}
    if schedule is not None:
        before, values = changes_between({name: getattr(schedule, name) for name in values}, values)
        if not values:
            return schedule
    changed = schedule or RegradeSchedule(scheme_code=scheme_code)
    for name, value in values.items():
        setattr(changed, name, value)
    changed.since = now
    changed.full_clean()
    changed.save()
    record("schedule.set", changed, actor=actor, before=before, after=values, now=now)
    return changed


@transaction.atomic
def schedule_serve(*, actor: Actor, due: DuePeriod, today: date, now: datetime) -> Job | None:
    """Does what a schedule asks for: opens the cycle if it is not there, and queues its regrading. None when it cannot
    be (the cycle is closed, another regrading runs, the scheme is not in force); the schedule says why. Each period is
    served once. Locks the schedule.

    Raises MissingFunction.
    """
    require(actor, CYCLE_EDIT)
    schedule = RegradeSchedule.objects.select_for_update().get(pk=due.schedule.pk)
    if schedule.last_due is not None and schedule.last_due >= due.moment:
        return None
    job, opened, outcome = None, False, ""
    try:
        with transaction.atomic():
            cycle = Cycle.objects.filter(scheme_code=schedule.scheme_code, period=str(due.period)).first()
            if cycle is None:
                cycle = cycle_open(
                    actor=actor, scheme_code=schedule.scheme_code, period=str(due.period), today=today
                )
                opened = True
            if cycle.state == CycleState.CLOSED:
                outcome = _("周期已结束，没有再定级")
            else:
                job = regrade(actor=actor, cycle_id=cycle.pk)
                outcome = _("任务 %(job)s") % {"job": job.pk}
    except ValidationError as error:
        job, opened, outcome = None, False, " ".join(error.messages)[:200]
    schedule.last_due, schedule.last_period, schedule.last_outcome = due.moment, str(due.period), outcome
    schedule.save(update_fields=["last_due", "last_period", "last_outcome", "updated_at"])
    after = {"period": str(due.period), "opened": opened, "outcome": outcome}
    record("schedule.serve", schedule, actor=actor, after=after, now=now)
    return job
