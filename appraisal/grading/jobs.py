"""The kinds of job this room adds: decisions take effect by date, changed figures are noticed; and how it follows a
publication."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.cycles.models import Cycle
from appraisal.figures.models import Reading, Target
from appraisal.grading.choices import RoundState
from appraisal.grading.models import GradingRound
from appraisal.grading.services.effect import AT_ONCE, take_effect
from appraisal.grading.services.proposing import propose
from appraisal.grading.services.stale import stale_mark
from appraisal.ratings.models import Rating
from appraisal.scoring.publication import follow
from cmsys.access.actors import Actor
from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily, run_when

TAKE_EFFECT, STALE = "grading.take_effect", "grading.stale"
# Changed figures are looked for twice an hour while there are any, and once a day in any case (rows taken back).
EVERY = timedelta(minutes=30)
DAILY_AT = time(6, 30)


@dataclass(frozen=True)
class Effected(Document):
    """How many cases took effect and how many could not; `last` is the last one looked at."""

    last: int = 0
    effective: int = 0
    troubled: int = 0


@dataclass(frozen=True)
class Looked(Document):
    """How many cases have another mark than before."""

    marked: int = 0


def take_effect_step(run: Run) -> Chunk:
    """Some cases at a time; the day is that of the moment the chunk runs."""
    before: Effected = run.cursor or Effected()
    today = timezone.localdate(run.now)
    done = take_effect(actor=run.actor, today=today, now=run.now, after=before.last, most=AT_ONCE)
    after = Effected(done.last, before.effective + done.effective, before.troubled + done.troubled)
    message = _("%(count)d 项生效，%(troubled)d 项未能生效") % {
        "count": after.effective, "troubled": after.troubled,
    }  # fmt: skip
    count = after.effective + after.troubled
    if done.effective + done.troubled < AT_ONCE:
        return Chunk(done=count, total=count, message=message, result=after)
    return Chunk(cursor=after, done=count, message=message)


def stale_step(run: Run) -> Chunk:
    """Every cycle of which something is being decided."""
    cycles = GradingRound.objects.exclude(state=RoundState.CLOSED).filter(cycle__state="open")
    marked = sum(
        stale_mark(actor=run.actor, cycle_id=cycle, now=run.now)
        for cycle in cycles.order_by("cycle").values_list("cycle", flat=True)
    )
    message = _("%(count)d 项的数据状态有变化") % {"count": marked}
    return Chunk(done=marked, total=marked, message=message, result=Looked(marked))


def stale_due(now: datetime) -> datetime | None:
    """The half hour that has just begun, when figures of a round under way have changed in the one before; at 6:30 always."""
    local = timezone.localtime(now)
    moment = local.replace(minute=0 if local.minute < 30 else 30, second=0, microsecond=0)
    if moment.time() == DAILY_AT:
        return moment
    periods = GradingRound.objects.filter(state=RoundState.REVIEW).values("cycle__period")
    changed = any(
        model.objects.filter(
            updated_at__gte=moment - EVERY, updated_at__lt=moment, period__in=periods
        ).exists()
        for model in (Reading, Target, Rating)
    )
    return moment if changed else None


def on_publication(actor: Actor, cycle: Cycle, now: datetime) -> None:
    """Decisions follow their sheets."""
    propose(actor=actor, cycle=cycle, now=now)


def register() -> None:
    follow(on_publication)
    register_kind(
        JobKind(
            TAKE_EFFECT,
            gettext_lazy("定级决定按日生效"),
            take_effect_step,
            cursor=Effected,
            result=Effected,
        )
    )
    run_daily(Periodic(TAKE_EFFECT, time(0, 10)))
    register_kind(JobKind(STALE, gettext_lazy("核对定级依据"), stale_step, result=Looked))
    run_when(STALE, stale_due)
