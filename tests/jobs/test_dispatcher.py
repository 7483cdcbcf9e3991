"""The dispatcher's loop: what it sends, and what it does when broker or database are away."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerError

from cmsys.access.actors import SystemActor
from cmsys.audit import sealer as sealing
from cmsys.audit.ledger import record
from cmsys.audit.models import Seal
from cmsys.jobs import dispatcher as dispatching
from cmsys.jobs.dispatcher import BROKER_PAUSE_SECONDS, Dispatcher
from cmsys.jobs.lease import begin
from cmsys.jobs.models import Job
from tests.jobs.conftest import again, count_job, gone_silent


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def write_event(name: str) -> None:
    record("test.note", actor=SystemActor("system:test"), resource="test", object_id=name)


def test_due_ids_are_sent_once(db: None) -> None:
    sent: list[int] = []
    jobs = [count_job(key=key).pk for key in "abc"]
    dispatcher = Dispatcher(sent.append)
    assert (dispatcher.round(), dispatcher.round(), sent) == (3, 0, jobs)


def test_a_silent_workers_job_is_sent_again_in_the_same_round(db: None) -> None:
    sent: list[int] = []
    job = count_job()
    assert begin(job.pk) is not None
    gone_silent(job)
    assert Dispatcher(sent.append).round() == 2
    assert sent == [job.pk]


@pytest.mark.parametrize(
    "error", [BrokerError("refused"), ConnectionResetError(), TimeoutError("hung"), RuntimeError("OOM")]
)
def test_a_broker_that_refuses_loses_nothing_and_is_left_in_peace_for_a_while(
    error: Exception, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = [count_job(key=key).pk for key in "abc"]
    sent: list[int] = []
    down = True
    asked: list[int] = []

    def send(job_id: int) -> None:
        asked.append(job_id)
        if down and job_id == jobs[1]:
            raise error
        sent.append(job_id)

    clock = Clock()
    dispatcher = Dispatcher(send, clock)
    assert (dispatcher.round(), sent) == (1, jobs[:1])
    assert list(Job.objects.filter(lease_until=None).order_by("pk").values_list("pk", flat=True)) == jobs[1:]
    clock.now += BROKER_PAUSE_SECONDS - 0.1
    assert (dispatcher.round(), asked) == (0, jobs[:2])
    clock.now += 0.2
    assert (dispatcher.round(), asked) == (0, [*jobs[:2], jobs[1]])
    down = False
    clock.now += BROKER_PAUSE_SECONDS
    assert (dispatcher.round(), sent) == (2, jobs)
    assert [entry.message.split("，")[0][:18] for entry in caplog.records] == [
        "the broker is away",
        "the broker is back",
    ]


def test_the_ledger_is_sealed_every_two_seconds(db: None) -> None:
    clock = Clock()
    dispatcher = Dispatcher(lambda _: None, clock)
    write_event("a")
    dispatcher.round()
    assert Seal.objects.count() == 1
    write_event("b")
    clock.now += 1.9
    dispatcher.round()
    assert Seal.objects.count() == 1
    clock.now += 0.1
    dispatcher.round()
    assert Seal.objects.count() == 2


def test_the_ledger_is_sealed_while_the_broker_is_away(db: None) -> None:
    def refuse(job_id: int) -> None:
        raise BrokerError("refused")

    count_job()
    write_event("a")
    Dispatcher(refuse).round()
    assert Seal.objects.count() == 1


def test_many_events_are_sealed_without_pausing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    monkeypatch.setattr(dispatching, "BATCH", 2)
    for name in "abcde":
        write_event(name)
    dispatcher = Dispatcher(lambda _: None, Clock())
    counts = []
    for _ in range(4):
        dispatcher.round()
        counts.append(Seal.objects.count())
    assert counts == [2, 4, 5, 5]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dispatching, "BUSY_SECONDS", 0)
    caplog.set_level(logging.WARNING)
    sent: list[int] = []
    job = count_job()
    dispatcher = Dispatcher(sent.append)
    rounds = iter(["down", "down", "cut", "up"])
    inner = dispatcher.round
    settings_poll = dispatching.timing()
    monkeypatch.setattr(
        dispatching, "timing", lambda: type(settings_poll)(lease=20, claim=60, slice=60, poll=0, seal=2)
    )

    def round_() -> int:
        match next(rounds):
            case "down":
                raise OperationalError("the server is starting up")
            case "cut":
                # The server ends this very connection; the next statement on it fails.
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
                return 0
            case _:
                dispatcher.stop()
                return inner()

    monkeypatch.setattr(dispatcher, "round", round_)
    dispatcher.loop()
    assert sent == [job.pk]
    assert [entry.message[:20] for entry in caplog.records] == [
        "the database is away",
        "the database is back",
    ]


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_send_each_id_once() -> None:
    Job.objects.bulk_create(
        [Job(kind="test.count", key=str(number), actor_name="t") for number in range(200)]
    )
    sent: list[int] = []
    both = threading.Barrier(2)

    def dispatch() -> None:
        try:
            dispatcher = Dispatcher(sent.append)
            both.wait(20)
            while dispatcher.round():
                Job.objects.filter(pk__in=list(sent), state="queued").update(
                    due_at=Now() + timedelta(hours=1)
                )
        finally:
            connection.close()

    threads = [threading.Thread(target=dispatch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == len(set(sent))
    assert len(sent) >= 50


@pytest.mark.django_db(transaction=True)
def test_a_stopped_dispatcher_ends_before_another_round() -> None:
    job = count_job()
    dispatcher = Dispatcher(lambda _: None)
    dispatcher.stop()
    dispatcher.loop()
    assert again(job).lease_until is None
