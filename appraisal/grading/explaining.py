"""The job that follows a regrading: what would have altered each proposal, forty people a chunk.

It is asked for at the moment at which the reasons of a publication are complete, under a name of its own for each
publication, so that none is missed; what is there already for the same sheet is left alone. Figures the system computes
are asked of their sources again, because a regrading keeps none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.cycles.models import Cycle
from appraisal.grading.choices import PENDING
from appraisal.grading.counterfactuals import Case, Explainer, moved
from appraisal.grading.documents import Counterfactual
from appraisal.grading.flags import refresh_flags
from appraisal.schemes.adapters import loaded
from appraisal.schemes.engine import EngineError, Evaluation
from appraisal.scoring.adapters import read_inputs
from appraisal.scoring.needs import needs_of
from appraisal.scoring.permissions import REGRADE
from appraisal.scoring.publication import follow_reasons
from appraisal.scoring.readings import collect, sources_of
from appraisal.scoring.sheets import SheetWriter, TooExact
from appraisal.scoring.staging import figures_staged, forget
from cmsys.access.actors import Actor, require
from cmsys.jobs.documents import Document
from cmsys.jobs.enqueue import enqueue
from cmsys.jobs.kinds import Chunk, JobKind, JobRefused, Run, register_kind

EXPLAIN = "grading.explain"
AT_ONCE = 40
# The update leaves `updated_at` alone: a case that somebody has open is not another case because of its explanation.
STORE = """
UPDATE appraisal_grading_gradedecision d SET counterfactual = v.document::jsonb
FROM unnest(%s::bigint[], %s::text[]) AS v (id, document) WHERE d.id = v.id"""
WAITING = """
SELECT d.id, d.basis, m.employee_no FROM appraisal_grading_gradedecision d
JOIN managers_profiles_relationshipmanager m ON m.id = d.manager_id
WHERE d.cycle_id = %s AND d.id > %s AND d.state = ANY(%s) AND d.proposal <> 'not_rated' AND (d.counterfactual IS NULL
    OR d.counterfactual->>'basis' <> d.basis OR d.counterfactual->>'how' = 'moved')
