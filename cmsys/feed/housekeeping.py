"""Once a day: note how far everything is settled, and clear away what is older than clients may fall behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.audit.models import settled_to
from cmsys.feed.models import FeedChange, FeedMark
from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily

AT_ONCE = 20_000


@dataclass(frozen=True)
class Cleared(Document):
    """How many changes went, and below which number."""

    changes: int = 0
    floor: int = 0


def keep_for() -> timedelta:
    """How long a client may stay away without having to load everything again."""
    return timedelta(days=settings.FEED_DAYS)


def purge(run: Run) -> Chunk:
    """Marks today, moves the floor to the newest mark that is old enough, and deletes what lies below, some at a time.

    The floor moves before anything goes, in the same transaction as the first deletions: no client reads on across a gap.
    """
    before: Cleared = run.cursor or _begin(run)
    oldest = FeedChange.objects.filter(id__lte=before.floor).order_by("id").values_list("id", flat=True)
    gone, _models = FeedChange.objects.filter(id__in=list(oldest[:AT_ONCE])).delete()
    cleared = Cleared(before.changes + gone, before.floor)
    message = _("已清除 %(count)d 条过期变更") % {"count": cleared.changes}
    if gone < AT_ONCE:
        return Chunk(done=cleared.changes, total=cleared.changes, message=message, result=cleared)
    return Chunk(cursor=cleared, done=cleared.changes, message=message)


def _begin(run: Run) -> Cleared:
    FeedMark.objects.get_or_create(settled=settled_to(), defaults={"at": run.now})
    old = FeedMark.objects.filter(at__lte=run.now - keep_for()).order_by("-settled").first()
    if old is not None:
        FeedMark.objects.filter(settled__lt=old.settled).delete()
        FeedMark.objects.filter(pk=old.pk).update(is_floor=True)
    floor = FeedMark.objects.filter(is_floor=True).order_by("-settled").first()
    return Cleared(floor=floor.settled if floor is not None else 0)


def register() -> None:
    register_kind(
        JobKind("feed.purge", gettext_lazy("清除过期变更"), purge, cursor=Cleared, result=Cleared, priority=8)
    )
    run_daily(Periodic("feed.purge", time(3, 20)))
