"""The broker stopped, hung and emptied: work is asked for all the same, and all of it runs afterwards, once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import transaction

from cmsys.jobs.models import Job
from cmsys.local.broker import Broker
from tests.faults.job_processes import Processes, eventually
from tests.jobs.conftest import count_job, known_kinds, notes

__all__ = ["known_kinds"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
JOBS = 12


@pytest.fixture
def processes(transactional_db: None, valkey: Broker, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(valkey, tmp_path)
    yield made
    made.end()


def ask_for_work(name: str) -> None:
    for number in range(JOBS):
        count_job(1, key=f"{name}{number}")


def all_done() -> bool:
    return not Job.objects.filter(state__in=("queued", "running")).exists()


def expect(names: list[str]) -> None:
    """Everything asked for was done once."""
    assert sorted(notes()) == sorted(f"{name}{number}:0" for name in names for number in range(JOBS))
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


def test_a_broker_that_hangs_is_stopped_or_emptied_loses_nothing(
    processes: Processes, capsys: pytest.CaptureFixture[str]
) -> None:
    dispatcher, worker = processes.dispatcher(), processes.worker()
    valkey, asked, took = processes.valkey, ["before"], {}
    ask_for_work("before")
    processes.ready()
    eventually(all_done, processes.said)
    for fault in ("hung", "stopped"):
        assert valkey.process is not None
        complaints = dispatcher.said().count("the broker is away")
        if fault == "hung":
            valkey.process.send_signal(signal.SIGSTOP)
        else:
            valkey.stop()
        ask_for_work(fault)
        asked.append(fault)
        eventually(
            lambda so_far=complaints: dispatcher.said().count("the broker is away") > so_far, processes.said()
        )  # type: ignore[misc]
        assert Job.objects.filter(state="queued").count() == JOBS, "asked for, and safe in its table"
        if fault == "hung":
            valkey.process.send_signal(signal.SIGCONT)
        else:
            valkey.start()
        took[fault] = eventually(all_done, processes.said)
        expect(asked)

    # FLUSHALL while messages wait for a worker: the claims run out and the ids are sent again.
    worker.signal_all(signal.SIGSTOP)
    ask_for_work("emptied")
    client = redis.Redis.from_url(valkey.url)
    eventually(lambda: client.llen("cmsys") >= JOBS - 2, "messages to wait")
    client.flushall()
    client.close()
    worker.signal_all(signal.SIGCONT)
    took["emptied"] = eventually(all_done, processes.said)
    expect([*asked, "emptied"])
    assert (dispatcher.process.poll(), worker.process.poll()) == (None, None), (
        "nobody had to be started again"
    )
    with capsys.disabled():
        for fault, seconds in took.items():
            print(
                f"\n[jobs] broker {fault}: {JOBS} jobs asked for meanwhile, all done {seconds:.1f} s after it was back",
                end="",
            )
        print()


def test_a_worker_hears_again_after_a_broker_that_hung_while_it_was_working(
    processes: Processes, capsys: pytest.CaptureFixture[str]
) -> None:
    """The end of a job is told to the broker; when that fails, the worker must not wait for ever to tell it."""
    processes.dispatcher()
    processes.worker()
    with transaction.atomic():
        job = count_job(20, key="long", rest=50)
    eventually(lambda: Job.objects.get(pk=job.pk).progress_done > 2, processes.said)
    assert processes.valkey.process is not None
    processes.valkey.process.send_signal(signal.SIGSTOP)
    eventually(lambda: not Job.objects.get(pk=job.pk).is_open, processes.said)
    # Longer than the timeout of the worker's socket, so that whatever it has to say is refused.
    time.sleep(settings.CELERY["broker_transport_options"]["socket_timeout"] + 1)
    processes.valkey.process.send_signal(signal.SIGCONT)
    ask_for_work("after")
    took = eventually(all_done, processes.said)
    with capsys.disabled():
        print(f"\n[jobs] broker hung at the end of a job: new work done {took:.1f} s after it was back")
