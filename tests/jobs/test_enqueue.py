"""Asking for work: in the transaction of the change, once while it is open, in a known name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Count

from cmsys.access.actors import SystemActor
from cmsys.accounts.models import User
from cmsys.jobs.documents import Document, DocumentError, Empty, dump, load
from cmsys.jobs.enqueue import enqueue
from cmsys.jobs.kinds import JobKind, UnknownKind, kind_of, register_kind
from cmsys.jobs.models import Job, JobState
from tests.jobs.conftest import SYSTEM, again, count_job
from tests.jobs.room import At, Numbers


def test_a_new_job_is_queued_with_what_its_kind_declares(db: None) -> None:
    job = again(count_job(7, key="unit:1"))
    assert (job.kind, job.key, job.state, job.attempt, job.max_attempts, job.priority) == (
        "test.count", "unit:1", "queued", 0, 3, 5
    )  # fmt: skip
    assert job.args == {"schema_version": 1, "total": 7, "size": 1, "rest": 0}
    assert (job.actor_id, job.actor_name) == (None, "system:test")
    assert (job.lease_token, job.lease_until, job.cursor, job.finished_at) == (None, None, None, None)
    assert job.due_at == job.created_at
    assert (str(job), job.percent) == ("计数 unit:1", None)


def test_a_person_is_kept_with_id_and_name(db: None) -> None:
    person = User.objects.create(username="zhang", name="张伟", password="-")
    job = again(count_job(actor=person))
    assert (job.actor, job.actor_name) == (person, "张伟（zhang）")


def test_while_one_is_open_it_is_the_answer(db: None) -> None:
    first = count_job(3)
    assert count_job(99) == first
    assert Job.objects.get().args["total"] == 3
    assert count_job(3, key="other") != first
    assert Job.objects.count() == 2


@pytest.mark.parametrize("ended", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
def test_after_the_end_a_new_one_is_made(ended: JobState, db: None) -> None:
    first = count_job()
    Job.objects.filter(pk=first.pk).update(state=ended, finished_at=first.created_at)
    assert count_job() != first


def test_a_change_that_is_rolled_back_takes_its_job_along(db: None) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        count_job()
        1 / 0  # noqa: B018
    assert Job.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_can_be_queued() -> None:
    with pytest.raises(RuntimeError):
        enqueue("test.count", "k", Numbers(1), actor=SYSTEM)
    assert Job.objects.count() == 0


def test_a_time_may_be_given(db: None) -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    assert again(count_job(due_at=moment)).due_at == moment


class Client:
    """An actor that is neither a person nor the system, such as a REST client with limited rights."""

    actor_id = None
    actor_name = "client:erp"
    access = SYSTEM.access


@pytest.mark.parametrize(
    ("kind", "args", "actor", "refusal"),
    [
        ("test.none", Empty(), SYSTEM, UnknownKind),
        ("test.count", Empty(), SYSTEM, DocumentError),
        ("test.count", At(), SYSTEM, DocumentError),
        # It would run with the rights of the system.
        ("test.count", Numbers(1), Client(), TypeError),
    ],
)
def test_what_cannot_be_run_is_refused(
    kind: str, args: Document, actor: Any, refusal: type[Exception], db: None
) -> None:
    with pytest.raises(refusal), transaction.atomic():
        enqueue(kind, "k", args, actor=actor)
    assert Job.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_make_one_job() -> None:
    def ask(number: int) -> set[int]:
        try:
            return {count_job(key=f"k{turn}", actor=SystemActor(f"system:{number}")).pk for turn in range(10)}
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert len(set.union(*answers)) == 10
    assert all(answer == answers[0] for answer in answers)
    per_key = Job.objects.values("key").annotate(rows=Count("pk")).values_list("rows", flat=True)
    assert list(per_key) == [1] * 10


WRONG_ROWS = {
    "jobs_job_one_open": {},
    "jobs_job_state": {"key": "x", "state": "asleep", "finished_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "jobs_job_lease": {"key": "x", "state": "running"},
    "jobs_job_finished": {"key": "x", "state": "done"},
    "jobs_job_attempt": {"key": "x", "attempt": 4},
    "jobs_job_progress": {"key": "x", "progress_done": -1},
}


@pytest.mark.parametrize("constraint", WRONG_ROWS)
def test_the_database_refuses(constraint: str, db: None) -> None:
    count_job()
    row = {"kind": "test.count", "key": "k", "actor_name": "t"} | WRONG_ROWS[constraint]
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Job.objects.create(**row)
    assert Job.objects.count() == 1


def test_a_kind_is_registered_once() -> None:
    known = kind_of("test.count")
    register_kind(known)
    with pytest.raises(ValueError, match=r"test\.count"):
        register_kind(JobKind("test.count", "另一个", known.step))


# --- documents -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Second(Document):
    """A document that has changed once."""

    schema_version = 2
    ids: list[int]
    name: str = ""


def test_a_document_survives_the_way_through_json() -> None:
    assert dump(Second([1, 2], "ab")) == {"schema_version": 2, "ids": [1, 2], "name": "ab"}
    assert load(Second, {"schema_version": 2, "ids": [1, 2]}) == Second([1, 2], "")


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"schema_version": 1, "ids": []}, "schema_version 1, expected 2"),
        ({"ids": []}, "schema_version None, expected 2"),
        ({"schema_version": 2, "ids": [], "mobile": "1"}, "unknown keys mobile"),
        ({"schema_version": 2}, "missing keys ids"),
    ],
)
def test_a_stored_document_that_does_not_fit_is_refused(stored: dict[str, Any], said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        load(Second, stored)


@pytest.mark.parametrize("value", [{"a": 1}, [[1]], 1.5, "x" * 201, b"x"])
def test_only_ids_and_short_texts_go_into_a_document(value: Any) -> None:
    with pytest.raises(DocumentError, match=r"Second\.name"):
        dump(Second([], value))
