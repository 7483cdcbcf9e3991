"""Which object a row speaks of: found by its key, however many columns make it, and whoever they refer to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from cmsys.transfers.engine.problems import Code, _
from cmsys.transfers.engine.rows import Row
from cmsys.transfers.kinds import Context

if TYPE_CHECKING:
    from cmsys.transfers.model_kind import ModelKind

Key = tuple[Any, ...]


def key_of(kind: ModelKind, row: Row) -> Key | None:
    """The key as the database holds it, references by their number; None when a part is missing or names nobody."""
    parts: list[Any] = []
    for column in kind.key_columns:
        part = row.values.get(column.code)
        if part is not None and column.code in kind.references:
            if column.code not in row.refs:
                return None
            part = row.refs[column.code].pk
        if part is None and column.must_be_filled:
            return None
        parts.append(part)
    return tuple(parts) if any(part is not None for part in parts) else None


def find_existing(kind: ModelKind, rows: Sequence[Row], context: Context) -> None:
    """Sets `existing`, refuses what is out of reach and what an earlier row of the file said already. Two queries.

    Call it when the references of the key are resolved.
    """
    meta: Any = kind.model._meta
    names = [meta.get_field(kind.fields[column.code]).attname for column in kind.key_columns]
    keys = {row.number: key_of(kind, row) for row in rows}
    wanted = {key for key in keys.values() if key is not None}
    found = {}
    if wanted:
        for item in kind.existing(context).filter(_bearing(names, wanted)):
            found[tuple(getattr(item, name) for name in names)] = item
    pks = [item.pk for key, item in found.items() if key in wanted]
    reachable = set(
        kind.manager()
        .filter(pk__in=pks)
        .reached_by(context.actor, kind.function)
        .values_list("pk", flat=True)
    )
    for row in rows:
        key = keys[row.number]
        row.existing = None if key is None else found.get(key)
        if row.existing is not None and row.existing.pk not in reachable:
            row.refuse(kind.key_columns[0], Code.OUT_OF_SCOPE, _("已登记在您管辖范围之外，不能由您导入"))
    _refuse_twice(kind, rows, keys, context)


def _bearing(names: list[str], wanted: set[Key]) -> Q:
    """Objects each part of whose key is wanted by some row; of several parts a few too many, never one too few."""
    condition = Q()
    for place, name in enumerate(names):
        values = {key[place] for key in wanted}
        part = Q(**{f"{name}__in": values - {None}})
        condition &= part | Q(**{f"{name}__isnull": True}) if None in values else part
    return condition


def _refuse_twice(
    kind: ModelKind, rows: Sequence[Row], keys: dict[int, Key | None], context: Context
) -> None:
    """Two rows that call one object by different names (a unit by code and by name) are found only here."""
    if not any(column.code in kind.references for column in kind.key_columns):
        return
    seen: dict[Key, int] = context.memo.setdefault("seen_keys", {})
    for row in rows:
        key = keys[row.number]
        if key is None or any(problem.code is Code.DUPLICATE for problem in row.problems):
            continue
        first = seen.setdefault(key, row.number)
        if first != row.number:
            row.refuse(
                kind.key_columns[0], Code.DUPLICATE, _("与第 %(first)s 行重复，请只保留一行"), first=first
            )
