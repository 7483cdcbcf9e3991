"""A regrading whose worker is killed with some chunks committed and some not: it finishes, the same, and nothing twice."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from appraisal.cycles.models import Cycle
from appraisal.cycles.services.cycles import cycle_open
from appraisal.figures.models import Reading, Target
from appraisal.grading.models import GradeDecision
from appraisal.ratings.models import Rating
from appraisal.schemes.services.schemes import scheme_import
from appraisal.scoring.models import ScoreSheet, SheetLine, StagedFigure, StagedLine, StagedSheet
from appraisal.scoring.runs import Regraded
from appraisal.scoring.services.regrading import regrade
from cmsys.audit.models import Event
from cmsys.jobs.documents import load
from cmsys.jobs.models import Job
from cmsys.local.broker import Broker
from managers.profiles.models import GradeRecord, RelationshipManager
from tests.appraisal.world import EXAMPLES, PERIOD, everything, finish
from tests.cast import STAGE, TODAY, stage
from tests.faults.job_processes import Processes, Started, eventually

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 120
Print = pytest.CaptureFixture[str]


@pytest.fixture
def processes(transactional_db: None, valkey: Broker, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(valkey, tmp_path)
    yield made
    made.end()


@pytest.fixture
def cycle(transactional_db: None) -> Cycle:
    """120 people with figures of the DEMO scheme, some of them missing, the same every time."""
    cast, pick = stage(), random.Random(3)
    scheme_import(actor=STAGE, text=(EXAMPLES / "demo.yaml").read_text())
    grades = list(cast.grades.values())
    people = [
        RelationshipManager(employee_no=f"E{number:04d}", name=f"员工{number}", unit=cast.units[pick.choice(("CD", "CX", "PD"))])
        for number in range(PEOPLE)
    ]  # fmt: skip
    RelationshipManager.objects.bulk_create(people)
    GradeRecord.objects.bulk_create(
        GradeRecord(manager=one, grade=pick.choice(grades), starts_on=date(2020, pick.randint(1, 12), 1), cause="imported")
        for one in people
    )  # fmt: skip
    figures = [("SALES", 1000, 9000), ("OVERDUE", 0, 5)]
    Reading.objects.bulk_create(
        Reading(period=PERIOD, manager=one, indicator_code=code, value=Decimal(pick.randint(low * 100, high * 100)) / 100)
        for one in people for code, low, high in figures if pick.random() > 0.05
    )  # fmt: skip
    Target.objects.bulk_create(
        Target(period=PERIOD, manager=one, indicator_code="SALES", value=5000) for one in people
    )
    Rating.objects.bulk_create(
        Rating(period=PERIOD, manager=one, rater=f"R{k}", rater_group=group, indicator_code=code, score=pick.randint(50, 100))
        for one in people for code in ("COMM", "TEAM") for k, group in enumerate(("superior", "peer", "peer"))
    )  # fmt: skip
    return cycle_open(actor=STAGE, scheme_code="DEMO", period=PERIOD, today=TODAY)


def content(cycle: Cycle) -> list[tuple[Any, ...]]:
    """Every sheet and line without what the database numbers and dates."""
    columns = ("manager__employee_no", "unit_id", "grade_code", "ability", "performance", "total", "quadrant", "proposal",
               "proposed_grade", "digest", "reasons")  # fmt: skip
    lines = ("sheet__manager__employee_no", "position", "dimension", "code", "name", "kind", "source", "raw", "target",
             "score", "weight", "stated_weight", "contribution", "note")  # fmt: skip
    sheets = ScoreSheet.objects.filter(cycle=cycle).order_by("manager__employee_no").values_list(*columns)
    return [*map(repr, sheets), *map(repr, SheetLine.objects.order_by(*lines[:2]).values_list(*lines))]  # type: ignore[list-item]


def undisturbed(cycle: Cycle) -> tuple[str, list[tuple[Any, ...]]]:
    """Fingerprint and content of a run that nothing happened to; everything it wrote is taken away again."""
    result = finish(regrade(actor=STAGE, cycle_id=cycle.pk))
    assert result.scored > PEOPLE * 0.8
    assert result.not_rated > 0
    found = content(cycle)
    assert len(found) == (PEOPLE + 4) * 5
    SheetLine.objects.all().delete()
    GradeDecision.objects.all().delete()
    Job.objects.filter(state="queued").delete()
    ScoreSheet.objects.all().delete()
    Cycle.objects.update(result_hash="", graded_at=None)
    return result.result_hash, found


def phase_of(job: Job) -> tuple[str, int]:
    job.refresh_from_db()
    cursor = job.cursor or {"phase": "", "position": 0}
    return cursor["phase"], cursor["position"]


def kill_in(phase: str, position: int, job: Job, worker: Started, processes: Processes) -> float:
    """kill -9 while some chunks of the phase are committed and some are not; the moment it happened."""
    eventually(lambda: phase_of(job) >= (phase, position) and phase_of(job)[0] == phase, processes.said)
    worker.kill()
    killed = time.monotonic()
    where, committed = phase_of(job)
    assert (where, job.is_open) == (phase, True)
    assert 0 < committed < PEOPLE + 4, "some chunks are committed and some are not"
    return killed


def recovered(job: Job, before: tuple[str, int], killed: float, processes: Processes) -> float:
    eventually(lambda: phase_of(job) != before, processes.said)
    return time.monotonic() - killed


def test_kill_9_of_the_worker_in_the_middle_of_results_and_of_reasons(
    processes: Processes, cycle: Cycle, capsys: Print
) -> None:
    expected, rows = undisturbed(cycle)
    processes.dispatcher()
    first = processes.worker()
    job = regrade(actor=STAGE, cycle_id=cycle.pk, chunk=1)

    killed = kill_in("results", 20, job, first, processes)
    at = phase_of(job)
    assert ScoreSheet.objects.count() == 0, "nothing is to be seen of a run that is not finished"
    assert StagedSheet.objects.filter(job=job.pk).count() == at[1]
    second = processes.worker()
    results = recovered(job, at, killed, processes)

    killed = kill_in("reasons", 20, job, second, processes)
    at = phase_of(job)
    assert ScoreSheet.objects.count() == PEOPLE + 4, "published as a whole"
    assert ScoreSheet.objects.exclude(reasons=None).count() == at[1]
    processes.worker()
    reasons = recovered(job, at, killed, processes)

    eventually(lambda: not again(job).is_open, processes.said)
    assert (job.state, job.error) == ("done", "")
    assert load(Regraded, job.result).result_hash == expected == Cycle.objects.get().result_hash
    assert content(cycle) == rows
    assert Event.objects.filter(kind="cycle.grade", object_id=str(cycle.pk)).count() == 2, "one of each run"
    assert [model.objects.count() for model in (StagedFigure, StagedSheet, StagedLine)] == [0, 0, 0]
    with capsys.disabled():
        print(
            f"\n[regrade] worker killed in results: at work again after {results:.1f} s, in reasons: {reasons:.1f} s"
            f" (lease {processes.timing['lease']} s, start of a new worker included); same result, nothing twice"
        )


def again(job: Job) -> Job:
    job.refresh_from_db()
    return job


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_one_two_and_four_workers_come_to_the_same(
    processes: Processes, cycle: Cycle, workers: int, capsys: Print
) -> None:
    """Slices are short, so that the job goes from worker to worker, and chunks are of several sizes."""
    expected, rows = undisturbed(cycle)
    processes.timing["slice"] = 0.05
    processes.dispatcher()
    started = [processes.worker() for _number in range(workers)]
    processes.ready()
    for size in (7, 40, 1000):
        SheetLine.objects.all().delete()
        ScoreSheet.objects.all().delete()
        job = regrade(actor=STAGE, cycle_id=cycle.pk, chunk=size)
        eventually(lambda job=job: not again(job).is_open, processes.said)  # type: ignore[misc]
        assert load(Regraded, again(job).result).result_hash == expected
        assert content(cycle) == rows
    took_part = sum("received" in one.said() for one in started)
    assert took_part >= min(2, workers)
    before = everything(cycle)
    job = regrade(actor=STAGE, cycle_id=cycle.pk)
    eventually(lambda: not again(job).is_open, processes.said)
    assert everything(cycle) == before, "a second regrading changes nothing"
    with capsys.disabled():
        print(
            f"\n[regrade] {took_part} of {workers} workers took part; chunks of 7, 40 and 1000: the same result"
        )
