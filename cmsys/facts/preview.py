"""The first rows of each class, as the preview shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import ForeignKey

from cmsys.facts.ready import CREATE, REFUSED, UNCHANGED, UPDATE
from cmsys.facts.sql import READY, STAGED, fetch
from cmsys.transfers.engine.problems import shown
from cmsys.transfers.report import SAMPLE_ROWS, Cell, SampleRow
from cmsys.transfers.running import text_of_value

if TYPE_CHECKING:
    from cmsys.facts.fact_kind import FactKind

_NAMES = {CREATE: "create", UPDATE: "update", UNCHANGED: "unchanged", REFUSED: "error"}


def samples(kind: FactKind) -> dict[str, list[SampleRow]]:
    """By class. Statements: one for each class, one for each relation."""
    fields = kind.stored()
    pairs = "".join(f", r.b_{field.column}, r.a_{field.column}" for field in fields)
    found: dict[int, list[tuple[Any, ...]]] = {}
    for action in _NAMES:
        found[action] = list(
            fetch(
                f'SELECT r.line, s."{kind.key.code}"{pairs} FROM'
                f" (SELECT * FROM {READY} WHERE action = {action} ORDER BY line LIMIT {SAMPLE_ROWS}) r"
                f" JOIN {STAGED} s USING (line) ORDER BY r.line"
            )
        )
    names = _names(kind, [row[2:] for rows in found.values() for row in rows])
    return {
        _NAMES[action]: [_sample(kind, names, action, row) for row in rows]
        for action, rows in found.items()
        if rows
    }


def _names(kind: FactKind, rows: list[tuple[Any, ...]]) -> dict[str, dict[Any, str]]:
    """What related objects are called, by field and id."""
    names: dict[str, dict[Any, str]] = {}
    for place, field in enumerate(kind.stored()):
        if isinstance(field, ForeignKey):
            wanted = {row[2 * place + side] for row in rows for side in (0, 1)} - {None}
            related: Any = field.related_model
            names[field.name] = {
                item.pk: str(item) for item in related._default_manager.filter(pk__in=wanted)
            }
    return names


def _sample(kind: FactKind, names: dict[str, dict[Any, str]], action: int, row: tuple[Any, ...]) -> SampleRow:
    line, label, *values = row
    cells = []
    for place, field in enumerate(kind.stored() if action in (CREATE, UPDATE) else []):
        before, after = values[2 * place], values[2 * place + 1]
        if before == after or (action == CREATE and after in (None, "")):
            continue
        code = kind.code_of(field)
        header = str(kind.column(code).header if code else field.verbose_name)
        cells.append(
            Cell(header, _text(kind, names, field, code, before), _text(kind, names, field, code, after))
        )
    return SampleRow(line, shown(label or ""), cells)


def _text(kind: FactKind, names: dict[str, dict[Any, str]], field: Any, code: str | None, value: Any) -> str:
    if value is None:
        return ""
    if field.name in names:
        return shown(names[field.name].get(value, value), 120)
    if isinstance(value, bool):
        value = str(value).lower()
    return text_of_value(kind.column(code), value) if code else shown(value, 120)
