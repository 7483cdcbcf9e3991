"""What the room clears away every night: kept answers of writes that nobody will ask for again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.api.idempotency import KEPT, purge
from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily

KEYS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Forgotten(Document):
    """How many kept answers went."""

    keys: int = 0


def forget_keys(run: Run) -> Chunk:
    """Deletes answers of more than a day ago, some at a time."""
    before: Forgotten = run.cursor or Forgotten()
    gone = purge(run.now - KEPT, KEYS_AT_ONCE)
    forgotten = Forgotten(keys=before.keys + gone)
    message = _("已清除 %(count)d 个过期的幂等键") % {"count": forgotten.keys}
    if gone < KEYS_AT_ONCE:
        return Chunk(done=forgotten.keys, total=forgotten.keys, message=message, result=forgotten)
    return Chunk(cursor=forgotten, done=forgotten.keys, message=message)


def register() -> None:
    register_kind(
        JobKind("api.keys", gettext_lazy("清除过期的幂等键"), forget_keys, cursor=Forgotten, result=Forgotten)
    )
    run_daily(Periodic("api.keys", time(3, 20)))
