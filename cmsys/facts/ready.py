"""The table of prepared rows: what each row of the file would do, with the values before and after side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Field, ForeignKey

from cmsys.facts.engine.flow import staged_columns
from cmsys.facts.rules import Flaw
from cmsys.facts.sql import STAGED, TWICE, literal, run, stored_type, table
from cmsys.transfers.engine.columns import Column, Type
from cmsys.transfers.engine.problems import Code, _
from cmsys.transfers.engine.rows import Reading
from cmsys.transfers.kinds import Context

if TYPE_CHECKING:
    from cmsys.facts.fact_kind import FactKind

UNCHANGED, CREATE, UPDATE, REFUSED, REMOVE = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Ready:
    """What the table was made with: its flaws by bit, the staged columns, required ones that the file lacks."""

    flaws: Sequence[Flaw]
    staged: Sequence[str]
    absent: Sequence[Column]
    twice: bool


def make_ready(
    kind: FactKind, reading: Reading, context: Context, *, absent: Sequence[Column], twice: bool
) -> Ready:
    """Makes the table: one line for each staged row, in their order, new ones with an id of their own.

    Statements: one, and one for its statistics.
    """
    staged = [column.code for column in staged_columns(reading)]
    flaws = [*_own_flaws(kind, staged, absent, twice), *_from_kind(kind, context)]
    fields = kind.stored()
    number = f"pg_get_serial_sequence({literal(table(kind.model))}, 'id')"
    columns = "".join(f", z.a_{field.column}, z.b_{field.column}" for field in fields)
    changed = " OR ".join(f"z.a_{field.column} IS DISTINCT FROM z.b_{field.column}" for field in fields)
    run(
        "CREATE TEMPORARY TABLE facts_ready ON COMMIT DROP AS"
        f" WITH x AS ({_compared(kind, staged)}), y AS ({_derived(kind, context)}), z AS ({_judged(kind, flaws, twice)})"
        f" SELECT z.line, CASE WHEN z.existing IS NULL AND {literal(context.writing)} THEN nextval({number})"
        " ELSE z.existing END AS id,"
        f" CASE WHEN z.bad OR z.flaw <> 0 THEN {REFUSED} WHEN z.existing IS NULL THEN {CREATE}"
        f" WHEN {changed} THEN {UPDATE} ELSE {UNCHANGED} END AS action, z.flaw, z.b_updated_at{columns}"
        " FROM z ORDER BY z.line"
    )
    return Ready(flaws, staged, absent, twice)


def _compared(kind: FactKind, staged: Sequence[str]) -> str:
    """Staged rows with the stored row of the same key and the objects their cells name."""
    key = kind.key
    selected = ["s.line", "s.bad", "e.id AS existing", "e.updated_at AS b_updated_at"]
    joined = [f'LEFT JOIN {table(kind.model)} e ON e."{kind.fields[key.code]}" = s."{key.code}"']
    for code, named in kind.references.items():
        if code in staged:
            joined.append(f'LEFT JOIN {table(named.model)} r_{code} ON r_{code}."{named.by}" = s."{code}"')
        selected.append(f"r_{code}.id AS ref_{code}" if code in staged else f"NULL::bigint AS ref_{code}")
        selected.append(f's."{code}" AS t_{code}' if code in staged else f"NULL::text AS t_{code}")
    for field in kind.stored():
        filled_by = kind.code_of(field)
        selected.append(f'e."{field.column}" AS b_{field.column}')
        if field.name not in kind.derived:
            selected.append(f"{_after(kind, field, filled_by, staged)} AS a_{field.column}")
    return f"SELECT {', '.join(selected)} FROM {STAGED} s {' '.join(joined)}"


def _after(kind: FactKind, field: Field[Any, Any], code: str | None, staged: Sequence[str]) -> str:
    """The value of a column afterwards: what the file says, else what is there, else the model's own default."""
    before = f'e."{field.column}"'
    if code is None or code not in staged:
        value = before
    elif isinstance(field, ForeignKey):
        value = f"coalesce(r_{code}.id, {before})"
    else:
        value = f"coalesce({_cast(kind.column(code), field)}, {before})"
    default = field.get_default()
    return f"coalesce({value}, {literal(default)})" if default is not None else value


def _cast(column: Column, field: Field[Any, Any]) -> str:
    if column.type is Type.DATETIME:
        return f's."{column.code}" AT TIME ZONE {literal(settings.TIME_ZONE)}'
    return f's."{column.code}"::{stored_type(field)}'


def _derived(kind: FactKind, context: Context) -> str:
    fields = {field.name: field.column for field in kind.stored()}
    derived = "".join(f", {sql} AS a_{fields[name]}" for name, sql in kind.derived.items())
    return f"SELECT x.*{derived} FROM x {kind.joins(context)}"


def _judged(kind: FactKind, flaws: Sequence[Flaw], twice: bool) -> str:
    """The mask of broken rules; a row that could not be read is only asked whether its key stands twice."""
    masks = [
        f"CASE WHEN {flaw.when} THEN {1 << bit} ELSE 0 END"
        if flaw.code is Code.DUPLICATE
        else f"CASE WHEN NOT y.bad AND ({flaw.when}) THEN {1 << bit} ELSE 0 END"
        for bit, flaw in enumerate(flaws)
    ]
    joined = f"LEFT JOIN {TWICE} t ON t.line = y.line" if twice else ""
    return f"SELECT y.*, {' | '.join(masks) or '0'} AS flaw FROM y {joined}"


def _own_flaws(kind: FactKind, staged: Sequence[str], absent: Sequence[Column], twice: bool) -> list[Flaw]:
    """What holds for every kind: a key once, names that name something, columns that new rows need."""
    flaws = []
    if twice:
        flaws.append(
            Flaw(
                kind.key.code, Code.DUPLICATE, _("与第 %(first)s 行重复，请只保留一行"), "t.first IS NOT NULL"
            )
        )
    if absent:
        flaws.append(Flaw(kind.key.code, None, "", "y.existing IS NULL"))
    flaws += [
        Flaw(
            code,
            Code.NOT_FOUND,
            _("没有“%(value)s”，请核对，或先导入它"),
            f"y.t_{code} IS NOT NULL AND y.ref_{code} IS NULL",
        )
        for code in kind.references
        if code in staged
    ]
    return flaws


def _from_kind(kind: FactKind, context: Context) -> list[Flaw]:
    hidden = kind.unreachable(context)
    own = []
    if hidden:
        own.append(
            Flaw(
                kind.key.code,
                Code.OUT_OF_SCOPE,
                _("已登记在您管辖范围之外，不能由您导入"),
                f"y.existing IS NOT NULL AND ({hidden})",
            )
        )
    return [*own, *kind.flaws(context)]
