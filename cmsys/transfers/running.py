"""One passage of a file through its kind: read, check every row, and write if asked to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.models import Model

from cmsys.transfers.engine.columns import Column
from cmsys.transfers.engine.mapping import load_lookups, load_mapping
from cmsys.transfers.engine.problems import Code, FileRefused, Problem, _, shown
from cmsys.transfers.engine.rows import Reading, Row
from cmsys.transfers.engine.sheets import open_sheet
from cmsys.transfers.engine.source import Source
from cmsys.transfers.kinds import Context, ImportKind, Outcome
from cmsys.transfers.models import Mode
from cmsys.transfers.report import SAMPLE_ROWS, Cell, Report, SampleRow
from cmsys.transfers.wording import finding, refusal

if TYPE_CHECKING:
    from cmsys.transfers.row_kind import RowKind


def run(
    kind: RowKind,
    source: Source,
    context: Context,
    *,
    mapping: str = "",
    mode: str = Mode.ALL,
    folders: Sequence[Path] = (),
) -> Outcome:
    """Checks all rows; with `context.writing` it also writes those without error, stopping to write (not to check) at
    the first error in mode `all`: the caller rolls back then. Never raises for what is in the file.

    Queries: a fixed number per chunk of the kind. Memory: one chunk, the keys, the findings; a workbook whole.
    """
    outcome = Outcome(Report())
    try:
        _run(kind, source, context, outcome, mapping, mode, folders)
    except FileRefused as refused:
        outcome.report.add_error(refusal(refused))
    return outcome


def _run(
    kind: RowKind,
    source: Source,
    context: Context,
    outcome: Outcome,
    mapping_text: str,
    mode: str,
    folders: Sequence[Path],
) -> None:
    report = outcome.report
    mapping = load_mapping(mapping_text, kind.columns)
    lookups = load_lookups(mapping, folders)
    reading = Reading(open_sheet(source), kind.columns, mapping, lookups)
    report.header_row = reading.headers.row
    for problem in reading.headers.problems:
        report.add_error(finding(problem))
    if any(problem.code is Code.MISSING for problem in reading.headers.problems):
        return
    absent = absent_columns(kind, reading)
    hidden = set(reading.sheet.hidden_rows)
    for rows in _chunks(reading.rows(), kind.chunk_size):
        kind.prepare(rows, context)
        _refuse_incomplete(rows, absent)
        note_hidden(rows, hidden)
        _count(kind, rows, report)
        for problem in reading.stray:
            report.add_error(finding(problem))
        reading.stray.clear()
        if context.writing and (mode == Mode.SKIP or report.error_count == 0):
            good = [row for row in rows if row.action in ("create", "update")]
            if good:
                outcome.changes += kind.write(good, context)
    report.read, report.skipped, report.mapped = reading.read, reading.skipped, reading.mapped
    if report.created + report.refused and absent:
        for column in absent:
            report.add_error(finding(absence(reading, column)))
    if report.read == 0 and report.skipped == 0:
        raise FileRefused(_("文件只有表头，没有数据。请填写后再上传。"), row=reading.headers.row)


def _chunks(rows: Iterator[Row], size: int | None) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, size)):
        yield chunk


def absent_columns(kind: ImportKind, reading: Reading) -> list[Column]:
    """Required columns the file does not have: new objects cannot be made without them, known ones can be changed."""
    return [
        column
        for column in kind.columns
        if column.required and not column.key and not reading.gives(column.code)
    ]


def _refuse_incomplete(rows: list[Row], absent: list[Column]) -> None:
    for row in rows:
        if absent and row.existing is None:
            row.refused = True


def absence(reading: Reading, column: Column) -> Problem:
    return Problem(
        reading.headers.row,
        column.code,
        "",
        Code.MISSING,
        _("缺少必填列“%(header)s”，新记录无法建立"),
        {"header": column.header},
        header=str(column.header),
    )


def note_hidden(rows: Sequence[Row], hidden: set[int]) -> None:
    for row in rows:
        if row.number in hidden:
            row.warnings.append(
                Problem(row.number, "", "", Code.CONFLICT, _("这一行在 Excel 里是隐藏的，也会导入"))
            )


def _count(kind: ImportKind, rows: list[Row], report: Report) -> None:
    for row in rows:
        action = row.action
        if action == "error":
            report.refused += 1
        elif action == "create":
            report.created += 1
        elif action == "update":
            report.updated += 1
        else:
            report.unchanged += 1
        for problem in row.problems:
            report.add_error(finding(problem))
        for warning in row.warnings:
            report.add_warning(finding(warning))
        sample = report.samples.setdefault(action, [])
        if len(sample) < SAMPLE_ROWS:
            sample.append(_sample(kind, row))


def _sample(kind: ImportKind, row: Row) -> SampleRow:
    """What the preview shows of a row; personal values masked as everywhere else."""
    masks = getattr(getattr(kind, "model", None), "audit_masks", {})
    fields: dict[str, str] = getattr(kind, "fields", {})
    cells = []
    for column in kind.columns:
        if column.code not in row.changes:
            continue
        before, after = (
            text_of_value(column, value, masks.get(fields.get(column.code, column.code)))
            for value in row.changes[column.code]
        )
        cells.append(Cell(str(column.header), before, after))
    return SampleRow(row.number, shown(kind.label_of(row)), cells)


def text_of_value(column: Column, value: Any, mask: Any = None) -> str:
    """A value as the preview shows it: labels of enumerations, objects by name, personal values masked."""
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, (list, tuple)):
        return "、".join(str(item) for item in value)
    for choice in column.choices:
        if choice.code == value:
            return str(choice.label)
    text = str(value) if isinstance(value, Model) else shown(value, 120)
    return str(mask(text)) if mask else text
