"""FactKind: the import of one model of which there are millions of rows, for rooms to derive from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from django.db.models import Field, Model

from cmsys.facts import passage, taking_back, writing
from cmsys.facts.rules import Flaw, Named
from cmsys.transfers.engine.columns import Column
from cmsys.transfers.engine.source import Source
from cmsys.transfers.kinds import Context, ImportKind, Outcome, TakenBack
from cmsys.transfers.models import ImportBatch, Mode


class FactKind(ImportKind):
    """Rows of one model, found again by one unique key column.

    A file is staged by COPY, compared with what is there by joins, and written in one INSERT and one UPDATE. Queries: a
    number that does not depend on the rows. Memory: a block of lines, the findings.

    Declared: `code`, `label`, `function`, `columns`, `model`, `noun` (gives the events `noun.import` and
    `noun.import_undo`, one for each slice of a batch), and
    - `fields`: which model field each column fills; `references`: columns that name other objects;
    - `derived`: model field → SQL, for what the file does not say; `joins(context)`: SQL that `derived` needs.

    SQL speaks of the prepared row `y`: `line`, `existing` (id or null), `ref_CODE` (id the cell named, or null), `t_CODE`
    (what stood in that cell), `b_COLUMN` (stored before, null for a new row) and `a_COLUMN` (after), by columns of the
    table, e.g. `y.a_customer_id`. In `derived` and `joins` the row is called `x` and has no derived columns yet.
    """

    model: ClassVar[type[Model]]
    noun: ClassVar[str]
    fields: ClassVar[Mapping[str, str]]
    references: ClassVar[Mapping[str, Named]] = {}
    derived: ClassVar[Mapping[str, str]] = {}
    # Imports under one name wait for each other.
    lock: ClassVar[str] = "facts"

    # --- what rooms add -----------------------------------------------------------------------------------------------
    def flaws(self, context: Context) -> Sequence[Flaw]:
        """Rules over several cells and over the actor's reach."""
        return ()

    def joins(self, context: Context) -> str:
        """Further tables that `derived` speaks of."""
        return ""

    def unreachable(self, context: Context) -> str:
        """SQL over `y.b_…` that is true for a stored row out of the actor's reach. Empty: there is none."""
        return ""

    def moved(self, delta: str, context: Context) -> None:
        """Called once a batch is written or taken back, in its transaction.

        `delta` is a subquery with `sign` (−1: what no longer stands, +1: what stands instead) and the stored columns.
        """

    # --- names --------------------------------------------------------------------------------------------------------
    @property
    def key(self) -> Column:
        return next(column for column in self.columns if column.key)

    def stored(self) -> list[Field[Any, Any]]:
        """The model fields an import fills, in the order of the table."""
        names = {*self.fields.values(), *self.derived}
        return [field for field in self.model._meta.concrete_fields if field.name in names]

    def table_columns(self) -> list[str]:
        """The columns of the table behind `stored`."""
        return [str(field.column) for field in self.stored()]

    def code_of(self, field: Field[Any, Any]) -> str | None:
        """The column that fills a field; None for a derived one."""
        return next((code for code, name in self.fields.items() if name == field.name), None)

    # --- ImportKind ---------------------------------------------------------------------------------------------------
    def run(
        self,
        source: Source,
        context: Context,
        *,
        mapping: str = "",
        mode: str = Mode.ALL,
        folders: Sequence[Path] = (),
    ) -> Outcome:
        return passage.run(self, source, context, mapping=mapping, mode=mode, folders=folders)

    def keep(self, batch: ImportBatch, outcome: Outcome) -> None:
        for context in outcome.changes:
            writing.keep(self, batch, context)

    def take_back(self, batch: ImportBatch, context: Context) -> TakenBack:
        return taking_back.take_back(self, batch, context)

    def open_changes(self, batch: ImportBatch) -> tuple[int, int]:
        return taking_back.open_changes(batch)
