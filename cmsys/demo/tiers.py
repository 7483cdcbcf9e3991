"""The demonstration bank sorts its customers: the example rule in force, its first run as a proposal that waits, or applied."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from cmsys.access.actors import Actor
from cmsys.jobs.models import OPEN, Job
from cmsys.jobs.work import work_on
from customers.tiers.models import TierRun
from customers.tiers.runs import APPLY, COMPUTE
from customers.tiers.services.rules import rule_adopt, rule_import
from customers.tiers.services.runs import run_apply, run_start

RULE = Path(settings.BASE_DIR) / "examples" / "tier_rules" / "default.yaml"


def sort_customers(*, actor: Actor, today: date, now: datetime, apply: bool = False) -> TierRun:
    """The example rule adopted and run; the proposal waits for a decision unless `apply`. Works on the jobs here, so it must
    not be called in a transaction of the caller's. Asked again it makes another run of the same rule."""
    rule = rule_import(actor=actor, text=RULE.read_text(encoding="utf-8")).rule
    rule_adopt(actor=actor, rule_id=rule.pk, reason="演示", now=now)
    run = run_start(actor=actor, rule_id=rule.pk, trial=False, today=today, now=now)
    _work(COMPUTE, run)
    run.refresh_from_db()
    if apply and run.state == "proposed":
        run_apply(actor=actor, run_id=run.pk, reason="演示", now=now)
        _work(APPLY, run)
        run.refresh_from_db()
    return run


def _work(kind: str, run: TierRun) -> None:
    """The run's job, slice by slice, unless somebody else's worker has it."""
    while (job := Job.objects.filter(kind=kind, key=str(run.pk), state__in=OPEN).first()) is not None:
        work_on(job.pk)
        if Job.objects.filter(pk=job.pk, state__in=OPEN, progress_done=job.progress_done).exists():
            return
