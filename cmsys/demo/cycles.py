"""The appraisals of the demonstration bank: four quarters that are over and graded, three of them decided to the end and the
newest under review, and the present one, open."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from appraisal.cycles.models import Cycle
from appraisal.cycles.services.cycles import cycle_close, cycle_open
from appraisal.schemes.engine.periods import Period, parse_period
from appraisal.schemes.services.schemes import scheme_import
from appraisal.scoring.services.regrading import regrade
from cmsys.access.actors import SystemActor
from cmsys.audit.acting import acting_as
from cmsys.demo.decisions import decide, review
from cmsys.jobs.work import work_on

FINISHED = 4


def grade(*, actor: SystemActor, today: date, now: datetime) -> list[Cycle]:
    """Imports the bank's scheme and the CT preset, opens the last four finished quarters and the present one, and grades
    the finished ones here and now; all but the newest of them are closed and decided. Returns the cycles, oldest first.

    Each step commits by itself, so that the job may be one that a worker takes over.
    """
    with acting_as(actor):
        scheme = scheme_import(actor=actor, text=_text(Path(__file__).with_name("scheme.yaml"))).version
        scheme_import(actor=actor, text=_text(Path(settings.BASE_DIR) / "examples" / "schemes" / "ct.yaml"))
    quarter = parse_period(f"{today.year}Q{(today.month + 2) // 3}")
    assert quarter is not None
    cycles = []
    for back in range(FINISHED, -1, -1):
        cycle = _graded(actor, scheme.code, quarter.before(back), back, today, now)
        # A quarter's decisions are in effect before the next one asks who has which grade.
        if back > 1:
            decide(actor=actor, cycle=cycle)
        elif back == 1:
            review(actor=actor, cycle=cycle, today=today)
        cycles.append(cycle)
    return cycles


def _graded(actor: SystemActor, code: str, period: Period, back: int, today: date, now: datetime) -> Cycle:
    with acting_as(actor):
        cycle = cycle_open(actor=actor, scheme_code=code, period=str(period), today=today)
        job = regrade(actor=actor, cycle_id=cycle.pk) if back else None
    if job is not None:
        work_on(job.pk)
        cycle.refresh_from_db()
        if back > 1 and cycle.graded_at is not None:
            with acting_as(actor):
                cycle = cycle_close(actor=actor, cycle_id=cycle.pk, now=now)
    return cycle


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
