"""One passage of a file of facts: staged, compared with what is there, reported, and written if asked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction

from cmsys.facts import preview, staging, writing
from cmsys.facts.ready import CREATE, REFUSED, UNCHANGED, UPDATE, Ready, make_ready
from cmsys.facts.sql import READY, STAGED, fetch, literal
from cmsys.facts.sql import run as run_sql
from cmsys.transfers.engine.columns import Column
from cmsys.transfers.engine.mapping import load_lookups, load_mapping
from cmsys.transfers.engine.problems import Code, FileRefused, Problem, _, shown
from cmsys.transfers.engine.rows import Reading, Row
from cmsys.transfers.engine.sheets import open_sheet
from cmsys.transfers.engine.source import Source
from cmsys.transfers.kinds import Context, Outcome
from cmsys.transfers.models import Mode
from cmsys.transfers.report import KEPT_FINDINGS, Report
from cmsys.transfers.running import absence, absent_columns, note_hidden
from cmsys.transfers.wording import finding, refusal

if TYPE_CHECKING:
    from cmsys.facts.fact_kind import FactKind

# How long an import waits for another one of its kind before it gives up and says so.
LOCK_SECONDS = 60


@dataclass
class _Passage:
    kind: FactKind
    context: Context
    reading: Reading
    report: Report


def run(
    kind: FactKind, source: Source, context: Context, *, mapping: str, mode: str, folders: Sequence[Path]
) -> Outcome:
    """See ImportKind.run. The answer's `changes` hold the context when something stands to be kept."""
    outcome = Outcome(Report())
    try:
        with transaction.atomic():
            _run(kind, source, context, outcome, mapping, mode, folders)
            if not context.writing:
                staging.clear()
    except FileRefused as refused:
        outcome.report.add_error(refusal(refused))
    outcome.report.errors.sort(key=lambda found: found.row)
    return outcome


def _run(
    kind: FactKind,
    source: Source,
    context: Context,
    outcome: Outcome,
    mapping_text: str,
    mode: str,
    folders: Sequence[Path],
) -> None:
    report = outcome.report
    mapping = load_mapping(mapping_text, kind.columns)
    reading = Reading(open_sheet(source), kind.columns, mapping, load_lookups(mapping, folders))
    report.header_row = reading.headers.row
    for problem in reading.headers.problems:
        report.add_error(finding(problem))
    if any(problem.code is Code.MISSING for problem in reading.headers.problems):
        return
    passage = _Passage(kind, context, reading, report)
    ready = _prepare(passage)
    _report(passage, ready)
    if context.writing and (mode == Mode.SKIP or report.error_count == 0):
        writing.write(kind, context, report)
        outcome.changes.append(context)


def _prepare(passage: _Passage) -> Ready:
    """Stages the file and compares it; the table of prepared rows stands afterwards."""
    kind, reading, report = passage.kind, passage.reading, passage.report
    feed = staging.stage(reading)
    if reading.read == 0 and reading.skipped == 0:
        raise FileRefused(_("文件只有表头，没有数据。请填写后再上传。"), row=reading.headers.row)
    twice = staging.find_twice(kind.key)
    refused = feed.refused
    if twice and reading.mapping.distinct:
        dropped = staging.drop_twice()
        reading.read -= len(dropped)
        reading.skipped += len(dropped)
        lost = [row for row in refused if row.number in dropped]
        feed.problems -= sum(len(row.problems) for row in lost)
        refused = [row for row in refused if row.number not in dropped]
        twice = False
    kept = [problem for row in refused for problem in row.problems]
    for problem in [*kept, *reading.stray]:
        report.add_error(finding(problem))
    report.error_count += feed.problems - len(kept)
    report.read, report.skipped, report.mapped = reading.read, reading.skipped, reading.mapped
    if passage.context.writing:
        wait_for_others(kind.lock)
    return make_ready(kind, reading, passage.context, absent=absent_columns(kind, reading), twice=twice)


