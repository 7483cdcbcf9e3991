"""RowKind: a kind whose rows are checked and written as objects, chunk by chunk."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from cmsys.transfers.engine.rows import Row
from cmsys.transfers.engine.source import Source
from cmsys.transfers.kinds import Change, Context, ImportKind, Kept, Outcome, TakenBack
from cmsys.transfers.models import ImportBatch, ImportChange, Mode
from cmsys.transfers.running import run


class RowKind(ImportKind):
    """Each chunk costs a number of queries that does not depend on its rows; each changed object has an ImportChange.

    `chunk_size` None takes all rows at once, for rows that refer to each other.
    """

    chunk_size: ClassVar[int | None] = 2000

    @abstractmethod
    def prepare(self, rows: Sequence[Row], context: Context) -> None:
        """Finds what exists, resolves references, compares; refuses cells by adding problems. Writes nothing."""

    @abstractmethod
    def write(self, rows: Sequence[Row], context: Context) -> list[Change]:
        """Writes prepared rows without problems, one event for each changed object. Unchanged rows are not among them."""

    @abstractmethod
    def undo(self, changes: Sequence[Change], context: Context) -> list[Kept]:
        """Puts objects back as they were before the batch; what was edited since or is referred to is kept and named."""

    def run(
        self,
        source: Source,
        context: Context,
        *,
        mapping: str = "",
        mode: str = Mode.ALL,
        folders: Sequence[Path] = (),
    ) -> Outcome:
        return run(self, source, context, mapping=mapping, mode=mode, folders=folders)

    def keep(self, batch: ImportBatch, outcome: Outcome) -> None:
        ImportChange.objects.bulk_create(
            (_stored(batch, change) for change in outcome.changes), batch_size=2000
        )

    def take_back(self, batch: ImportBatch, context: Context) -> TakenBack:
        rows = list(batch.changes.select_for_update().filter(undone_at__isnull=True).order_by("row"))
        kept = self.undo([_change(row) for row in rows], context)
        why = {item.row: item.why for item in kept}
        for row in rows:
            row.kept = why.get(row.row, "")[:300]
            row.undone_at = None if row.row in why else context.now
        ImportChange.objects.bulk_update(rows, ["kept", "undone_at"], batch_size=2000)
        done = [row for row in rows if row.row not in why]
        removed = sum(row.op == "create" for row in done)
        return TakenBack(len(done) - removed, removed, kept)

    def open_changes(self, batch: ImportBatch) -> tuple[int, int]:
        left = batch.changes.filter(undone_at__isnull=True)
        return left.filter(op="create").count(), left.filter(op="update").count()


def _stored(batch: ImportBatch, change: Change) -> ImportChange:
    return ImportChange(
        batch=batch,
        row=change.row,
        resource=change.resource,
        object_id=change.object_id,
        label=change.label,
        op=change.op,
        before=change.before,
        after=change.after,
    )


def _change(row: ImportChange) -> Change:
    return Change(row.row, row.resource, row.object_id, row.label, row.op, row.before, row.after)
