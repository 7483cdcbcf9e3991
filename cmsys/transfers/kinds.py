"""ImportKind: what a room declares so that its rows can be imported; and the registry of them.

A kind says what its columns are, checks a file against what is in the database, writes it and takes it back. RowKind does
that row by row in chunks (master data), `cmsys.facts` set-wise in the database (facts in millions).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar

from cmsys.access.actors import Actor, may
from cmsys.access.functions import Function
from cmsys.audit.acting import acting
from cmsys.audit.ledger import masked
from cmsys.audit.models import Event
from cmsys.transfers.engine.columns import Column
from cmsys.transfers.engine.rows import Row
from cmsys.transfers.engine.source import Source
from cmsys.transfers.models import ImportBatch, Mode
from cmsys.transfers.report import Report


@dataclass
class Context:
    """Who imports, when, and whether rows are being written (then they are locked). `reason` stands in every event."""

    actor: Actor
    now: datetime
    today: date
    writing: bool = False
    reason: str = ""
    memo: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One object as the batch left it: enough to take it back. Values are of the database, unmasked."""

    row: int
    resource: str
    object_id: str
    label: str
    op: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """An object that undo left as it is, and why."""

    row: int
    label: str
    why: str


@dataclass
class Outcome:
    """A report and, when rows were written, what changed, in whatever form the kind keeps it."""

    report: Report
    changes: list[Any] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return self.report.error_count == 0


@dataclass(frozen=True)
class TakenBack:
    """What an undo came to, in objects."""

    restored: int
    removed: int
    kept: list[Kept]


class ImportKind(ABC):
    """One kind of thing to import."""

    code: ClassVar[str]
    label: ClassVar[Any]
    columns: ClassVar[tuple[Column, ...]]
    function: ClassVar[Function]
    order: ClassVar[int] = 100

    @abstractmethod
    def run(
        self,
        source: Source,
        context: Context,
        *,
        mapping: str = "",
        mode: str = Mode.ALL,
        folders: Sequence[Path] = (),
    ) -> Outcome:
        """Checks all rows; with `context.writing` it also writes. In mode `all` nothing needs to be right once there is
        an error: the caller rolls back. Never raises for what is in the file.
        """

    @abstractmethod
    def keep(self, batch: ImportBatch, outcome: Outcome) -> None:
        """Stores what taking the batch back will need."""

    @abstractmethod
    def take_back(self, batch: ImportBatch, context: Context) -> TakenBack:
        """Puts objects back as they were before the batch; what was edited since or is referred to is kept and named."""

    @abstractmethod
    def open_changes(self, batch: ImportBatch) -> tuple[int, int]:
        """How many created and how many changed objects of a batch have not been taken back."""

    def column(self, code: str) -> Column:
        return next(column for column in self.columns if column.code == code)

    def label_of(self, row: Row) -> str:
        """How a row is called in lists: its key and, where there is one, its name."""
        key = " ".join(str(part) for part in row.key if part is not None)
        name = row.values.get("name")
        return f"{name}（{key}）" if name and key else str(name or key)


_kinds: dict[str, ImportKind] = {}


def register_kind(kind: ImportKind) -> None:
    """Called once per kind from a room's apps.ready(). Raises ValueError on a second registration of a code."""
    if kind.code in _kinds:
        raise ValueError(f"import kind {kind.code} is registered twice")
    _kinds[kind.code] = kind


def all_kinds() -> list[ImportKind]:
    """Every kind, in the order in which files are usually brought in."""
    return sorted(_kinds.values(), key=lambda kind: (kind.order, kind.code))


def kind_of(code: str) -> ImportKind | None:
    return _kinds.get(code)


def kinds_for(actor: Actor) -> list[ImportKind]:
    """The kinds the actor may import."""
    return [kind for kind in all_kinds() if may(actor, kind.function)]


def prepared_event(
    kind: str, instance: Any, context: Context, *, before: dict[str, Any], after: dict[str, Any]
) -> Event:
    """An event row for record_many, with the model's masks applied; nothing is written yet."""
    now_acting = acting()
    return Event(
        at=context.now,
        kind=kind,
        resource=instance.resource,
        object_id=str(instance.pk),
        object_label=str(instance)[:200],
        actor_id=context.actor.actor_id,
        actor_name=context.actor.actor_name[:120],
        before=masked(before, instance.audit_masks),
        after=masked(after, instance.audit_masks),
        reason=context.reason[:500],
        request_id=now_acting.request_id if now_acting else "",
        address=now_acting.address if now_acting else "",
    )