ORDER BY d.id LIMIT %s"""


@dataclass(frozen=True)
class ExplainArgs(Document):
    """Which cycle."""

    cycle: int


@dataclass(frozen=True)
class ExplainCursor(Document):
    """`phase` figures (position: the next source) → cases (position: the last decision done). `figures` is how many the
    staging table must hold, `altered` how many decisions have changes to show, `moved` whose figures have moved."""

    phase: str = "figures"
    position: int = 0
    figures: int = 0
    done: int = 0
    altered: int = 0
    moved: int = 0


@dataclass(frozen=True)
class Explained(Document):
    """How many decisions were looked at, how many have a change to show, how many could not be worked out."""

    decisions: int
    altered: int
    moved: int


@dataclass(frozen=True)
class Work:
    """Cohort and evaluation, kept by the process from one chunk to the next."""

    job: int
    explainer: Explainer
    writer: SheetWriter
    places: dict[str, int]


_kept: list[Work] = []


def explain_step(run: Run) -> Chunk:
    """One chunk. Raises MissingFunction, JobRefused (the cycle is gone, the scheme cannot take the data)."""
    require(run.actor, REGRADE)
    cycle = Cycle.objects.select_related("scheme").filter(pk=run.args.cycle).first()
    if cycle is None:
        raise JobRefused(_("考核周期不存在"))
    cursor: ExplainCursor = run.cursor or ExplainCursor()
    if run.cursor is None:
        _kept.clear()
        forget(run.job_id)
    if cursor.phase == "figures":
        return _figures(run, cycle, cursor)
    if figures_staged(run.job_id) != cursor.figures:
        # A crash of the database has emptied the staging table.
        forget(run.job_id)
        return Chunk(ExplainCursor(done=cursor.done, altered=cursor.altered, moved=cursor.moved))
    return _cases(run, cycle, cursor)


def _figures(run: Run, cycle: Cycle, cursor: ExplainCursor) -> Chunk:
    sources = sources_of(cycle, needs_of(loaded(cycle.scheme)))
    if cursor.position >= len(sources):
        return Chunk(replace(cursor, phase="cases", position=0), message=_("数据已读取"))
    count = collect(run.job_id, cycle, sources[cursor.position])
    return Chunk(replace(cursor, position=cursor.position + 1, figures=cursor.figures + count))


def _cases(run: Run, cycle: Cycle, cursor: ExplainCursor) -> Chunk:
    with connection.cursor() as statement:
        statement.execute(WAITING, [cycle.pk, cursor.position, [state.value for state in PENDING], AT_ONCE])
        waiting: list[tuple[int, str, str]] = statement.fetchall()
    if not waiting:
        _kept.clear()
        forget(run.job_id)
        result = Explained(cursor.done, cursor.altered, cursor.moved)
        message = _("已推算 %(done)d 人，其中 %(n)d 人有可说明的最小改变") % {
            "done": cursor.done,
            "n": cursor.altered,
        }
        return Chunk(done=cursor.done, total=cursor.done, message=message, result=result)
    found = _documents(_work(run, cycle), waiting)
    with connection.cursor() as statement:
        texts = [json.dumps(document.stored(), ensure_ascii=False) for document in found.values()]
        statement.execute(STORE, [list(found), texts])
    after = replace(
        cursor, position=waiting[-1][0], done=cursor.done + len(found),
        altered=cursor.altered + sum(bool(item.changes) for item in found.values()),
        moved=cursor.moved + sum(item.how == "moved" for item in found.values()),
    )  # fmt: skip
    return Chunk(after, after.done, 0, _("推算最小改变：%(done)d 人") % {"done": after.done})


def _work(run: Run, cycle: Cycle) -> Work:
    for work in _kept:
        if work.job == run.job_id:
            return work
    scheme = loaded(cycle.scheme)
    try:
        inputs = read_inputs(cycle, scheme, needs_of(scheme), run.job_id)
        evaluation = Evaluation(scheme, inputs.cohort)
    except EngineError as error:
        raise JobRefused(" ".join(fault.zh for fault in error.faults[:3]))
    places = {member.employee_no: place for place, member in enumerate(inputs.members)}
    _kept[:] = [Work(run.job_id, Explainer(evaluation), SheetWriter(evaluation, inputs.origin), places)]
    return _kept[0]


def _documents(work: Work, waiting: list[tuple[int, str, str]]) -> dict[int, Counterfactual]:
    """A document for each decision; only for sheets that come out of the figures as they were published."""
    places = [work.places[number] for _pk, _basis, number in waiting if number in work.places]
    try:
        digests = {index: row.digest for index, row in work.writer.rows(places)}
    except TooExact:
        digests = {}
    found: dict[int, Counterfactual] = {}
    asked: dict[int, tuple[int, str]] = {}
    for pk, basis, number in waiting:
        place = work.places.get(number)
        if place is None or digests.get(place) != basis:
            found[pk] = moved(basis)
        else:
            asked[place] = (pk, basis)
    proposals = work.explainer.evaluation.proposals
    holds = [place for place in asked if proposals[place].kind == "hold"]
    near = set(work.explainer.near_misses(holds))
    for place, (pk, basis) in asked.items():
        kind = proposals[place].kind
        if kind == "hold" and place not in near:
            found[pk] = work.explainer.nothing(place, basis)
        else:
            found[pk] = work.explainer.explain(Case(place, kind), basis)
    return found


def ask(actor: Actor, cycle: Cycle, now: datetime) -> None:
    """After a publication: what each case must be looked at for, now that its reasons are there, and the job."""
    refresh_flags(cycle)
    enqueue(EXPLAIN, f"{cycle.pk}:{int(now.timestamp() * 1000)}", ExplainArgs(cycle.pk), actor=actor)


def register() -> None:
    """The kind of job, and when it is asked for."""
    register_kind(
        JobKind(
            EXPLAIN, gettext_lazy("推算最小改变"), explain_step, args=ExplainArgs, cursor=ExplainCursor,
            result=Explained, priority=6,
        )
    )  # fmt: skip
    follow_reasons(ask)
