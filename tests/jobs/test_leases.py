"""Who may send and who may write: claims, leases, and taking back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from cmsys.jobs import lease as leases
from cmsys.jobs.kinds import Chunk
from cmsys.jobs.lease import (
    Lease,
    LeaseLost,
    advance,
    begin,
    claim_due,
    fail,
    give_back,
    renew,
    take_back_expired,
    unclaim,
)
from cmsys.jobs.models import Job, JobState
from tests.jobs.conftest import again, count_job, gone_silent
from tests.jobs.room import At, Counted


def held(job: Job) -> Lease:
    lease = begin(job.pk)
    assert lease is not None
    return lease


def test_due_jobs_go_out_once_by_priority_and_age(db: None) -> None:
    jobs = {key: count_job(key=key) for key in ("late", "urgent", "early", "future", "running")}
    Job.objects.filter(key="urgent").update(priority=1)
    Job.objects.filter(key="early").update(due_at=Now() - timedelta(hours=1))
    Job.objects.filter(key="future").update(due_at=Now() + timedelta(hours=1))
    held(jobs["running"])
    assert claim_due() == [jobs[key].pk for key in ("urgent", "early", "late")]
    assert claim_due() == []


def test_an_id_that_nobody_took_up_goes_out_again(db: None) -> None:
    job = count_job()
    assert claim_due() == [job.pk]
    gone_silent(job)
    assert claim_due() == [job.pk]


def test_what_could_not_be_sent_is_due_at_once(db: None) -> None:
    job, taken = count_job(key="a"), count_job(key="b")
    ids = claim_due()
    lease = held(taken)
    unclaim(ids)
    assert claim_due() == [job.pk]
    assert renew(lease), "a worker that got the id after all keeps its lease"


def test_only_so_many_are_on_their_way(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "IN_FLIGHT", 2)
    jobs = [count_job(key=str(number)) for number in range(4)]
    assert claim_due() == [jobs[0].pk, jobs[1].pk]
    assert claim_due() == []
    held(jobs[0])
    assert claim_due() == [jobs[2].pk]


@pytest.fixture
def other_session(transactional_db: None) -> Iterator[Any]:
    connection.ensure_connection()
    session = connection.Database.connect(**connection.get_connection_params())
    yield session
    session.close()


def test_a_row_another_dispatcher_is_just_claiming_is_passed_over(other_session: Any) -> None:
    first, second = count_job(key="a"), count_job(key="b")
    with other_session.cursor() as cursor:
        cursor.execute("SELECT id FROM jobs_job WHERE id = %s FOR UPDATE", [first.pk])
    assert claim_due() == [second.pk]
    other_session.rollback()
    assert claim_due() == [first.pk]


def test_one_worker_gets_the_job(db: None) -> None:
    job = count_job()
    lease = held(job)
    assert begin(job.pk) is None
    row = again(job)
    assert (row.state, row.attempt, row.lease_token) == ("running", 1, lease.token)
    assert row.started_at is not None


@pytest.mark.parametrize(
    "values",
    [
        {"state": JobState.DONE, "finished_at": Now()},
        {"state": JobState.CANCELLED, "finished_at": Now()},
        {"due_at": Now() + timedelta(minutes=1)},
    ],
)
def test_a_message_that_comes_too_late_or_too_early_does_nothing(values: dict[str, Any], db: None) -> None:
    job = count_job()
    Job.objects.filter(pk=job.pk).update(**values)
    assert begin(job.pk) is None
    assert again(job).attempt == 0
    assert begin(job.pk + 1) is None


def test_a_silent_worker_loses_its_job(db: None) -> None:
    job = count_job()
    lease = held(job)
    assert take_back_expired() == 0
    gone_silent(job)
    assert take_back_expired() == 1
    row = again(job)
    assert (row.state, row.attempt, row.lease_token, row.error) == (
        "queued",
        1,
        None,
        "执行进程中断，没有留下原因",
    )
    assert claim_due() == [job.pk], "without waiting"
    with pytest.raises(LeaseLost), transaction.atomic():
        advance(lease, Chunk(At(1)))
    assert (renew(lease), give_back(lease)) == (False, False)
    fail(lease, "too late", final=True)
    assert again(job).state == "queued"


def test_a_job_that_kills_its_worker_three_times_is_dead(db: None) -> None:
    job = count_job()
    for attempt in (1, 2, 3):
        held(job)
        assert again(job).attempt == attempt
        gone_silent(job)
        assert take_back_expired() == 1
    row = again(job)
    assert (row.state, row.attempt, row.error) == ("failed", 3, "执行进程中断，没有留下原因")
    assert row.finished_at is not None
    assert (take_back_expired(), claim_due()) == (0, [])


def test_a_worker_that_is_just_committing_is_left_alone(other_session: Any) -> None:
    job = count_job()
    held(job)
    gone_silent(job)
    with other_session.cursor() as cursor:
        cursor.execute("UPDATE jobs_job SET progress_done = 1 WHERE id = %s", [job.pk])
    assert take_back_expired() == 0
    other_session.rollback()
    assert take_back_expired() == 1


def test_a_committed_chunk_renews_the_lease_and_the_tries(db: None) -> None:
    job = count_job()
    held(job)
    gone_silent(job)
    take_back_expired()
    lease = held(job)
    assert again(job).attempt == 2
    gone_silent(job)
    advance(lease, Chunk(At(1), done=1, total=3, message="一"))
    row = again(job)
    assert (row.attempt, row.cursor, row.progress_done, row.progress_total, row.message, row.percent) == (
        1, {"schema_version": 1, "number": 1}, 1, 3, "一", 33
    )  # fmt: skip
    assert (row.error, take_back_expired()) == ("", 0)


def test_the_last_chunk_ends_the_job(db: None) -> None:
    job = count_job()
    lease = held(job)
    advance(lease, Chunk(None, 3, 3, result=Counted(3)))
    row = again(job)
    assert (row.state, row.result, row.lease_token, row.lease_until) == (
        "done", {"schema_version": 1, "numbers": 3}, None, None
    )  # fmt: skip
    assert row.finished_at is not None
    assert not renew(lease)


def test_tries_wait_longer_each_time(db: None) -> None:
    job = count_job()
    pauses = []
    for _ in range(2):
        Job.objects.filter(pk=job.pk).update(due_at=Now())
        lease = held(job)
        with transaction.atomic():
            fail(lease, "x", final=False)
            pauses.append(
                Job.objects.filter(
                    pk=job.pk,
                    due_at__gt=Now() + timedelta(seconds=4),
                    due_at__lte=Now() + timedelta(seconds=5),
                ).exists()
            )
    assert pauses == [True, False]
    assert Job.objects.filter(pk=job.pk, due_at__gt=Now() + timedelta(seconds=20)).exists()


def test_a_job_given_back_goes_on_at_once_with_all_its_tries(db: None) -> None:
    job = count_job()
    lease = held(job)
    advance(lease, Chunk(At(2), 2, 3))
    assert give_back(lease)
    row = again(job)
    assert (row.state, row.attempt, row.cursor, row.lease_token) == (
        "queued", 0, {"schema_version": 1, "number": 2}, None
    )  # fmt: skip
    assert claim_due() == [job.pk]
