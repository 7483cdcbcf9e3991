"""What runs by the clock: one job for each kind and period, caught up once, whoever asks and how often."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, OperationalError, connection, transaction

from cmsys.access.actors import SystemActor
from cmsys.audit.ledger import record
from cmsys.audit.sealer import Sealer
from cmsys.audit.verify import verify
from cmsys.jobs import beat, housekeeping, schedule
from cmsys.jobs.beat import EVERY_SECONDS, TableScheduler
from cmsys.jobs.enqueue import enqueue
from cmsys.jobs.models import Job, JobState
from cmsys.jobs.schedule import Periodic, enqueue_due, run_daily, table
from cmsys.jobs.transport import make_app
from cmsys.jobs.work import work_on
from tests.jobs.conftest import again
from tests.jobs.room import Numbers
from tests.sealing import sealed

CHINA = ZoneInfo("Asia/Shanghai")
NIGHTLY = Periodic("test.count", time(3, 10), Numbers(1))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=CHINA)


@pytest.fixture
def only_nightly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "_table", {NIGHTLY.kind: NIGHTLY})


def periods() -> list[datetime | None]:
    return list(Job.objects.order_by("pk").values_list("scheduled_for", flat=True))


@pytest.mark.parametrize(
    ("now", "latest"),
    [
        (at(5, 3, 10), at(5, 3, 10)),
        (at(5, 3, 9), at(4, 3, 10)),
        (at(5, 23, 59), at(5, 3, 10)),
        (at(1, 0, 0), datetime(2026, 2, 28, 3, 10, tzinfo=CHINA)),
        # 19:30 in Greenwich is already tomorrow's half past three in China.
        (datetime(2026, 3, 4, 19, 30, tzinfo=UTC), at(5, 3, 10)),
    ],
)
def test_the_latest_moment_is_told_by_the_wall_clock_of_china(now: datetime, latest: datetime) -> None:
    assert NIGHTLY.latest(now) == latest


@pytest.mark.usefixtures("only_nightly")
def test_each_period_is_queued_once_in_the_name_of_the_schedule(db: None) -> None:
    (job,) = enqueue_due(at(5, 3, 10))
    assert (job.kind, job.scheduled_for, job.actor_name, job.args["total"]) == (
        "test.count", at(5, 3, 10), "system:schedule", 1
    )  # fmt: skip
    assert enqueue_due(at(5, 3, 11)) == []
    work_on(job.pk)
    assert enqueue_due(at(5, 23, 0)) == [], "not again after it has ended"
    assert [job.scheduled_for for job in enqueue_due(at(6, 4))] == [at(6, 3, 10)]


@pytest.mark.usefixtures("only_nightly")
def test_after_days_of_standstill_it_is_caught_up_once(db: None) -> None:
    (first,) = enqueue_due(at(1, 4))
    work_on(first.pk)
    (late,) = enqueue_due(at(9, 2))
    assert late.scheduled_for == at(8, 3, 10)
    work_on(late.pk)
    assert enqueue_due(at(9, 2, 30)) == []
    assert periods() == [at(1, 3, 10), at(8, 3, 10)]


@pytest.mark.usefixtures("only_nightly")
def test_an_unfinished_run_is_waited_for_and_not_doubled(db: None) -> None:
    (first,) = enqueue_due(at(1, 4))
    assert enqueue_due(at(2, 4)) == []
    assert enqueue_due(at(3, 4)) == []
    work_on(first.pk)
    assert [job.scheduled_for for job in enqueue_due(at(3, 5))] == [at(3, 3, 10)]


@pytest.mark.usefixtures("only_nightly")
def test_a_clock_that_jumps_back_queues_nothing(db: None) -> None:
    (first,) = enqueue_due(at(5, 3, 10))
    work_on(first.pk)
    assert enqueue_due(at(5, 3, 10) - timedelta(hours=1) + timedelta(days=0)) != [], "yesterday's had not run"
    for job in Job.objects.filter(state=JobState.QUEUED):
        work_on(job.pk)
    for minutes in (-60, 0, 60, -30, 30):
        assert enqueue_due(at(5, 3, 10) + timedelta(minutes=minutes)) == []
    assert len(periods()) == 2


def test_the_database_keeps_one_job_for_each_period(db: None) -> None:
    row = {"kind": "test.count", "actor_name": "t", "scheduled_for": at(5, 3, 10)}
    Job.objects.create(key="a", **row)
    with pytest.raises(IntegrityError, match="jobs_job_one_per_period"), transaction.atomic():
        Job.objects.create(key="b", **row)


def test_a_period_that_ran_meanwhile_is_the_answer(db: None) -> None:
    """Between looking and queueing, another beat may have queued it and a worker may have done it."""
    actor = SystemActor("system:schedule")
    with transaction.atomic():
        done = enqueue("test.count", "", Numbers(1), actor=actor, scheduled_for=at(5, 3, 10))
    work_on(done.pk)
    with transaction.atomic():
        assert enqueue("test.count", "", Numbers(1), actor=actor, scheduled_for=at(5, 3, 10)) == done
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("only_nightly")
def test_four_beats_at_once_queue_one_job() -> None:
    together = threading.Barrier(4)
    queued: list[int] = []

    def tick() -> None:
        try:
            together.wait(20)
            for day in range(1, 8):
                for job in enqueue_due(at(day, 4)):
                    queued.append(job.pk)
                    work_on(job.pk)
                together.wait(20)
        finally:
            connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert periods() == [at(day, 3, 10) for day in range(1, 8)]
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


def test_a_kind_stands_in_the_table_once(only_nightly: None) -> None:
    run_daily(NIGHTLY)
    with pytest.raises(ValueError, match=r"test\.count"):
        run_daily(Periodic("test.count", time(4, 0)))


# --- beat --------------------------------------------------------------------------------------------------------------
def scheduler() -> TableScheduler:
    return TableScheduler(app=make_app({}, "redis://127.0.0.1:1/0"))


def test_beat_writes_rows_and_asks_no_broker(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beat, "close_old_connections", lambda: None)
    assert scheduler().tick() == EVERY_SECONDS
    assert set(Job.objects.values_list("kind", flat=True)) == {entry.kind for entry in table()}


def test_beat_survives_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(now: datetime) -> list[Job]:
        raise OperationalError("connection refused")

    monkeypatch.setattr(beat, "enqueue_due", away)
    # A connection that an earlier test left open is none of this test's business.
    monkeypatch.setattr(beat, "close_old_connections", lambda: None)
    assert scheduler().tick() == EVERY_SECONDS


# --- what the kernel runs ----------------------------------------------------------------------------------------------
def test_the_kernels_own_schedule() -> None:
    times = {entry.kind: entry.daily_at for entry in table()}
    assert (times["sessions.clear"], times["audit.verify"]) == (time(3, 10), time(3, 30))


def run(kind: str, key: str = "") -> Job:
    from cmsys.jobs.documents import Empty

    with transaction.atomic():
        job = enqueue(kind, key, Empty(), actor=schedule.ACTOR)
    work_on(job.pk)
    return again(job)


def test_expired_sessions_go_and_live_ones_stay(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "SESSIONS_AT_ONCE", 2)
    now = datetime.now(UTC)
    for number in range(5):
        Session.objects.create(
            session_key=f"old{number}", session_data="", expire_date=now - timedelta(hours=1)
        )
    Session.objects.create(session_key="live", session_data="", expire_date=now + timedelta(hours=1))
    job = run("sessions.clear")
    assert (job.state, job.result, job.message) == (
        "done", {"schema_version": 1, "sessions": 5}, "已清除 5 个过期会话"
    )  # fmt: skip
    assert list(Session.objects.values_list("session_key", flat=True)) == ["live"]


def test_the_nightly_verification_keeps_the_head(db: None) -> None:
    for number in range(3):
        record("test.note", actor=SystemActor("system:test"), resource="test", object_id=str(number))
    assert sealed(Sealer(), datetime.now(UTC)) == 3
    job = run("audit.verify")
    assert (job.state, job.message) == ("done", "操作日志完整，已校验 3 条")
    assert job.result == {"schema_version": 1, "events": 3, "sealed": 3, "head": verify().head, "breaks": []}


def test_a_broken_ledger_is_a_finished_verification_that_says_so(db: None) -> None:
    for number in range(3):
        record("test.note", actor=SystemActor("system:test"), resource="test", object_id=str(number))
    assert sealed(Sealer(), datetime.now(UTC)) == 3
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE cmsys_owner")
        cursor.execute(
            "UPDATE audit_event SET object_id = 'x' WHERE id = (SELECT event_id FROM audit_seal WHERE seq = 2)"
        )
        cursor.execute("SET ROLE cmsys_app")
    job = run("audit.verify")
    assert (job.state, job.message, job.result["breaks"]) == ("done", "操作日志校验不通过：第 2 处", [2])
