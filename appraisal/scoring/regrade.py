"""The regrading of a cycle as a job: figures, results, publication, explanations; each chunk committed on its own.

figures  one source of the indicator library a chunk, into an unlogged table
results  the engine on everybody at once, sheets that differ from the published ones into unlogged tables, a few
         thousand people a chunk
publish  one short transaction: all sheets or none (services.publishing)
reasons  the rules that fired, a thousand people a chunk

A worker that takes over reads the inputs again. Their digest tells whether they are those the results were made from;
if not, or if a crash of the database has emptied the unlogged tables, the work begins anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle, CycleState
from appraisal.schemes.adapters import loaded
from appraisal.schemes.engine import EngineError, Evaluation
from appraisal.scoring.adapters import Inputs, read_inputs
from appraisal.scoring.documents import Reasons
from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.needs import Needs, needs_of
from appraisal.scoring.permissions import REGRADE
from appraisal.scoring.publication import explained
from appraisal.scoring.readings import collect, sources_of
from appraisal.scoring.runs import RegradeArgs, RegradeCursor, Regraded
from appraisal.scoring.selectors import Tally, tally_of
from appraisal.scoring.services.publishing import sheets_publish
from appraisal.scoring.sheets import SheetWriter, TooExact
from appraisal.scoring.staging import (
    LINE_COLUMNS,
    SHEET_COLUMNS,
    copy_rows,
    escaped,
    figures_staged,
    forget,
    staged_counts,
)
from cmsys.access.actors import require
from cmsys.jobs.kinds import Chunk, JobRefused, Run
from cmsys.org.models import OrgUnit

RESULTS_AT_ONCE, REASONS_AT_ONCE = 5_000, 1_000
# Figures collected so long ago are collected again: a job that failed may be taken up by hand the next day.
STALE_SECONDS = 30 * 60
MOST_ROUNDS = 3
REFUSALS_NAMED = 50
REASONS_SQL = """
UPDATE appraisal_scoring_scoresheet s SET reasons = v.reasons::jsonb, updated_at = %s
FROM unnest(%s::bigint[], %s::text[]) AS v (manager, reasons)
WHERE s.cycle_id = %s AND s.manager_id = v.manager AND s.reasons IS DISTINCT FROM v.reasons::jsonb"""


@dataclass(frozen=True)
class Work:
    """Inputs and their evaluation, kept by the process from one chunk to the next."""

    job: int
    inputs: Inputs
    evaluation: Evaluation
    writer: SheetWriter
    # Places in the cohort whose sheets are written.
    written: list[int]


_kept: list[Work] = []


class _Changed(Exception):
    """The inputs are not those the work was begun with."""


def regrade_step(run: Run) -> Chunk:
    """One chunk. Raises MissingFunction, JobRefused (closed cycle, a scheme that cannot take the data)."""
    require(run.actor, REGRADE)
    cycle = Cycle.objects.select_related("scheme").filter(pk=run.args.cycle).first()
    if cycle is None or cycle.state != CycleState.OPEN:
        raise JobRefused(_("考核周期已经结束或不存在，不能再定级"))
    cursor: RegradeCursor = run.cursor or RegradeCursor(since=_seconds(run.now))
    if run.cursor is None:
        _begin(run.job_id)
    try:
        if (
            cursor.phase != "figures"
            and cursor.phase != "reasons"
            and _seconds(run.now) - cursor.since > STALE_SECONDS
        ):
            raise _Changed
        return _PHASES[cursor.phase](run, cycle, cursor)
    except _Changed:
        return _anew(run, cursor)
    except (EngineError, TooExact, ValidationError) as error:
        raise JobRefused(_said(error))


def _said(error: Exception) -> str:
    if isinstance(error, EngineError):
        return " ".join(fault.zh for fault in error.faults[:3])
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return _("%(where)s 的得分超过 20 位小数，请减少方案中系数或权重的小数位") % {"where": error}


def _begin(job: int) -> None:
    _kept.clear()
    forget(job)


def _anew(run: Run, cursor: RegradeCursor) -> Chunk:
    if cursor.rounds >= MOST_ROUNDS:
        raise JobRefused(_("定级过程中考核数据一直在变动；请等导入和录入结束后再运行"))
    _begin(run.job_id)
    begun = RegradeCursor(since=_seconds(run.now), rounds=cursor.rounds + 1, changed=cursor.changed)
    return Chunk(begun, 0, 0, _("数据有变动，重新开始"))


def _seconds(now: datetime) -> int:
    return int(now.timestamp())


# --- the phases -------------------------------------------------------------------------------------------------------
def _figures(run: Run, cycle: Cycle, cursor: RegradeCursor) -> Chunk:
    sources = sources_of(cycle, needs_of(loaded(cycle.scheme)))
    if cursor.position >= len(sources):
        return _results(run, cycle, replace(cursor, phase="results", position=0))
    source = sources[cursor.position]
    figures = collect(run.job_id, cycle, source)
    position = cursor.position + 1
    message = _("计算指标 %(name)s：%(count)d 人") % {"name": source.name, "count": figures}
    phase, position = ("results", 0) if position == len(sources) else ("figures", position)
    after = replace(cursor, phase=phase, position=position, figures=cursor.figures + figures)
    return Chunk(after, 0, 0, message)


def _results(run: Run, cycle: Cycle, cursor: RegradeCursor) -> Chunk:
    begun = cursor.position > 0
    if begun and staged_counts(run.job_id) != (cursor.sheets, cursor.lines):
        raise _Changed
    work = _work(run, cycle, cursor)
    if not begun:
        cursor = _with_tally(cursor, work)
    until = cursor.position + (run.args.chunk or RESULTS_AT_ONCE)
    sheets, lines = _stage(run, cycle, work, work.written[cursor.position : until])
    finished = until >= len(work.written)
    after = replace(
        cursor, phase="publish" if finished else "results", position=0 if finished else until,
        sheets=cursor.sheets + sheets, lines=cursor.lines + lines,
    )  # fmt: skip
    done = min(until, len(work.written))
    return Chunk(after, done, 2 * len(work.written), _("计算得分：%(done)d 人") % {"done": done})


def _publish(run: Run, cycle: Cycle, cursor: RegradeCursor) -> Chunk:
    if staged_counts(run.job_id) != (cursor.sheets, cursor.lines):
        raise _Changed
    tally = Tally(
        cursor.managers, cursor.scored, cursor.promotion, cursor.demotion, cursor.hold, cursor.not_rated,
        cursor.result_hash,
    )  # fmt: skip
    changed = sheets_publish(
        actor=run.actor,
        cycle_id=cycle.pk,
        job_id=run.job_id,
        tally=tally,
        whole=not run.args.unit,
        now=run.now,
    )
    after = replace(cursor, phase="reasons", position=0, changed=cursor.changed + changed)
    return Chunk(
        after,
        cursor.managers,
        2 * cursor.managers,
        _("已发布：%(count)d 张考核表有变化") % {"count": changed},
    )


def _reasons(run: Run, cycle: Cycle, cursor: RegradeCursor) -> Chunk:
    work = _work(run, cycle, cursor)
    until = cursor.position + (run.args.chunk or REASONS_AT_ONCE)
    managers, documents = [], []
    for index in work.written[cursor.position : until]:
        managers.append(work.inputs.members[index].manager)
        documents.append(json.dumps(explanation(work.evaluation, index), ensure_ascii=False))
    with connection.cursor() as statement:
        statement.execute(REASONS_SQL, [run.now, managers, documents, cycle.pk])
    if until < len(work.written):
        done = cursor.managers + until
        after = replace(cursor, position=until)
        return Chunk(after, done, 2 * cursor.managers, _("写入判定依据：%(done)d 人") % {"done": until})
    explained(run.actor, cycle, run.now)
    _begin(run.job_id)
    result = Regraded(
        cycle.pk, cursor.managers, cursor.scored, cursor.promotion, cursor.demotion, cursor.hold, cursor.not_rated,
        cursor.changed, cursor.result_hash, cursor.refused, list(cursor.refusals),
    )  # fmt: skip
    message = _("定级完成：%(scored)d 人已评，%(rest)d 人未评") % {
        "scored": cursor.scored,
        "rest": cursor.not_rated,
    }
    return Chunk(None, 2 * cursor.managers, 2 * cursor.managers, message, result)


_PHASES = {"figures": _figures, "results": _results, "publish": _publish, "reasons": _reasons}


# --- the work ---------------------------------------------------------------------------------------------------------
def _kept_for(run: Run, cursor: RegradeCursor) -> Work | None:
    """What this process still has of the same work."""
    for work in _kept:
        if work.job == run.job_id and work.inputs.digest == cursor.digest:
            return work
    return None


def _work(run: Run, cycle: Cycle, cursor: RegradeCursor) -> Work:
    """Inputs and evaluation, kept or made again. Raises _Changed when the inputs are others by now."""
    work = _kept_for(run, cursor)
    if work is not None:
        return work
    if figures_staged(run.job_id) != cursor.figures:
        raise _Changed
    scheme = loaded(cycle.scheme)
    needs: Needs = needs_of(scheme)
    inputs = read_inputs(cycle, scheme, needs, run.job_id)
    if cursor.digest and inputs.digest != cursor.digest:
        raise _Changed
    evaluation = Evaluation(scheme, inputs.cohort)
    writer = SheetWriter(evaluation, inputs.origin)
    work = Work(run.job_id, inputs, evaluation, writer, _written(run.args, inputs))
    _kept[:] = [work]
    return work


def _written(args: RegradeArgs, inputs: Inputs) -> list[int]:
    everybody = range(len(inputs.members))
    if not args.unit:
        return list(everybody)
    path = OrgUnit.objects.values_list("path", flat=True).get(pk=args.unit) or ""
    return [index for index in everybody if (inputs.members[index].unit_path or "").startswith(path)]


def _with_tally(cursor: RegradeCursor, work: Work) -> RegradeCursor:
    tally = tally_of([work.writer.result(index) for index in work.written])
    refusals = work.inputs.refusals
    return replace(
        cursor, digest=work.inputs.digest, managers=tally.managers, scored=tally.scored, promotion=tally.promotion,
        demotion=tally.demotion, hold=tally.hold, not_rated=tally.not_rated, result_hash=tally.result_hash,
        refused=len(refusals), refusals=[text[:200] for text in refusals[:REFUSALS_NAMED]],
    )  # fmt: skip


def _stage(run: Run, cycle: Cycle, work: Work, indexes: list[int]) -> tuple[int, int]:
    """Writes what differs from the published sheets of these people into the staging tables."""
    members = work.inputs.members
    published = ScoreSheet.objects.filter(
        cycle=cycle, manager__in=[members[index].manager for index in indexes]
    )
    digests = dict(published.order_by().values_list("manager_id", "digest"))
    sheets, lines = [], []
    for index, row in work.writer.rows(indexes):
        member = members[index]
        if digests.get(member.manager) == row.digest:
            continue
        start = f"{run.job_id}\t{member.manager}\t"
        sheets.append(f"{start}{member.unit}\t{escaped(member.grade_code)}\t{row.head}\t{row.digest}\n")
        lines += [f"{start}{position}\t{text}\n" for position, text in enumerate(row.lines, start=1)]
    copy_rows("stagedsheet", SHEET_COLUMNS, sheets)
    copy_rows("stagedline", LINE_COLUMNS, lines)
    return len(sheets), len(lines)


def explanation(evaluation: Evaluation, index: int) -> dict[str, object]:
    """What a sheet keeps of why: a stored `Reasons`."""
    return Reasons(**evaluation.explanation(index)).stored()
