"""The daily job: first contacts that are missing are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily
from customers.handover.services.contacts import contacts_escalate

ESCALATE = "handover.escalate"
# Before people come to work, so that it is the first thing they read.
AT = time(7, 30)


@dataclass(frozen=True)
class Told(Document):
    """How many contacts were told to heads, and how many to customers management."""

    heads: int = 0
    management: int = 0


def escalate_step(run: Run) -> Chunk:
    """All at once: what is told are numbers, a message for each person."""
    heads, management = contacts_escalate(actor=run.actor, now=run.now, today=timezone.localdate(run.now))
    message = _("上报主管 %(heads)d 户，上报客户管理 %(management)d 户") % {
        "heads": heads,
        "management": management,
    }
    return Chunk(
        done=heads + management, total=heads + management, message=message, result=Told(heads, management)
    )


def register() -> None:
    register_kind(JobKind(ESCALATE, gettext_lazy("首次联系逾期上报"), escalate_step, result=Told))
    run_daily(Periodic(ESCALATE, AT))
