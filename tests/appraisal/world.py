"""A small cycle worked by hand: the DEMO scheme of the interfaces over the cast, and how a job is run in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.cycles.services.cycles import cycle_open
from appraisal.figures.models import Reading, Target
from appraisal.ratings.models import Rating
from appraisal.schemes.services.schemes import scheme_import
from appraisal.scoring import regrade as machine
from appraisal.scoring.models import ScoreSheet, SheetLine
from appraisal.scoring.runs import Regraded
from appraisal.scoring.services.regrading import regrade
from cmsys.access.actors import Actor
from cmsys.jobs.documents import dump, load
from cmsys.jobs.kinds import Run, kind_of
from cmsys.jobs.models import Job, JobState
from cmsys.jobs.work import actor_of
from cmsys.ui import indicators
from cmsys.ui.indicators import IndicatorSource, Records, Span
from tests.cast import STAGE, TODAY, Cast

EXAMPLES = Path(settings.BASE_DIR) / "examples" / "schemes"
PERIOD = "2025Q4"
# employee number → sales, target, overdue; superior's and peers' ratings of COMM and TEAM
FIGURES: dict[str, tuple[str | None, str | None, str | None, dict[str, list[tuple[str, str]]]]] = {
    # The example of interfaces 3, worked by hand there.
    "M-CX1": ("3482", "3000", "1.0", {"COMM": [("superior", "88"), ("peer", "84"), ("peer", "87")], "TEAM": [("superior", "91")]}),
    # 80.00 and 100.00: 0.7 × 80 + 0.3 × 100 = 86; 70 and 70: 70.
    "M-CD1": ("2400", "3000", "0.5", {"COMM": [("superior", "70")], "TEAM": [("superior", "70")]}),
    # Sales missing are zero here: 0.3 × 60 = 18; 60 × 0.9 + 40 × 0.9 = 90.
    "M-CD2": (None, "3000", "2.999999", {"COMM": [("superior", "90")], "TEAM": [("peer", "90")]}),
    # Overdue missing blocks: not rated.
    "M-PD1": ("5000", "3000", None, {"COMM": [("superior", "95")], "TEAM": [("superior", "95")]}),
}  # fmt: skip


@dataclass
class World:
    """The cast, the cycle, and what was graded."""

    cast: Cast
    cycle: Cycle


def bring_in(cast: Cast, code: str, figures: dict[str, str | None], model: Any = Reading) -> None:
    for number, value in figures.items():
        if value is not None:
            model.objects.create(
                period=PERIOD, manager=cast.managers[number], indicator_code=code, value=Decimal(value)
            )


def rate(cast: Cast, number: str, code: str, scores: list[tuple[str, str]]) -> None:
    for place, (group, score) in enumerate(scores):
        Rating.objects.create(
            period=PERIOD, manager=cast.managers[number], rater=f"R{place}", rater_group=group, indicator_code=code,
            score=Decimal(score),
        )  # fmt: skip


def demo_world(cast: Cast) -> World:
    """The DEMO scheme, its figures, and an open cycle."""
    scheme_import(actor=STAGE, text=(EXAMPLES / "demo.yaml").read_text())
    bring_in(cast, "SALES", {number: row[0] for number, row in FIGURES.items()})
    bring_in(cast, "OVERDUE", {number: row[2] for number, row in FIGURES.items()})
    for number, row in FIGURES.items():
        if row[1] is not None:
            Target.objects.create(
                period=PERIOD,
                manager=cast.managers[number],
                indicator_code="SALES",
                value=Decimal(row[1]),
                **_at(cast, number),
            )
        for code, scores in row[3].items():
            rate(cast, number, code, scores)
    return World(cast, cycle_open(actor=STAGE, scheme_code="DEMO", period=PERIOD, today=TODAY))


def _at(cast: Cast, number: str) -> dict[str, Any]:
    fields = {field.name for field in Target._meta.get_fields()}
    return {"at": cast.managers[number].unit} if "at" in fields else {}


# --- running a job without a worker ---------------------------------------------------------------------------------------
Between = Callable[[Job], None]


def steps(job: Job, forget: bool = False) -> Iterator[Any]:
    """The chunks of a job as a worker does them, the cursor through JSON and back; `forget`: as if each chunk were done
    by another process."""
    kind = kind_of(job.kind)
    job.refresh_from_db()
    args = load(kind.args, job.args)
    stored = job.cursor
    while True:
        if forget:
            machine._kept.clear()
        cursor = None if stored is None else load(kind.cursor, stored)
        with transaction.atomic():
            chunk = kind.step(Run(job.pk, job.key, actor_of(job), args, cursor, timezone.now()))
        stored = None if chunk.cursor is None else dump(chunk.cursor)
        Job.objects.filter(pk=job.pk).update(cursor=stored)
        yield chunk
        if stored is None:
            Job.objects.filter(pk=job.pk).update(
                state=JobState.DONE, finished_at=timezone.now(), result=dump(chunk.result)
            )
            return


def finish(job: Job, forget: bool = False) -> Regraded:
    """Runs a job to its end."""
    chunks = list(steps(job, forget))
    result = chunks[-1].result
    assert isinstance(result, Regraded)
    return result


def graded(
    cycle: Cycle, *, actor: Actor = STAGE, unit_id: int | None = None, chunk: int = 0, forget: bool = False
) -> Regraded:
    """A regrading from the request to its result."""
    return finish(regrade(actor=actor, cycle_id=cycle.pk, unit_id=unit_id, chunk=chunk), forget)


# --- what is stored ---------------------------------------------------------------------------------------------------------
def sheet(cycle: Cycle, number: str) -> ScoreSheet:
    found: ScoreSheet = ScoreSheet.objects.get(cycle=cycle, manager__employee_no=number)
    return found


def lines(cycle: Cycle, number: str) -> list[SheetLine]:
    return list(SheetLine.objects.filter(sheet=sheet(cycle, number)).order_by("position"))


def everything(cycle: Cycle) -> list[tuple[Any, ...]]:
    """Every row of the cycle's sheets and lines, to the last column."""
    sheets = ScoreSheet.objects.filter(cycle=cycle).order_by("pk").values_list()
    return [*sheets, *SheetLine.objects.filter(sheet__cycle=cycle).order_by("pk").values_list()]


# --- sources ----------------------------------------------------------------------------------------------------------------
@contextmanager
def computing(figures: dict[str, dict[int, str]], kind: str = "reading") -> Iterator[list[tuple[str, Span]]]:
    """Sources that answer with these figures stand in for the library; yields what they were asked."""
    asked: list[tuple[str, Span]] = []

    def source(code: str, answers: dict[int, str]) -> IndicatorSource:
        def compute(span: Span) -> list[tuple[int, Decimal]]:
            asked.append((code, span))
            return [(manager, Decimal(value)) for manager, value in answers.items()]

        records = Records("/", code, None)
        return IndicatorSource(code, code, "", "", compute, lambda span, manager: records, kind=kind)

    kept = dict(indicators._sources)
    indicators._sources.clear()
    indicators._sources.update({code: source(code, answers) for code, answers in figures.items()})
    try:
        yield asked
    finally:
        indicators._sources.clear()
        indicators._sources.update(kept)


def day(text: str) -> date:
    return date.fromisoformat(text)
