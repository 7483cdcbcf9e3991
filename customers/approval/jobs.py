"""The daily job: plans whose units are late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily
from customers.approval.services.watching import plans_escalate

DAILY = "approval.daily"


@dataclass(frozen=True)
class Late(Document):
    """How many plans are late that were not before."""

    plans: int = 0


def daily_step(run: Run) -> Chunk:
    """In the job's name."""
    late = plans_escalate(actor=run.actor, now=run.now, today=timezone.localdate(run.now))
    message = _("%(n)d 份分客方案逾期未审核完") % {"n": late}
    return Chunk(done=late, total=late, message=message, result=Late(late))


def register() -> None:
    register_kind(JobKind(DAILY, gettext_lazy("分客方案审核期限"), daily_step, result=Late))
    run_daily(Periodic(DAILY, time(1, 20)))
