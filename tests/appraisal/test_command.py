"""manage.py regrade: what it prints and how it ends. A worker is stood in for while the command waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from appraisal.cycles.services.cycles import REGRADE_JOB, cycle_close, cycle_open
from appraisal.figures.models import Reading
from appraisal.schemes.services.schemes import scheme_import
from appraisal.scoring.management.commands import regrade as command
from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.services.regrading import regrade
from cmsys.jobs.models import Job, JobState
from tests.appraisal.world import EXAMPLES, World, finish, graded
from tests.cast import STAGE, TODAY

pytestmark = pytest.mark.django_db


def call(*arguments: str) -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("regrade", *arguments, "--json", stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the command rests, the oldest open job is done."""
    monkeypatch.setattr(
        command.time,
        "sleep",
        lambda seconds: finish(Job.objects.filter(state="queued", kind=REGRADE_JOB).earliest("pk")),
    )


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """While the command rests, the job ends like this."""

    def ends(values: dict[str, Any]) -> None:
        monkeypatch.setattr(command.time, "sleep", lambda seconds: Job.objects.update(finished_at=timezone.now(), **values))  # fmt: skip

    return ends


@pytest.mark.usefixtures("worker")
def test_what_it_prints(demo: World) -> None:
    code, found = call("2025Q4")
    cycle = type(demo.cycle).objects.get(pk=demo.cycle.pk)
    job = Job.objects.get(kind=REGRADE_JOB)
    assert code == 0
    assert found == {
        "cycle": cycle.pk, "managers": 4, "scored": 3, "proposals": {"promotion": 0, "demotion": 0, "hold": 3},
        "result_hash": cycle.result_hash, "not_rated": 1, "changed": 4, "refused": 0, "refusals": [], "job": job.pk,
    }  # fmt: skip
    code, again = call("2025Q4", "--scheme", "DEMO")
    assert (code, again["changed"], again["result_hash"]) == (0, 0, cycle.result_hash)


@pytest.mark.usefixtures("worker")
def test_one_unit(demo: World) -> None:
    code, found = call("2025Q4", "--unit", "CD")
    assert (code, found["managers"], found["scored"]) == (0, 2, 2)
    assert ScoreSheet.objects.count() == 2


@pytest.mark.usefixtures("worker")
def test_what_the_scheme_cannot_take_ends_with_one(demo: World) -> None:
    demo.cycle.members.filter(manager__employee_no="M-CX1").update(grade_code="CHIEF")
    code, found = call("2025Q4")
    assert (code, found["refused"], found["refusals"], found["scored"]) == (1, 1, ["M-CX1 CHIEF"], 3)


@pytest.mark.usefixtures("worker")
def test_bad_requests_end_with_two_and_queue_nothing(demo: World) -> None:
    assert call("2025X")[0] == 2
    assert call("2024Q4")[0] == 2
    assert call("2025Q4", "--scheme", "NONE")[0] == 2
    assert call("2025Q4", "--unit", "NONE")[0] == 2
    scheme_import(actor=STAGE, text=(EXAMPLES / "ct.yaml").read_text())
    cycle_open(actor=STAGE, scheme_code="CT", period="2025Q4", today=TODAY)
    code, found = call("2025Q4")
    assert code == 2
    assert "CT、DEMO" in found["errors"][0]
    assert Job.objects.count() == 0


def test_a_closed_cycle_ends_with_two(demo: World) -> None:
    graded(demo.cycle)
    cycle_close(actor=STAGE, cycle_id=demo.cycle.pk, now=timezone.now())
    code, found = call("2025Q4")
    assert code == 2
    assert "已经结束" in found["errors"][0]


def test_no_worker_ends_with_three_and_the_job_goes_on(demo: World) -> None:
    code, found = call("2025Q4", "--wait", "0.2")
    job = Job.objects.get()
    assert (code, job.state) == (3, "queued")
    assert str(job.pk) in found["errors"][0]
    finish(job)
    assert ScoreSheet.objects.count() == 4


def test_a_job_that_was_refused_or_cancelled_ends_with_two(
    demo: World, ending: Callable[[dict[str, Any]], None]
) -> None:
    ending({"state": JobState.FAILED, "error": "不行"})
    code, found = call("2025Q4")
    assert (code, "不行" in found["errors"][0]) == (2, True)


@pytest.mark.usefixtures("worker")
def test_it_waits_for_another_regrading_and_then_runs_its_own(demo: World) -> None:
    regrade(actor=STAGE, cycle_id=demo.cycle.pk, unit_id=demo.cast.units["SH"].pk)
    Reading.objects.filter(manager__employee_no="M-CD1", indicator_code="SALES").update(value=3000)
    code, found = call("2025Q4")
    assert (code, found["managers"]) == (0, 4)
    assert Job.objects.filter(state="done", kind=REGRADE_JOB).count() == 2


def test_another_regrading_that_does_not_end_ends_with_three(demo: World) -> None:
    regrade(actor=STAGE, cycle_id=demo.cycle.pk, unit_id=demo.cast.units["SH"].pk)
    assert call("2025Q4", "--wait", "0.2")[0] == 3
    assert Job.objects.count() == 1
