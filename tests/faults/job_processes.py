"""A real dispatcher and real workers as child processes, on the test database and a Valkey of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from django.db import connection

from cmsys.local.broker import Broker

CHECKOUT = Path(__file__).resolve().parents[2]
SHORT = {"lease": 2, "claim": 2, "slice": 60, "poll": 0.2, "seal": 2}
WORKER = ["-m", "celery", "-A", "cmsys", "--quiet", "worker", "--concurrency", "1", "--loglevel", "INFO"]
DISPATCHER = ["manage.py", "dispatcher"]


class TooLong(AssertionError):
    """What was waited for did not happen."""


def eventually(happened: Callable[[], object], what: Callable[[], str] | str, seconds: float = 60) -> float:
    """Waits until it has happened; how long that took. Raises TooLong with what was said by then."""
    begun = time.monotonic()
    while not happened():
        if time.monotonic() - begun > seconds:
            raise TooLong(what if isinstance(what, str) else what())
        time.sleep(0.02)
    return time.monotonic() - begun


@dataclass
class Started:
    """One child process with its output."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text()

    def is_ready(self) -> bool:
        return " ready." in self.said()

    def signal_all(self, number: signal.Signals) -> None:
        """The process and its children at the same moment; they are a session of their own."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        self.signal_all(signal.SIGKILL)
        self.process.wait(10)

    def children(self) -> list[psutil.Process]:
        """The pool of a worker."""
        return psutil.Process(self.process.pid).children()


@dataclass
class Processes:
    """What the test has started; `end` leaves nothing behind."""

    valkey: Broker
    folder: Path
    timing: dict[str, float] = field(default_factory=lambda: dict(SHORT))
    started: list[Started] = field(default_factory=list)

    def start(self, arguments: list[str]) -> Started:
        """Starts one without waiting for it; its output goes to a file."""
        log = self.folder / f"{len(self.started)}.log"
        chosen = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.job_settings",
            "REDIS_URL": self.valkey.url,
            "JOBS_TEST_DATABASE": str(connection.settings_dict["NAME"]),
            "JOBS_TEST_OPTIONS": connection.settings_dict["OPTIONS"]["options"],
            "JOBS_TEST_TIMING": json.dumps(self.timing),
            "PYTHONUNBUFFERED": "1",
            # A worker needs no addresses of pages; leaving them out shortens its start.
            "CELERY_SKIP_CHECKS": "1",
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=CHECKOUT, env={**os.environ, **chosen}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.started.append(Started(process, log))
        return self.started[-1]

    def ready(self) -> None:
        """Returns when everything that was started and is still alive has said so."""
        for one in self.started:
            eventually(
                lambda one=one: one.is_ready() or one.process.poll() is not None, "processes to be ready"
            )  # type: ignore[misc]

    def worker(self) -> Started:
        return self.start(WORKER)

    def dispatcher(self) -> Started:
        return self.start(DISPATCHER)

    def said(self) -> str:
        """What all of them printed, for a failing test."""
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.folder.glob("*.log")))

    def end(self) -> None:
        for one in self.started:
            one.kill()
