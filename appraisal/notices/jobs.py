"""The daily job: notices that have passed let their people go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.notices.following import ACTOR, astray, over, settle
from appraisal.notices.services.publishing import line_strike
from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily

END = "notices.end"
# Before the decisions of the day take effect.
AT = time(0, 5)
CHUNK = 100


@dataclass(frozen=True)
class Position(Document):
    """The last line that was looked at, and how many have been cleared so far."""

    after: int = 0
    cleared: int = 0


@dataclass(frozen=True)
class Cleared(Document):
    """How many people's notices have passed."""

    cleared: int = 0


def end_step(run: Run) -> Chunk:
    """Clears a hundred lines of notices whose last day is over and that nobody objects to; first those are struck whose
    case has gone elsewhere."""
    today = timezone.localdate(run.now)
    here = run.cursor or Position()
    if run.cursor is None:
        for pk in astray():
            line_strike(actor=ACTOR, line_id=pk, now=run.now)
    keys = over(today, here.after, CHUNK)
    cleared = here.cleared + settle(keys, run.now, today)
    message = _("%(n)d 人公示期满") % {"n": cleared}
    if len(keys) < CHUNK:
        return Chunk(done=cleared, total=cleared, message=message, result=Cleared(cleared))
    return Chunk(cursor=Position(keys[-1], cleared), done=cleared, message=message)


def register() -> None:
    register_kind(JobKind(END, gettext_lazy("公示期满"), end_step, cursor=Position, result=Cleared))
    run_daily(Periodic(END, AT))
