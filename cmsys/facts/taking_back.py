"""Taking a batch of facts back: what it made goes, what it changed is as before, what was edited since stays and is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import ForeignKey
from django.utils.translation import gettext as _

from cmsys.audit.ledger import record
from cmsys.facts import staging, writing
from cmsys.facts.models import FactSlice
from cmsys.facts.passage import wait_for_others
from cmsys.facts.ready import REFUSED, REMOVE, UNCHANGED, UPDATE
from cmsys.facts.sql import READY, fetch, literal, run, stored_type, table
from cmsys.transfers.kinds import Context, Kept, TakenBack
from cmsys.transfers.models import ImportBatch, ImportChange

if TYPE_CHECKING:
    from cmsys.facts.fact_kind import FactKind

# Of what stays so many are listed; the slices keep all of it for another try.
LISTED = 1000
GONE, EDITED, UNREACHABLE, LOST, REFERRED = 1, 2, 3, 4, 5


def open_changes(batch: ImportBatch) -> tuple[int, int]:
    """(created, changed) that have not been taken back; one query."""
    created, updated = fetch(
        "SELECT coalesce(sum(cardinality(ids)), 0), coalesce(sum(jsonb_array_length(changed)), 0)"
        f" FROM {table(FactSlice)} WHERE batch_id = {batch.pk}"
    )[0]
    return int(created), int(updated)


def take_back(kind: FactKind, batch: ImportBatch, context: Context) -> TakenBack:
    """See ImportKind.take_back. A fixed number of statements and two for each relation that points at the model."""
    wait_for_others(kind.lock)
    staging.clear()
    _prepare(kind, batch, context)
    _keep_referred(kind)
    counted = dict(fetch(f"SELECT action, count(*) FROM {READY} GROUP BY action"))
    if counted.get(UPDATE):
        writing.update(kind, literal(context.now))
    if counted.get(REMOVE):
        run(f"DELETE FROM {table(kind.model)} m USING {READY} r WHERE r.action = {REMOVE} AND m.id = r.id")
    if counted.get(UPDATE) or counted.get(REMOVE):
        kind.moved(writing.delta(kind), context)
    restored, removed = counted.get(UPDATE, 0), counted.get(REMOVE, 0) + counted.get(UNCHANGED, 0)
    _record(kind, batch, context)
    kept = _kept(kind, batch)
    _repack(kind, batch)
    staging.clear()
    return TakenBack(restored, removed, kept)


def _prepare(kind: FactKind, batch: ImportBatch, context: Context) -> None:
    """The prepared rows of the way back: `b_` as they stand now, `a_` as they were before the batch."""
    fields = kind.stored()
    columns = kind.table_columns()
    now = ", ".join(f'm."{name}" AS b_{name}' for name in columns)
    hidden = kind.unreachable(context)
    present = writing.mark([f'm."{name}"' for name in columns])
    was = ", ".join(
        f"(u.before->>'{field.column}')::{stored_type(field)} AS a_{field.column}" for field in fields
    )
    lost = " OR ".join(
        f"(y.op = 'u' AND y.a_{field.column} IS NOT NULL"
        f" AND NOT EXISTS (SELECT FROM {table(_target(field))} o WHERE o.id = y.a_{field.column}))"
        for field in fields
        if isinstance(field, ForeignKey)
    )
    run(
        "CREATE TEMPORARY TABLE facts_ready ON COMMIT DROP AS WITH u AS ("
        f" SELECT f.number AS slice, 'c' AS op, c.line, c.id, c.mark, NULL::jsonb AS before FROM {table(FactSlice)} f,"
        f" unnest(f.rows, f.ids, f.marks) AS c(line, id, mark) WHERE f.batch_id = {batch.pk} UNION ALL"
        " SELECT f.number, 'u', (c->>'row')::integer, (c->>'id')::bigint, (c->>'mark')::bigint, c->'before'"
        f" FROM {table(FactSlice)} f, jsonb_array_elements(f.changed) c WHERE f.batch_id = {batch.pk}),"
        f" y AS (SELECT u.*, m.id AS found, m.updated_at AS b_updated_at, {now}, {was},"
        f" {present} AS present"
        f" FROM u LEFT JOIN {table(kind.model)} m ON m.id = u.id),"
        f" z AS (SELECT y.*, CASE WHEN y.found IS NULL AND y.op = 'u' THEN {GONE} WHEN y.found IS NULL THEN 0"
        + (f" WHEN {hidden} THEN {UNREACHABLE}" if hidden else "")
        + f" WHEN y.present <> y.mark THEN {EDITED}"
        + (f" WHEN {lost} THEN {LOST}" if lost else "")
        + " ELSE 0 END AS why FROM y)"
        f" SELECT z.*, CASE WHEN why <> 0 THEN {REFUSED} WHEN found IS NULL THEN {UNCHANGED}"
        f" WHEN op = 'u' THEN {UPDATE} ELSE {REMOVE} END AS action FROM z ORDER BY line"
    )


def _target(field: ForeignKey[Any, Any]) -> Any:
    return field.related_model


def _keep_referred(kind: FactKind) -> None:
    """Created rows something points at stay."""
    for relation in kind.model._meta.related_objects:
        pointing = relation.field.column
        run(
            f"UPDATE {READY} r SET why = {REFERRED}, action = {REFUSED} WHERE r.action = {REMOVE}"
            f' AND EXISTS (SELECT FROM {table(relation.related_model)} o WHERE o."{pointing}" = r.id)'
        )


def _record(kind: FactKind, batch: ImportBatch, context: Context) -> None:
    """One event for each slice of which something went back."""
    counts = fetch(
        f"SELECT slice, count(*) FILTER (WHERE action = {REMOVE}), count(*) FILTER (WHERE action = {UPDATE}),"
        f" min(line), max(line) FROM {READY} WHERE action IN ({REMOVE}, {UPDATE}) GROUP BY slice ORDER BY slice"
    )
    for number, removed, restored, first, last in counts:
        record(
            f"{kind.noun}.import_undo",
            actor=context.actor,
            resource=kind.model.resource,  # type: ignore[attr-defined]
            object_id=f"{batch.pk}-{number}",
            label=_("%(kind)s 第 %(first)s–%(last)s 行") % {"kind": kind.label, "first": first, "last": last},
            after={"batch": batch.pk, "slice": number, "removed": removed, "restored": restored},
            reason=context.reason,
            now=context.now,
        )


def _kept(kind: FactKind, batch: ImportBatch) -> list[Kept]:
    """What stays, by line; the first LISTED are stored for the page of the batch."""
    words = {
        GONE: _("已被删除"),
        EDITED: _("导入之后又改过"),
        UNREACHABLE: _("已不在您的管辖范围内"),
        LOST: _("原来引用的对象已不存在"),
        REFERRED: _("已被别处引用，不能删除"),
    }
    key = next(field.column for field in kind.stored() if kind.code_of(field) == kind.key.code)
    found = fetch(
        f"SELECT line, id, op, coalesce(b_{key}::text, id::text), why FROM {READY} WHERE why <> 0 ORDER BY line"
    )
    batch.changes.all().delete()
    ImportChange.objects.bulk_create(
        ImportChange(
            batch=batch, row=line, resource=kind.model.resource, object_id=str(pk), label=label,  # type: ignore[attr-defined]
            op="create" if op == "c" else "update", kept=words[why],
        )
        for line, pk, op, label, why in found[:LISTED]
    )  # fmt: skip
    return [Kept(line, label, words[why]) for line, _pk, _op, label, why in found]


def _repack(kind: FactKind, batch: ImportBatch) -> None:
    """Slices hold what stays, and nothing else."""
    run(f"DELETE FROM {table(FactSlice)} WHERE batch_id = {batch.pk}")
    packed = ", ".join(
        f"coalesce(array_agg({name} ORDER BY line) FILTER (WHERE op = 'c'), '{{}}'::{kind_of}[])"
        for name, kind_of in (("line", "integer"), ("id", "bigint"), ("mark", "bigint"))
    )
    run(
        f"INSERT INTO {table(FactSlice)} (batch_id, number, rows, ids, marks, changed)"
        f" SELECT {batch.pk}, slice, {packed}, coalesce(jsonb_agg(jsonb_build_object('row', line, 'id', id, 'mark', mark,"
        " 'before', before) ORDER BY line) FILTER (WHERE op = 'u'), '[]')"
        f" FROM {READY} WHERE why <> 0 GROUP BY slice"
    )
