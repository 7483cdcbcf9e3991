"""A regrading is asked for here; a worker does it (appraisal.scoring.regrade)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle, CycleState
from appraisal.scoring import runs
from appraisal.scoring.permissions import REGRADE
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record
from cmsys.jobs.enqueue import enqueue
from cmsys.jobs.models import OPEN, Job, JobState
from cmsys.org.models import OrgUnit


@transaction.atomic
def regrade(*, actor: Actor, cycle_id: int, unit_id: int | None = None, chunk: int = 0) -> Job:
    """Queues the regrading of a cycle, or of one unit with all below it; the job that already waits for the same, if
    there is one. One regrading of a cycle at a time. Locks the cycle; four queries, the job and the event.

    Raises MissingFunction, Cycle.DoesNotExist, OrgUnit.DoesNotExist (out of reach), ValidationError (code `closed`: the
    cycle has ended; `running`: another regrading of it is under way and may have read its figures already).
    """
    require(actor, REGRADE)
    cycle: Cycle = Cycle.objects.reached_by(actor, REGRADE).select_for_update(of=("self",)).get(pk=cycle_id)
    if cycle.state != CycleState.OPEN:
        raise refused("state", "closed", _("考核周期 %(cycle)s 已经结束，不能再定级。") % {"cycle": cycle})
    unit = None if unit_id is None else OrgUnit.objects.reached_by(actor, REGRADE).get(pk=unit_id)
    args = runs.RegradeArgs(cycle.pk, unit.pk if unit else 0, chunk)
    waiting = Job.objects.filter(kind=runs.REGRADE, key=str(cycle.pk), state__in=OPEN).first()
    if waiting is not None:
        same = (waiting.args.get("unit"), waiting.args.get("chunk")) == (args.unit, args.chunk)
        if same and waiting.state == JobState.QUEUED and waiting.cursor is None:
            return waiting
        raise refused(
            "cycle",
            "running",
            _("考核周期 %(cycle)s 正在定级（任务 %(job)s）；请等它结束后再运行。")
            % {"cycle": cycle, "job": waiting.pk},
        )
    job = enqueue(runs.REGRADE, str(cycle.pk), args, actor=actor)
    record("cycle.regrade", cycle, actor=actor, after={"job": job.pk, "unit": unit.code if unit else ""})
    return job
