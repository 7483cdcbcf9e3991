"""A plan of ten thousand lines whose worker is killed in the middle, beside a second try of everybody: it is carried out
once, as if nothing had happened, and at no moment has a customer two owners or none."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from cmsys.access.refusals import Conflict
from cmsys.audit.acting import acting_as
from cmsys.audit.models import Event
from cmsys.jobs.kinds import Run
from cmsys.jobs.models import Job
from cmsys.local.broker import Broker
from cmsys.workflow.form import Form
from customers.execution.jobs import apply_step
from customers.execution.runs import PlanRun
from customers.execution.services.execution import plan_apply
from customers.planning.choices import PlanState
from customers.planning.models import AllocationPlan
from managers.profiles.models import RelationshipManager
from tests.cast import STAGE, stage
from tests.execution.many import INVARIANT, digest, furnish, moving, plan_of
from tests.faults.job_processes import Processes, eventually
from tests.planning.world import policy

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMERS, PEOPLE, CHUNK = 10_000, 60, 250
SKIPPED = CUSTOMERS // 97
Print = pytest.CaptureFixture[str]


@pytest.fixture
def processes(transactional_db: None, valkey: Broker, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(valkey, tmp_path)
    yield made
    made.end()


@pytest.fixture
def plan(transactional_db: None) -> AllocationPlan:
    cast = stage()
    today = timezone.localdate()
    codes = ("CD", "CX", "PD")
    people = RelationshipManager.objects.bulk_create(
        RelationshipManager(employee_no=f"E{n:03}", name=f"员工{n}", unit=cast.units[codes[n % 3]], status="active")
        for n in range(PEOPLE)
    )  # fmt: skip
    furnish(CUSTOMERS, people)
    made = plan_of(policy(), cast.units["HO"], cast.users["cmd"], today, timezone.now())
    moving(made, people)
    return made


@dataclass
class Watch:
    """What a reader saw all the time: how often, the worst of each count, and through how many stages of the work."""

    samples: int = 0
    worst: tuple[int, int] = (0, 0)
    seen: set[int] = field(default_factory=set)
    failed: str = ""


@contextmanager
def watching(on: date) -> Iterator[Watch]:
    """Reads the invariant from a connection of its own, one sample after the other."""
    watch, stop = Watch(), threading.Event()

    def look() -> None:
        try:
            while not stop.wait(0.05):
                with connection.cursor() as cursor:
                    cursor.execute(INVARIANT, {"on": on})
                    twice, wrong, applied = cursor.fetchone()
                watch.samples += 1
                watch.worst = max(watch.worst[0], twice), max(watch.worst[1], wrong)
                watch.seen.add(applied)
        except Exception as error:
            watch.failed = repr(error)
        finally:
            connection.close()

    thread = threading.Thread(target=look, name="watching")
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()


def undisturbed(plan: AllocationPlan) -> str:
    """The digest of a run that nothing happened to; it is rolled back."""
    with transaction.atomic():
        plan_apply(actor=STAGE, plan_id=plan.pk, form=Form(), now=timezone.now(), today=timezone.localdate())
        while AllocationPlan.objects.get().state == PlanState.APPLYING:
            with acting_as(STAGE):
                apply_step(Run(0, "", STAGE, PlanRun(plan.pk), None, timezone.now()))
        found = digest(plan)
        transaction.set_rollback(True)
    assert AllocationPlan.objects.get().state == PlanState.APPROVED
    return found


def beside(plan: AllocationPlan, chunks: int, said: list[str]) -> threading.Thread:
    """Somebody works on the same plan without having the job: as a worker would that does not know it is taken for dead."""

    def work() -> None:
        try:
            for _chunk in range(chunks):
                with acting_as(STAGE):
                    said.append(
                        apply_step(Run(0, "", STAGE, PlanRun(plan.pk, CHUNK), None, timezone.now())).message
                    )
        finally:
            connection.close()

    thread = threading.Thread(target=work, name="beside")
    thread.start()
    return thread


def test_ten_thousand_lines_a_kill_in_the_middle_and_a_second_try_beside(
    processes: Processes, plan: AllocationPlan, capsys: Print
) -> None:
    expected = undisturbed(plan)
    today = timezone.localdate()
    with watching(today) as watch:
        eventually(lambda: watch.samples >= 3 or watch.failed, "the watch to begin")
        processes.dispatcher()
        first = processes.worker()
        processes.ready()
        plan_apply(actor=STAGE, plan_id=plan.pk, form=Form(), now=timezone.now(), today=today, chunk=CHUNK)
        job = Job.objects.get(kind="execution.apply")
        with pytest.raises(Conflict, match="执行中"):
            plan_apply(actor=STAGE, plan_id=plan.pk, form=Form(), now=timezone.now(), today=today)
        eventually(lambda: changed(job) >= 2000, processes.said)
        first.kill()
        killed, done = time.monotonic(), changed(job)
        assert 2000 <= done < CUSTOMERS - CHUNK, "some chunks are committed and some are not"
        assert plan.lines.exclude(state="approved").count() % CHUNK == 0, "whole chunks only"
        assert plan.lines.filter(state="applied").count() == events() == done
        said: list[str] = []
        rival = beside(plan, 4, said)
        processes.worker()
        eventually(lambda: changed(job) > done, processes.said)
        recovered = time.monotonic() - killed
        rival.join()
        eventually(lambda: not again(job).is_open, processes.said)
        eventually(lambda: CUSTOMERS - SKIPPED in watch.seen or watch.failed, "the watch to see the end")
    assert watch.failed == ""
    assert (watch.worst, again(job).state, again(job).error) == ((0, 0), "done", "")
    assert len(said) == 4
    assert len(watch.seen) >= 5, "the reader saw the plan before, on the way and after"
    counts = dict.fromkeys(("applied", "skipped"), 0) | {
        state: plan.lines.filter(state=state).count() for state in ("applied", "skipped", "approved")
    }
    assert counts == {"applied": CUSTOMERS - SKIPPED, "skipped": SKIPPED, "approved": 0}
    assert events() == CUSTOMERS - SKIPPED
    [ended] = Event.objects.filter(kind="plan.applied")
    assert (ended.after["applied"], ended.after["skipped"]) == (CUSTOMERS - SKIPPED, SKIPPED)
    assert digest(plan) == expected
    with capsys.disabled():
        print(
            f"\n[apply] worker killed after {done} of {CUSTOMERS} lines, at work again after {recovered:.1f} s (lease"
            f" {processes.timing['lease']} s, start of a new worker included); {watch.samples} samples: never two owners,"
            " never none, never another than today's primary manager; same result, nothing twice"
        )


def changed(job: Job) -> int:
    cursor = again(job).cursor or {"changed": 0}
    return int(cursor["changed"])


def again(job: Job) -> Job:
    job.refresh_from_db()
    return job


def events() -> int:
    return Event.objects.filter(kind="assignment.begin", resource="customers").values("object_id").count()