def wait_for_others(name: str) -> None:
    """One import under the name at a time: what it compares with cannot change until it is written.

    Raises OperationalError after LOCK_SECONDS.
    """
    before = fetch("SHOW lock_timeout")[0][0]
    run_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    fetch(f"SELECT pg_advisory_xact_lock(hashtextextended({literal(f'cmsys.facts.{name}')}, 0))")
    run_sql(f"SET LOCAL lock_timeout = {literal(before)}")


def _report(passage: _Passage, ready: Ready) -> None:
    """Counts, findings and samples, from the prepared rows."""
    report, reading = passage.report, passage.reading
    counted = dict(fetch(f"SELECT action, count(*) FROM {READY} GROUP BY action"))
    report.created, report.updated = counted.get(CREATE, 0), counted.get(UPDATE, 0)
    report.unchanged, report.refused = counted.get(UNCHANGED, 0), counted.get(REFUSED, 0)
    _report_flaws(passage, ready)
    if any(_wants(ready)):
        for column in ready.absent:
            report.add_error(finding(absence(reading, column)))
    if reading.sheet.hidden_rows:
        _report_hidden(passage)
    report.samples = preview.samples(passage.kind)


def _wants(ready: Ready) -> Sequence[bool]:
    """Whether a row lacks what a column that the file does not have would have to say."""
    silent = sum(1 << bit for bit, flaw in enumerate(ready.flaws) if flaw.code is None)
    return fetch(f"SELECT EXISTS (SELECT FROM {READY} WHERE flaw & {silent} <> 0)")[0] if silent else ()


def _report_flaws(passage: _Passage, ready: Ready) -> None:
    """Says which rules were broken where; rules without words are counted as refused rows only."""
    report = passage.report
    spoken = [(bit, flaw) for bit, flaw in enumerate(ready.flaws) if flaw.code is not None]
    counts = ", ".join(f"count(*) FILTER (WHERE flaw & {1 << bit} <> 0)" for bit, _flaw in spoken)
    total = sum(fetch(f"SELECT {counts} FROM {READY} WHERE flaw <> 0")[0]) if spoken else 0
    if not total:
        return
    codes = list(ready.staged)
    cells = "".join(f', s."{code}"::text' for code in codes)
    first = f"(SELECT t.first FROM {staging.TWICE} t WHERE t.line = r.line)" if ready.twice else "0"
    found = fetch(
        f"SELECT r.line, r.flaw, {first}{cells} FROM {READY} r JOIN {STAGED} s USING (line)"
        f" WHERE r.flaw <> 0 ORDER BY r.line LIMIT {KEPT_FINDINGS}"
    )
    said = 0
    for line, mask, earlier, *texts in found:
        row = dict(zip(codes, texts, strict=True))
        for bit, flaw in spoken:
            if mask & 1 << bit:
                text = row.get(flaw.column) or ""
                params = {"value": shown(text), "first": earlier}
                report.add_error(
                    finding(_problem(passage, line, flaw.column, flaw.code, flaw.text, text, params))
                )
                said += 1
    report.error_count += total - said


def _problem(
    passage: _Passage,
    line: int,
    code: str,
    why: Code | None,
    text: str,
    value: str,
    params: dict[str, object],
) -> Problem:
    column: Column = passage.kind.column(code)
    assert why is not None
    return Problem(
        line, code, shown(value), why, text, params, header=str(column.header),
        index=passage.reading.headers.places.get(code),
    )  # fmt: skip


def _report_hidden(passage: _Passage) -> None:
    numbers = {line for (line,) in fetch(f"SELECT line FROM {STAGED}")}
    hidden = set(passage.reading.sheet.hidden_rows) & numbers
    rows = [Row(number, {}, {}, {}) for number in sorted(hidden)]
    note_hidden(rows, hidden)
    for row in rows:
        for warning in row.warnings:
            passage.report.add_warning(finding(warning))
