"""What changes by date alone: every night the owner of a customer becomes the primary manager of the new day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily
from customers.registry.services.assignments import owners_refresh

AT_ONCE = 20_000


@dataclass(frozen=True)
class Refreshed(Document):
    """How many customers have another owner than before."""

    customers: int = 0


def refresh_owners(run: Run) -> Chunk:
    """Some customers at a time; the day is that of the moment the chunk runs."""
    before: Refreshed = run.cursor or Refreshed()
    changed = owners_refresh(actor=run.actor, today=timezone.localdate(run.now), now=run.now, most=AT_ONCE)
    done = Refreshed(customers=before.customers + changed)
    message = _("已更新 %(count)d 户的主办") % {"count": done.customers}
    if changed < AT_ONCE:
        return Chunk(done=done.customers, total=done.customers, message=message, result=done)
    return Chunk(cursor=done, done=done.customers, message=message)


def register() -> None:
    register_kind(
        JobKind(
            "registry.owners_of_today", gettext_lazy("更新当日主办"), refresh_owners, cursor=Refreshed, result=Refreshed
        )
    )  # fmt: skip
    run_daily(Periodic("registry.owners_of_today", time(0, 5)))
