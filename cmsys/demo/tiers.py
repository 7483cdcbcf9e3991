"""The demonstration bank sorts its customers: the example rule in force, its first run as a proposal that waits, or applied."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from cmsys.access.actors import Actor
from cmsys.demo.working import work_here
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
    work_here(COMPUTE)
    run.refresh_from_db()
    if apply and run.state == "proposed":
        run_apply(actor=actor, run_id=run.pk, reason="演示", now=now)
        work_here(APPLY)
        run.refresh_from_db()
    return run
