"""A file becomes a batch: checked, brought in, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import record
from cmsys.transfers.engine.problems import Code, FileRefused
from cmsys.transfers.engine.source import Source
from cmsys.transfers.kinds import Context, ImportKind, Kept, Outcome, kind_of
from cmsys.transfers.models import ImportBatch, ImportFile, Mode, State
from cmsys.transfers.report import Report, load_report
from cmsys.transfers.selectors import batches_visible_to
from cmsys.transfers.wording import refusal

KEPT_DAYS = 7
CONTENTION = gettext_noop("导入期间有人同时改动了相同的记录，什么都没有写入。请稍后重新检查再导入。")
UNDOABLE = (State.DONE, State.PARTLY_UNDONE)


@dataclass(frozen=True)
class Imported:
    """What an import came to. `batch` is None when nothing was brought in or kept."""

    report: Report
    batch: ImportBatch | None

    @property
    def is_in(self) -> bool:
        return self.batch is not None and self.batch.state == State.DONE


@dataclass(frozen=True)
class Undone:
    """What an undo came to."""

    batch: ImportBatch
    restored: int
    removed: int
    kept: list[Kept]


class _NotClean(Exception):
    """Rolls back what was written before an error was met."""


def file_check(
    *,
    actor: Actor,
    kind: ImportKind,
    source: Source,
    mapping: str = "",
    mode: str = Mode.ALL,
    now: datetime,
    today: date,
    folders: Sequence[Path] = (),
) -> Report:
    """Checks a file and writes nothing. Raises MissingFunction; what is wrong with the file stands in the report."""
    require(actor, kind.function)
    context = Context(actor=actor, now=now, today=today)
    return kind.run(source, context, mapping=mapping, mode=mode, folders=folders).report


@transaction.atomic
def batch_upload(
    *,
    actor: Actor,
    kind: ImportKind,
    name: str,
    content: bytes,
    mapping: str = "",
    now: datetime,
    today: date,
    check: bool = True,
) -> ImportBatch:
    """Keeps an uploaded file for KEPT_DAYS days and checks it for the preview, unless a job will (`check` False).

    Expired files of everybody are thrown away on the occasion. Raises MissingFunction.
    """
    require(actor, kind.function)
    files_expire(now=now)
    source = Source.of_bytes(name, content)
    batch = _batch(actor, kind, source, mapping, Mode.ALL, now)
    batch.state = State.CHECKING
    batch.save()
    ImportFile.objects.create(batch=batch, content=content, expires_at=now + timedelta(days=KEPT_DAYS))
    return batch_check(actor=actor, batch_id=batch.pk, now=now, today=today) if check else batch


@transaction.atomic
def batch_check(*, actor: Actor, batch_id: int, now: datetime, today: date) -> ImportBatch:
    """Checks every row of a kept file and stores the report; one event. A batch that is past that stays as it is.

    Raises MissingFunction, ImportBatch.DoesNotExist (not visible), ValidationError (file expired).
    """
    batch, kind = locked_batch(actor, batch_id)
    if batch.state not in (State.CHECKING, State.CHECKED):
        return batch
    source = source_of(batch)
    report = file_check(actor=actor, kind=kind, source=source, mapping=batch.mapping, now=now, today=today)
    batch.report = report.as_json()
    batch.state = State.CHECKED
    batch.save(update_fields=["report", "state"])
    record(
        "import.check",
        batch,
        actor=actor,
        label=f"{kind.label}：{batch.file_name}",
        after=_counts(report) | {"kind": kind.code, "sha256": batch.sha256},
        now=now,
    )
    return batch


@transaction.atomic
def file_import(
    *,
    actor: Actor,
    kind: ImportKind,
    source: Source,
    mapping: str = "",
    mode: str = Mode.ALL,
    now: datetime,
    today: date,
    folders: Sequence[Path] = (),
) -> Imported:
    """Checks and brings a file in as one batch: all of it, or (mode `skip`) the rows without error.

    One event per changed object and one for the batch. Nothing at all is written, and `batch` is None, when the file is
    refused, has errors in mode `all`, or no good row. Raises MissingFunction.
    """
    require(actor, kind.function)
    batch = _batch(actor, kind, source, mapping, mode, now)
    report = _bring_in(batch, actor, kind, source, folders, now, today)
    return Imported(report, batch if batch.state == State.DONE else None)


@transaction.atomic
def batch_commit(*, actor: Actor, batch_id: int, mode: str, now: datetime, today: date) -> Imported:
    """Brings a checked batch in, checking every row again on locked data. Committing twice brings it in once.

    In mode `all` a row that has become wrong since the preview leaves everything as it was, with the new findings in the
    report. Raises MissingFunction, ImportBatch.DoesNotExist (not visible), ValidationError (state, file expired).
    """
    batch, kind = locked_batch(actor, batch_id)
    if batch.state not in (State.CHECKED, State.QUEUED):
        raise ValidationError(
            _("这一批已经是“%(state)s”，不能再导入。") % {"state": batch.get_state_display()}, code="conflict"
        )
    source = source_of(batch)
    batch.mode = mode
    report = _bring_in(batch, actor, kind, source, (), now, today)
    if batch.state != State.DONE:
        batch.state = State.CHECKED
        batch.report = report.as_json()
        batch.save(update_fields=["state", "mode", "report"])
    return Imported(report, batch)


@transaction.atomic
def batch_discard(*, actor: Actor, batch_id: int, now: datetime) -> ImportBatch:
    """Drops a batch that is not in yet, and its file; a job that waits for it ends refused. Raises MissingFunction, ImportBatch.DoesNotExist, ValidationError (state)."""
    batch, _kind = locked_batch(actor, batch_id)
    if batch.state not in (State.CHECKING, State.CHECKED, State.QUEUED):
        raise ValidationError(_("只有还没有导入的批次可以放弃。"), code="conflict")
    batch.state = State.DISCARDED
    batch.report = _without_values(load_report(batch.report)).as_json()
    batch.save(update_fields=["state", "report"])
    ImportFile.objects.filter(batch=batch).delete()
    record("import.discard", batch, actor=actor, label=str(batch), now=now)
    return batch


@transaction.atomic
def batch_undo(*, actor: Actor, batch_id: int, reason: str = "", now: datetime, today: date) -> Undone:
    """Puts every object of a batch back as it was before it, except what was edited since or is referred to: that is
    kept and named. One event per object put back and one for the undo. Can be repeated for what was kept.

    Raises MissingFunction, ImportBatch.DoesNotExist, ValidationError (not brought in, already undone).
    """
    batch, kind = locked_batch(actor, batch_id)
    if batch.state not in UNDOABLE:
        raise ValidationError(
            _("这一批是“%(state)s”，没有可撤销的内容。") % {"state": batch.get_state_display()},
            code="conflict",
        )
    context = Context(
        actor=actor,
        now=now,
        today=today,
        writing=True,
        reason=_("撤销导入批次 %(batch)s") % {"batch": batch.pk},
    )
    taken = kind.take_back(batch, context)
    batch.state = State.PARTLY_UNDONE if taken.kept else State.UNDONE
    batch.undone_at = now
    batch.undone_by = actor.actor_name[:120]
    batch.save(update_fields=["state", "undone_at", "undone_by"])
    record(
        "import.undo",
        batch,
        actor=actor,
        label=str(batch),
        after={"restored": taken.restored, "removed": taken.removed, "kept": len(taken.kept)},
        reason=reason,
        now=now,
    )
    return Undone(batch, taken.restored, taken.removed, taken.kept)


@transaction.atomic
def files_expire(*, now: datetime) -> int:
    """Throws away files past their time and the values quoted from them; returns how many. Two or three statements."""
    expired = list(ImportFile.objects.filter(expires_at__lte=now).values_list("batch_id", flat=True))
    if not expired:
        return 0
    batches = list(ImportBatch.objects.select_for_update().filter(pk__in=expired))
    for batch in batches:
        batch.report = _without_values(load_report(batch.report)).as_json()
        if batch.state in (State.CHECKED, State.CHECKING, State.QUEUED):
            batch.state = State.DISCARDED
    ImportBatch.objects.bulk_update(batches, ["report", "state"])
    ImportFile.objects.filter(batch_id__in=expired).delete()
    return len(expired)


def source_of(batch: ImportBatch) -> Source:
    """The kept bytes of a batch. Raises ValidationError when they are gone."""
    kept = ImportFile.objects.filter(batch=batch).first()
    if kept is None:
        raise ValidationError(
            _("文件已过保留期（%(days)s 天），请重新上传。") % {"days": KEPT_DAYS}, code="expired"
        )
    return Source.of_bytes(batch.file_name, bytes(kept.content))


def _batch(
    actor: Actor, kind: ImportKind, source: Source, mapping: str, mode: str, now: datetime
) -> ImportBatch:
    return ImportBatch(
        kind=kind.code,
        file_name="".join(char for char in source.name if char.isprintable())[-200:],
        sha256=source.sha256(),
        size=source.size,
        mapping=mapping,
        mode=mode,
        actor_id=actor.actor_id,
        actor_name=actor.actor_name[:120],
        created_at=now,
    )


def locked_batch(actor: Actor, batch_id: int) -> tuple[ImportBatch, ImportKind]:
    """A batch of the actor's, locked, and its kind. Raises MissingFunction, ImportBatch.DoesNotExist."""
    batch = batches_visible_to(actor).select_for_update(of=("self",)).get(pk=batch_id)
    kind = kind_of(batch.kind)
    if kind is None:
        raise ImportBatch.DoesNotExist
    require(actor, kind.function)
    return batch, kind


