"""The job of the room: messages that were read go after a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.inbox.models import Message
from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily

KEPT = timedelta(days=365)
AT_ONCE = 5_000


@dataclass(frozen=True)
class Purged(Document):
    """How many messages went."""

    messages: int = 0


def purge(run: Run) -> Chunk:
    """Deletes what was read more than a year ago, some at a time. What nobody has read stays."""
    before: Purged = run.cursor or Purged()
    old = (
        Message.objects.filter(read_at__lt=run.now - KEPT)
        .order_by("pk")
        .values_list("pk", flat=True)[:AT_ONCE]
    )
    gone, _models = Message.objects.filter(pk__in=list(old)).delete()
    purged = Purged(before.messages + gone)
    message = _("已清除 %(count)d 条旧消息") % {"count": purged.messages}
    if gone < AT_ONCE:
        return Chunk(done=purged.messages, total=purged.messages, message=message, result=purged)
    return Chunk(cursor=purged, done=purged.messages, message=message)


def register() -> None:
    register_kind(JobKind("messages.purge", gettext_lazy("清除旧消息"), purge, cursor=Purged, result=Purged))
    run_daily(Periodic("messages.purge", time(3, 20)))
