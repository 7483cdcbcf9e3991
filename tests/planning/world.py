"""The small bank with its customers, a policy worked by hand, and how the jobs of a plan are run in a test."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from django.conf import settings
from django.utils import timezone

from cmsys.jobs.documents import dump, load
from cmsys.jobs.kinds import Run, kind_of
from cmsys.jobs.models import OPEN, Job, JobState
from cmsys.jobs.work import actor_of
from customers.allocation.models import AllocationPolicy
from customers.allocation.services.policies import policy_import
from customers.planning.models import AllocationPlan
from customers.planning.services.rebalancing import rebalance
from tests.cast import STAGE, TODAY, Cast

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
DEFAULT = Path(settings.BASE_DIR) / "examples" / "policies" / "default.yaml"


def document(**changes: object) -> str:
    """The shipped example for the cast's three grades, with keys put in place of others."""
    data = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    data["capacity"] = {"JUNIOR": 20, "MIDDLE": 30, "SENIOR": 40, "none": 10}
    data["budget_percent"] = None
    # Tests of rules leave loads alone, so that nothing moves without a rule.
    data["weights"]["fairness"] = 0
    return yaml.safe_dump(data | changes, allow_unicode=True)


def policy(**changes: object) -> AllocationPolicy:
    return policy_import(actor=STAGE, text=document(**changes)).policy


def run_jobs(order: Callable[[list[Job]], list[Job]] = list) -> None:
    """Every open job of a plan, one step each, in any order."""
    while jobs := list(Job.objects.filter(kind__startswith="allocation.", state__in=OPEN).order_by("pk")):
        job = order(jobs)[0]
        kind = kind_of(job.kind)
        chunk = kind.step(
            Run(job.pk, job.key, actor_of(job), load(kind.args, job.args), None, timezone.now())
        )
        assert chunk.cursor is None
        Job.objects.filter(pk=job.pk).update(
            state=JobState.DONE, finished_at=timezone.now(), result=dump(chunk.result)
        )


def planned(cast: Cast, unit: str = "HO", *, code: str = "FK", seed: int | None = None) -> AllocationPlan:
    """A plan from the request to its draft."""
    plan = rebalance(actor=STAGE, unit_id=cast.units[unit].pk, policy_code=code, today=TODAY, now=NOW)
    chance = random.Random(seed)
    run_jobs(lambda jobs: chance.sample(jobs, len(jobs)) if seed is not None else jobs)
    plan.refresh_from_db()
    return plan


__all__ = ["NOW", "TODAY", "date", "document", "planned", "policy", "run_jobs"]
