"""Workers and dispatchers that die or stop in the middle: the job finishes by itself and no chunk is done twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from cmsys.audit.models import Event
from cmsys.audit.sealer import Sealer
from cmsys.audit.verify import verify
from cmsys.jobs.models import Job
from cmsys.local.broker import Broker
from tests.faults.job_processes import Processes, eventually
from tests.jobs.conftest import again, count_job, known_kinds, notes

__all__ = ["known_kinds"]
pytestmark = pytest.mark.django_db(transaction=True)
Print = pytest.CaptureFixture[str]


@pytest.fixture
def processes(transactional_db: None, valkey: Broker, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(valkey, tmp_path)
    yield made
    made.end()


def has_done(job: Job, chunks: int) -> bool:
    return bool(again(job).progress_done >= chunks)


def in_the_middle(job: Job, processes: Processes, chunks: int = 3) -> None:
    eventually(lambda: has_done(job, chunks), processes.said)


def committed_of(job: Job) -> int:
    """How far it came; some chunks are committed and some are not, or the test shows nothing."""
    row = again(job)
    assert 0 < row.progress_done < row.progress_total
    return int(row.progress_done)


def finish(job: Job, processes: Processes) -> None:
    """Waits for the end and asserts that each number was counted exactly once, in order."""
    eventually(lambda: not again(job).is_open, processes.said)
    assert (again(job).state, again(job).error) == ("done", "")
    written = [name for name in notes() if name.startswith(f"{job.key}:")]
    assert written == [f"{job.key}:{number}" for number in range(again(job).progress_total)]


def seal_all() -> None:
    sealer = Sealer()
    eventually(
        lambda: sealer.tick(timezone.now()) or verify().sealed == Event.objects.count(),
        "the ledger to be sealed",
    )
    assert verify().breaks == []


def test_kill_9_of_a_worker_in_the_middle(processes: Processes, capsys: Print) -> None:
    processes.dispatcher()
    first = processes.worker()
    job = count_job(24, rest=40)
    in_the_middle(job, processes)
    first.kill()
    killed = time.monotonic()
    committed = committed_of(job)
    assert notes() == [f"k:{number}" for number in range(committed)]
    processes.worker()
    eventually(lambda: has_done(job, committed + 1), processes.said)
    recovered = time.monotonic() - killed
    finish(job, processes)
    seal_all()
    with capsys.disabled():
        print(
            f"\n[jobs] worker killed after {committed} of 24 chunks: at work again after {recovered:.1f} s"
            f" (lease {processes.timing['lease']} s, start of a new worker included), no chunk twice"
        )


def test_dispatchers_that_are_asked_to_stop_end_cleanly(processes: Processes) -> None:
    asked = {signal.SIGTERM: processes.dispatcher(), signal.SIGINT: processes.dispatcher()}
    processes.ready()
    for number, dispatcher in asked.items():
        dispatcher.process.send_signal(number)
    for dispatcher in asked.values():
        assert dispatcher.process.wait(20) == 0
        assert "Traceback" not in dispatcher.said()


@pytest.mark.slow
def test_a_killed_child_and_a_worker_that_is_asked_to_stop(processes: Processes, capsys: Print) -> None:
    processes.dispatcher()
    first = processes.worker()
    job = count_job(20, key="killed", rest=25)
    in_the_middle(job, processes)
    for child in first.children():
        child.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    committed = committed_of(job)
    # One more may have been committed before the signal arrived.
    eventually(lambda: has_done(job, committed + 2), processes.said)
    recovered = time.monotonic() - killed
    finish(job, processes)

    # SIGTERM, as at a deployment: the chunk ends, and the next worker goes on without waiting for a lease.
    handed_over = count_job(20, key="asked", rest=25)
    in_the_middle(handed_over, processes)
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(20) == 0
    row = again(handed_over)
    assert (row.state, row.attempt, row.error) == ("queued", 0, "")
    committed_of(handed_over)
    processes.worker()
    finish(handed_over, processes)
    seal_all()
    with capsys.disabled():
        print(
            f"\n[jobs] pool child killed: at work again after {recovered:.1f} s (lease {processes.timing['lease']} s)"
        )


@pytest.mark.slow
def test_a_frozen_worker_loses_its_job_after_the_real_lease_and_does_not_write(
    processes: Processes, capsys: Print
) -> None:
    """SIGSTOP for one of two workers while it is in a chunk; the other one finishes; then it wakes up."""
    processes.timing.update(settings.JOBS)
    processes.dispatcher()
    workers = [processes.worker(), processes.worker()]
    processes.ready()
    job = count_job(24, rest=60)
    in_the_middle(job, processes, chunks=2)
    (frozen,) = [worker for worker in workers if "received" in worker.said()]
    frozen.signal_all(signal.SIGSTOP)
    stopped = time.monotonic()
    committed = committed_of(job)
    eventually(lambda: has_done(job, committed + 2), processes.said)
    recovered = time.monotonic() - stopped
    frozen.signal_all(signal.SIGCONT)
    eventually(lambda: "was taken away" in frozen.said(), processes.said)
    finish(job, processes)
    seal_all()
    with capsys.disabled():
        print(
            f"\n[jobs] one of two workers frozen: at work again after {recovered:.1f} s (lease {settings.JOBS['lease']} s);"
            " when it woke up it wrote nothing"
        )
