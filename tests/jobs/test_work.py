"""Working on a job: chunk by chunk, each with its cursor in one transaction, and never without the lease."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.utils import timezone

from cmsys.access.actors import MissingFunction, require
from cmsys.accounts.models import User
from cmsys.accounts.permissions import USER_EDIT
from cmsys.audit.models import Event
from cmsys.jobs import kinds
from cmsys.jobs.kinds import Chunk, JobRefused, Run
from cmsys.jobs.lease import begin, take_back_expired
from cmsys.jobs.models import Job
from cmsys.jobs.services.jobs import job_cancel
from cmsys.jobs.work import Heartbeat, work_on
from cmsys.org.models import OrgUnit, RoleGrant
from tests.jobs.conftest import SYSTEM, act_job, again, count_job, due_now, gone_silent, notes
from tests.jobs.room import At, note


def test_all_chunks_in_their_order_and_the_result(db: None) -> None:
    job = count_job(5, size=2)
    work_on(job.pk)
    row = again(job)
    assert notes() == ["k:0", "k:1", "k:2", "k:3", "k:4"]
    assert (row.state, row.progress_done, row.progress_total, row.message, row.percent) == (
        "done", 5, 5, "至第 5 个", 100
    )  # fmt: skip
    assert (row.result, row.cursor) == (
        {"schema_version": 1, "numbers": 5}, {"schema_version": 1, "number": 4}
    )  # fmt: skip
    assert (row.attempt, row.error) == (1, "")


def test_a_second_message_for_a_finished_job_does_nothing(db: None) -> None:
    job = count_job(2)
    work_on(job.pk)
    work_on(job.pk)
    assert notes() == ["k:0", "k:1"]


def test_events_of_a_chunk_say_which_job_and_who(db: None) -> None:
    person = User.objects.create(username="zhang", name="张伟", password="-")
    job = count_job(1, actor=person)
    work_on(job.pk)
    event = Event.objects.get(kind="test.note")
    assert (event.actor_id, event.actor_name, event.request_id) == (
        person.pk,
        "张伟（zhang）",
        f"job-{job.pk}",
    )


def test_a_step_is_told_where_it_stands(db: None) -> None:
    told: list[Run] = []

    def act(run: Run) -> Chunk:
        told.append(run)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('app.actor_id', true)")
            assert cursor.fetchone() == ("0",)
        return Chunk(At(7)) if run.cursor is None else Chunk()

    job = act_job(act, key="unit:3")
    work_on(job.pk)
    assert [(run.job_id, run.key, run.actor, run.cursor) for run in told] == [
        (job.pk, "unit:3", SYSTEM, None), (job.pk, "unit:3", SYSTEM, At(7))
    ]  # fmt: skip
    assert told[0].now <= told[1].now


# --- failures --------------------------------------------------------------------------------------------------------
def fails(run: Run) -> Chunk:
    note(run, "half")
    raise ValueError("mobile 13812345678 is wrong")


def test_three_tries_then_dead_with_the_reason_and_nothing_written(db: None) -> None:
    job = act_job(fails)
    states = []
    for _ in range(4):
        due_now(job)
        work_on(job.pk)
        states.append((again(job).state, again(job).attempt))
    assert states == [("queued", 1), ("queued", 2), ("failed", 3), ("failed", 3)]
    error = again(job).error
    assert error.startswith("意外错误 ValueError（fails:")
    assert "13812345678" not in error, "the text of an unforeseen error may hold data"
    assert notes() == []


def test_after_a_failed_try_the_chunk_is_done_once(db: None) -> None:
    tries: list[int] = []

    def act(run: Run) -> Chunk:
        tries.append(run.cursor.number if run.cursor else 0)
        note(run, tries[-1])
        if tries == [0, 1]:
            raise OSError("disk full")
        return Chunk(At(tries[-1] + 1)) if tries[-1] < 2 else Chunk()

    job = act_job(act)
    work_on(job.pk)
    assert (again(job).state, again(job).attempt, notes()) == ("queued", 1, ["k:0"])
    due_now(job)
    work_on(job.pk)
    assert (again(job).state, tries, notes()) == ("done", [0, 1, 1, 2], ["k:0", "k:1", "k:2"])
    assert again(job).error == ""


def test_a_refusal_is_final_and_said_as_it_stands(db: None) -> None:
    def refuse(run: Run) -> Chunk:
        note(run, "half")
        raise JobRefused("第 12 行的机构编码不存在")

    job = act_job(refuse)
    work_on(job.pk)
    row = again(job)
    assert (row.state, row.attempt, row.error) == ("failed", 1, "第 12 行的机构编码不存在")
    assert notes() == []


def test_a_chunk_that_takes_too_long_is_a_failed_try(db: None) -> None:
    def slow(run: Run) -> Chunk:
        raise SoftTimeLimitExceeded

    job = act_job(slow)
    work_on(job.pk)
    assert (again(job).state, again(job).error[:6]) == ("queued", "单步执行超时")


def test_a_kind_this_worker_does_not_know_waits_for_one_that_does(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = count_job(1)
    with monkeypatch.context() as older:
        older.delitem(kinds._kinds, "test.count")
        work_on(job.pk)
    assert again(job).state == "queued"
    assert "test.count" in again(job).error
    due_now(job)
    work_on(job.pk)
    assert again(job).state == "done"


def test_a_cursor_of_another_version_is_not_guessed_at(db: None) -> None:
    job = count_job(3)
    Job.objects.filter(pk=job.pk).update(cursor={"schema_version": 1, "number": 1, "page": 4})
    work_on(job.pk)
    assert (again(job).state, notes()) == ("queued", [])
    assert again(job).error.startswith("意外错误 DocumentError")


# --- in somebody's name -----------------------------------------------------------------------------------------------
@pytest.fixture
def administrator(db: None) -> User:
    person = User.objects.create(username="sun", name="孙系统", password="-")
    unit = OrgUnit.objects.create(code="HO", name="总行", kind="head", path="/1/", opened_on=date(2001, 1, 1))
    RoleGrant.objects.create(user=person, role="SYS", unit=unit, side=1, starts_on=date(2020, 1, 1))
    return person


def test_a_job_has_the_rights_its_person_has_now(administrator: User) -> None:
    def act(run: Run) -> Chunk:
        require(run.actor, USER_EDIT)
        note(run, "allowed")
        return Chunk(At(1)) if run.cursor is None else Chunk()

    job = act_job(act, actor=administrator)
    work_on(job.pk)
    assert (again(job).state, notes()) == ("done", ["k:allowed", "k:allowed"])
    job = act_job(act, actor=administrator)
    User.objects.filter(pk=administrator.pk).update(is_active=False)
    work_on(job.pk)
    assert (again(job).state, again(job).error) == ("failed", str(MissingFunction(USER_EDIT)))
    assert notes() == ["k:allowed", "k:allowed"]


# --- leases ----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_cancelled_job_loses_only_the_chunk_under_way() -> None:
    in_chunk, go_on = threading.Event(), threading.Event()

    def act(run: Run) -> Chunk:
        number = run.cursor.number if run.cursor else 0
        note(run, number)
        if number == 1:
            in_chunk.set()
            assert go_on.wait(20)
        return Chunk(At(number + 1), number + 1, 5)

    job = act_job(act)
    worker = working(job)
    assert in_chunk.wait(20)
    job_cancel(actor=SYSTEM, job_id=job.pk, now=timezone.now())
    go_on.set()
    worker.join()
    row = again(job)
    assert (row.state, row.progress_done, notes()) == ("cancelled", 1, ["k:0"])
    assert row.finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_frozen_worker_that_wakes_up_does_not_write() -> None:
    """Frozen in the middle of a chunk; its lease runs out, another worker does everything; then it wakes up."""
    frozen, wake = threading.Event(), threading.Event()

    def act(run: Run) -> Chunk:
        number = run.cursor.number if run.cursor else 0
        if number == 1 and not frozen.is_set():
            note(run, "written by the frozen one")
            frozen.set()
            assert wake.wait(20)
        note(run, number)
        return Chunk(At(number + 1)) if number < 3 else Chunk()

    job = act_job(act)
    first = working(job)
    assert frozen.wait(20)
    gone_silent(job)
    assert take_back_expired() == 1
    work_on(job.pk)
    assert again(job).state == "done"
    before = notes()
    wake.set()
    first.join()
    assert notes() == before == ["k:0", "k:1", "k:2", "k:3"]
    assert again(job).state == "done"


def working(job: Job) -> threading.Thread:
    """Another worker, in a thread with its own connection."""

    def run() -> None:
        try:
            work_on(job.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_a_long_chunk_keeps_its_lease(settings: object) -> None:
    """The lease is renewed beside the chunk, while the chunk's transaction is open."""
    settings.JOBS = settings.JOBS | {"lease": 0.2}  # type: ignore[attr-defined]
    job = count_job()
    lease = begin(job.pk)
    assert lease is not None
    first = again(job).lease_until
    with transaction.atomic(), Heartbeat(lease):
        while again(job).lease_until <= first:
            threading.Event().wait(0.01)
    assert again(job).state == "running"


# --- making room -----------------------------------------------------------------------------------------------------
def ticking(*moments: float) -> Iterator[float]:
    yield from moments


def test_a_job_that_had_its_slice_makes_room_for_others(db: None) -> None:
    job = count_job(4)
    clock = ticking(0, 10, 60)
    work_on(job.pk, clock=lambda: next(clock))
    row = again(job)
    assert (row.state, row.attempt, row.progress_done, row.lease_token, notes()) == (
        "queued", 0, 2, None, ["k:0", "k:1"]
    )  # fmt: skip
    work_on(job.pk)
    assert (again(job).state, notes()) == ("done", ["k:0", "k:1", "k:2", "k:3"])


def test_a_worker_that_stops_gives_its_job_back_after_the_chunk(db: None) -> None:
    job = count_job(4)
    work_on(job.pk, stopping=lambda: True)
    assert (again(job).state, again(job).attempt, notes()) == ("queued", 0, ["k:0"])


def test_a_worker_that_stops_in_the_last_chunk_finishes(db: None) -> None:
    job = count_job(1)
    work_on(job.pk, stopping=lambda: True)
    assert again(job).state == "done"
