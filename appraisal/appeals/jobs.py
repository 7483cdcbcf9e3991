"""The daily job: plans open by themselves, and whoever answers late is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.appeals.services.opening import plans_open
from appraisal.appeals.services.watching import appeals_escalate
from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily

DAILY = "appeals.daily"


@dataclass(frozen=True)
class Followed(Document):
    """How many plans were opened and how many appeals are late."""

    plans: int = 0
    late: int = 0


@transaction.atomic
def daily_step(run: Run) -> Chunk:
    """Both, in the job's name."""
    today = timezone.localdate(run.now)
    plans = plans_open(actor=run.actor, now=run.now, today=today)
    late = appeals_escalate(actor=run.actor, now=run.now, today=today)
    message = _("建立 %(plans)d 份改进计划，%(late)d 件申诉逾期") % {"plans": plans, "late": late}
    return Chunk(done=plans + late, total=plans + late, message=message, result=Followed(plans, late))


def register() -> None:
    register_kind(JobKind(DAILY, gettext_lazy("申诉与改进计划"), daily_step, result=Followed))
    # After the job that puts decisions into effect (00:10).
    run_daily(Periodic(DAILY, time(1, 0)))
