"""The kinds of job the kernel itself needs: expired sessions go, and the ledger is verified every night."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time

from django.contrib.sessions.models import Session
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.audit.verify import verify
from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily

SESSIONS_AT_ONCE = 2_000
BREAKS_NAMED = 100


@dataclass(frozen=True)
class Cleared(Document):
    """How many sessions went."""

    sessions: int = 0


@dataclass(frozen=True)
class Verified(Document):
    """What verify_audit prints; of many breaks only the first."""

    events: int
    sealed: int
    head: str
    breaks: list[int] = field(default_factory=list)


def clear_sessions(run: Run) -> Chunk:
    """Deletes expired sessions, some at a time; signing-in records are elsewhere and stay."""
    before: Cleared = run.cursor or Cleared()
    expired = Session.objects.filter(expire_date__lt=run.now).values_list("pk", flat=True)[:SESSIONS_AT_ONCE]
    gone, _models = Session.objects.filter(pk__in=list(expired)).delete()
    cleared = Cleared(sessions=before.sessions + gone)
    message = _("已清除 %(count)d 个过期会话") % {"count": cleared.sessions}
    if gone < SESSIONS_AT_ONCE:
        return Chunk(done=cleared.sessions, total=cleared.sessions, message=message, result=cleared)
    return Chunk(cursor=cleared, done=cleared.sessions, message=message)


def verify_ledger(run: Run) -> Chunk:
    """Recomputes the whole chain. A broken one is a finished verification whose result says so."""
    found = verify()
    message = (
        _("操作日志校验不通过：第 %(places)s 处") % {"places": "、".join(map(str, found.breaks[:5]))}
        if found.breaks
        else _("操作日志完整，已校验 %(count)d 条") % {"count": found.sealed}
    )
    result = Verified(found.events, found.sealed, found.head, found.breaks[:BREAKS_NAMED])
    return Chunk(done=found.sealed, total=found.sealed, message=message, result=result)


def register() -> None:
    register_kind(
        JobKind(
            "sessions.clear", gettext_lazy("清除过期会话"), clear_sessions, cursor=Cleared, result=Cleared
        )
    )
    register_kind(JobKind("audit.verify", gettext_lazy("校验操作日志"), verify_ledger, result=Verified))
    run_daily(Periodic("sessions.clear", time(3, 10)))
    run_daily(Periodic("audit.verify", time(3, 30)))
