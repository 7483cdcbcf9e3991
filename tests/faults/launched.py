"""Starts a launcher in a home of its own, waits for what it says, and knows every process that it brought."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

import psutil

from cmsys.local.leftovers import MARK
from cmsys.local.places import CHECKOUT

STAND_IN = [sys.executable, "-m", "tests.faults.stand_in", "launch"]
PRODUCT = [sys.executable, "-m", "cmsys.local.launcher"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Launched:
    """One launcher process with its output."""

    started: ClassVar[list[Launched]] = []

    def __init__(
        self, home: Path, port: int | None = None, command: list[str] = STAND_IN, **variables: str
    ) -> None:
        self.home = home
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        # The suite's own database is not what the launcher is to use.
        hidden = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
        plain = {name: value for name, value in os.environ.items() if name not in hidden}
        self.process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env={**plain, "CMSYS_HOME": str(home), "PORT": str(self.port), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        Launched.started.append(self)

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.rstrip("\n") for line in iter(self.process.stdout.readline, ""))

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, words: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not any(words in line for line in list(self.lines)):
            assert self.process.poll() is None or self._reader.is_alive(), self.output
            assert time.monotonic() < deadline, f"{words!r} not said within {seconds} s:\n{self.output}"
            time.sleep(0.02)

    def ready(self, seconds: float = 60) -> Launched:
        self.wait_for(f"cmsys ready {self.url}", seconds)
        return self

    def exit_code(self, seconds: float = 30) -> int:
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.exit_code()

    def run_file(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "run.json").read_text())
        return found

    def processes(self) -> list[psutil.Process]:
        """Everything below the launcher, and the launcher."""
        launcher = psutil.Process(self.process.pid)
        return [launcher, *launcher.children(recursive=True)]

    def kill_at_once(self) -> None:
        """What a power cut leaves: the launcher and everything below it gone in the same moment."""
        for process in self.processes():
            process.kill()
        self.process.wait(10)


def give_up() -> None:
    """Kills the launchers that a failed test left running, and closes their output."""
    while Launched.started:
        launched = Launched.started.pop()
        if launched.process.poll() is None:
            launched.kill_at_once()
        launched._reader.join(10)
        assert launched.process.stdout is not None
        launched.process.stdout.close()


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run. A zombie has ended; it only waits for process 1, which in a container may never look."""
    found = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def belongings(home: Path) -> list[str]:
    """Processes of this home that are alive, whoever their parent is."""
    found = []
    folders = {home / "pg", home / "valkey"}
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.environ().get(MARK) == str(home) or Path(process.cwd()) in folders:
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
        except (psutil.Error, OSError):
            continue
    return found
