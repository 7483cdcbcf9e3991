"""The nightly look: plans whose review is due, and what must not wait for it. One unit with a policy a chunk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily
from customers.planning.scopes import scopes
from customers.planning.services.reviews import plan_due

REVIEW = "planning.review"


@dataclass(frozen=True)
class Looked(Document):
    """How many units were looked at, and how many plans were asked for."""

    units: int = 0
    plans: int = 0


def review_step(run: Run) -> Chunk:
    """The next unit."""
    seen: Looked = run.cursor or Looked()
    units = scopes()
    if seen.units < len(units):
        found = plan_due(
            actor=run.actor, unit=units[seen.units], today=timezone.localdate(run.now), now=run.now
        )
        seen = Looked(seen.units + 1, seen.plans + (found is not None))
    message = _("已查看 %(units)d 个范围，发起 %(plans)d 份方案") % {"units": seen.units, "plans": seen.plans}
    if seen.units < len(units):
        return Chunk(cursor=seen, done=seen.units, total=len(units), message=message)
    return Chunk(done=seen.units, total=seen.units, message=message, result=seen)


def register() -> None:
    """The kind, every night."""
    register_kind(JobKind(REVIEW, gettext_lazy("分客定期复查"), review_step, cursor=Looked, result=Looked))
    run_daily(Periodic(REVIEW, time(2, 10)))