def _bring_in(
    batch: ImportBatch,
    actor: Actor,
    kind: ImportKind,
    source: Source,
    folders: Sequence[Path],
    now: datetime,
    today: date,
) -> Report:
    """Writes rows, changes and events within a savepoint that is left only when the batch stands."""
    outcome = Outcome(Report())
    try:
        with transaction.atomic():
            batch.state = State.DONE
            batch.done_at = now
            batch.save()
            context = Context(
                actor=actor,
                now=now,
                today=today,
                writing=True,
                reason=_("导入批次 %(batch)s") % {"batch": batch.pk},
            )
            outcome = kind.run(source, context, mapping=batch.mapping, mode=batch.mode, folders=folders)
            report = outcome.report
            nothing_good = report.created + report.updated + report.unchanged == 0
            if not outcome.is_clean and (batch.mode == Mode.ALL or nothing_good):
                raise _NotClean
            batch.report = report.as_json()
            batch.save(update_fields=["report"])
            kind.keep(batch, outcome)
            record(
                "import.commit",
                batch,
                actor=actor,
                label=f"{kind.label}：{batch.file_name}",
                after=_counts(report) | {"kind": kind.code, "mode": batch.mode, "sha256": batch.sha256},
                now=now,
            )
    except _NotClean:
        batch.state = State.CHECKED
        batch.done_at = None
    except (IntegrityError, OperationalError) as error:
        if not _is_contention(error):
            raise
        batch.state = State.CHECKED
        batch.done_at = None
        outcome.report.add_error(refusal(FileRefused(CONTENTION, code=Code.CONFLICT)))
    return outcome.report


def _is_contention(error: Exception) -> bool:
    """Whether somebody else got there first: a key taken, a row locked, a deadlock. Other failures are ours."""
    code = getattr(error.__cause__, "pgcode", None) or getattr(error, "pgcode", None) or ""
    return code.startswith("23") or code in ("55P03", "40P01", "40001")


def _counts(report: Report) -> dict[str, int]:
    return {
        "read": report.read,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "refused": report.refused,
    }


def _without_values(report: Report) -> Report:
    """Only counts stay: what people typed goes with the file."""
    report.errors, report.warnings, report.samples = [], [], {}
    return report
