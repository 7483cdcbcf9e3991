"""Large files are checked and brought in by a worker: one chunk, one transaction, in the name of who asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, JobRefused, Run, register_kind
from cmsys.jobs.schedule import Periodic, run_daily
from cmsys.transfers.models import ImportBatch, State
from cmsys.transfers.report import load_report
from cmsys.transfers.services.batches import batch_check, batch_commit, files_expire

CHECK = "import.check"
COMMIT = "import.commit"
EXPIRE = "import.expire"


@dataclass(frozen=True)
class BatchArgs(Document):
    """Which batch, and in which mode it comes in."""

    batch: int
    mode: str = ""


@dataclass(frozen=True)
class BatchResult(Document):
    """What came of it, in rows."""

    batch: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0


def check_step(run: Run) -> Chunk:
    """Checks the whole file. Raises JobRefused when it is gone."""
    try:
        batch = batch_check(
            actor=run.actor, batch_id=run.args.batch, now=run.now, today=timezone.localdate(run.now)
        )
    except ImportBatch.DoesNotExist:
        raise JobRefused(_("批次已不存在，或您已没有权限"))
    except ValidationError as error:
        raise JobRefused(" ".join(error.messages))
    return _finished(batch, _("检查完毕"))


def commit_step(run: Run) -> Chunk:
    """Brings the batch in, or leaves it with new findings. Raises JobRefused when it cannot come in any more."""
    try:
        imported = batch_commit(
            actor=run.actor,
            batch_id=run.args.batch,
            mode=run.args.mode,
            now=run.now,
            today=timezone.localdate(run.now),
        )
    except ImportBatch.DoesNotExist:
        raise JobRefused(_("批次已不存在，或您已没有权限"))
    except ValidationError as error:
        raise JobRefused(" ".join(error.messages))
    batch = imported.batch
    assert batch is not None
    return _finished(batch, _("已导入") if batch.state == State.DONE else _("有错，没有导入"))


def expire_step(run: Run) -> Chunk:
    """Throws away uploaded files past their time; nobody has to upload another for that."""
    gone = files_expire(now=run.now)
    return Chunk(done=gone, total=gone, message=_("已删除 %(count)d 个过期的导入文件") % {"count": gone})


def _finished(batch: ImportBatch, message: str) -> Chunk:
    report = load_report(batch.report)
    result = BatchResult(batch.pk, report.created, report.updated, report.unchanged, report.refused)
    return Chunk(done=report.read, total=report.read, message=message, result=result)


def register() -> None:
    """Called once, from apps.ready()."""
    register_kind(
        JobKind(CHECK, gettext_lazy("检查导入文件"), check_step, args=BatchArgs, result=BatchResult)
    )
    register_kind(JobKind(EXPIRE, gettext_lazy("删除过期的导入文件"), expire_step))
    run_daily(Periodic(EXPIRE, time(3, 20)))
    register_kind(JobKind(COMMIT, gettext_lazy("导入文件"), commit_step, args=BatchArgs, result=BatchResult))
