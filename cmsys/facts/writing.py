"""Prepared rows into their table, and what taking them back needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import OperationalError
from django.utils.translation import gettext as _

from cmsys.audit.ledger import record
from cmsys.facts import staging
from cmsys.facts.models import FactSlice
from cmsys.facts.ready import CREATE, REMOVE, UPDATE
from cmsys.facts.sql import READY, fetch, literal, run, table
from cmsys.transfers.kinds import Context
from cmsys.transfers.models import ImportBatch
from cmsys.transfers.report import Report

if TYPE_CHECKING:
    from cmsys.facts.fact_kind import FactKind

# Lines of a file that share a slice and an event.
SLICE = 50_000


class Overtaken(OperationalError):
    """Somebody changed a row between the look at it and the update; a conflict like the database's own."""

    pgcode = "40001"


def write(kind: FactKind, context: Context, report: Report) -> None:
    """One INSERT, one UPDATE, and what the kind does with the difference. Raises Overtaken."""
    columns = kind.table_columns()
    now = literal(context.now)
    if report.created:
        run(
            f"INSERT INTO {table(kind.model)} (id, {_listed(columns)}, updated_at)"
            f" SELECT id, {', '.join(f'a_{name}' for name in columns)}, {now} FROM {READY}"
            f" WHERE action = {CREATE} ORDER BY line"
        )
    if report.updated:
        update(kind, now)
    if report.created or report.updated:
        kind.moved(delta(kind), context)


def update(kind: FactKind, now: str) -> None:
    """Stored rows become what is prepared for them, if they are still as they were seen. Raises Overtaken."""
    columns = kind.table_columns()
    settings = ", ".join(f'"{name}" = r.a_{name}' for name in columns)
    written = run(
        f"UPDATE {table(kind.model)} m SET {settings}, updated_at = {now} FROM {READY} r"
        f" WHERE r.action = {UPDATE} AND m.id = r.id AND m.updated_at = r.b_updated_at"
    )
    wanted = fetch(f"SELECT count(*) FROM {READY} WHERE action = {UPDATE}")[0][0]
    if written != wanted:
        raise Overtaken(f"{wanted - written} rows of {kind.code} changed meanwhile")


def delta(kind: FactKind) -> str:
    """What the prepared rows change, as a subquery: sign and the stored columns."""
    columns = kind.table_columns()
    before = ", ".join(f'b_{name} AS "{name}"' for name in columns)
    after = ", ".join(f'a_{name} AS "{name}"' for name in columns)
    return (
        f"(SELECT -1 AS sign, id, {before} FROM {READY} WHERE action IN ({UPDATE}, {REMOVE})"
        f" UNION ALL SELECT 1 AS sign, id, {after} FROM {READY} WHERE action IN ({CREATE}, {UPDATE}))"
    )


def keep(kind: FactKind, batch: ImportBatch, context: Context) -> None:
    """Slices and their events; then the temporary tables go. Three statements for each slice."""
    run(f"CREATE INDEX ON {READY} (line)")
    first, last = fetch(f"SELECT min(line), max(line) FROM {READY} WHERE action IN ({CREATE}, {UPDATE})")[0]
    number = 0
    for start in range(first, last + 1, SLICE) if first is not None else ():
        number += _keep_slice(kind, batch, context, number + 1, start)
    staging.clear()


def _keep_slice(kind: FactKind, batch: ImportBatch, context: Context, number: int, start: int) -> int:
    """One slice of lines from `start` on; 0 when nothing was written of them."""
    columns = kind.table_columns()
    before = ", ".join(f"'{name}', b_{name}" for name in columns)
    found = fetch(
        f"INSERT INTO {table(FactSlice)} (batch_id, number, rows, ids, marks, changed)"
        f" SELECT {batch.pk}, {number}, {_packed('line', 'integer')}, {_packed('id', 'bigint')},"
        f" {_packed('mark', 'bigint')},"
        f" coalesce(jsonb_agg(jsonb_build_object('row', line, 'id', id, 'mark', mark, 'before',"
        f" jsonb_build_object({before})) ORDER BY line) FILTER (WHERE action = {UPDATE}), '[]')"
        f" FROM (SELECT *, {mark([f'a_{name}' for name in columns])} AS mark FROM {READY}"
        f" WHERE line >= {start} AND line < {start + SLICE} AND action IN ({CREATE}, {UPDATE})) r"
        " HAVING count(*) > 0 RETURNING cardinality(ids), jsonb_array_length(changed)"
    )
    if not found:
        return 0
    created, updated = found[0]
    record(
        f"{kind.noun}.import",
        actor=context.actor,
        resource=kind.model.resource,  # type: ignore[attr-defined]
        object_id=f"{batch.pk}-{number}",
        label=_("%(kind)s 第 %(first)s–%(last)s 行")
        % {"kind": kind.label, "first": start, "last": start + SLICE - 1},
        after={"batch": batch.pk, "slice": number, "created": created, "updated": updated},
        reason=context.reason,
        now=context.now,
    )
    return 1


def mark(columns: list[str]) -> str:
    """A hash over the values of a row; scales of numbers do not matter, types of columns do."""
    return f"hash_record_extended(ROW({', '.join(columns)}), 0)"


def _packed(column: str, kind: str) -> str:
    return f"coalesce(array_agg({column} ORDER BY line) FILTER (WHERE action = {CREATE}), '{{}}'::{kind}[])"


def _listed(columns: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
