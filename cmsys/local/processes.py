"""The processes of `make run`: which they are (PROCESSES), and the supervisor that prints, restarts and ends them."""

from __future__ import annotations

import os
import queue
import shlex
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from honcho.manager import Manager
from honcho.printer import Message, Printer

# Everything `make run` serves with: {python}, {port} and {home} are filled in. The one place where the list stands.
PROCESSES: dict[str, str] = {
    "web": (
        # Static files are served from where they lie; only an installation collects them.
        """{python} -W "ignore:No directory at" -m gunicorn cmsys.wsgi:application --bind 127.0.0.1:{port}"""
        " --worker-class gthread --workers 2 --threads 8 --preload --no-control-socket --graceful-timeout 5 --log-level warning"
    ),
    # Root who starts the product in front of him knows that he is root; celery would say so in six lines.
    "worker": (
        """{python} -W "ignore:You're running the worker" -m celery -A cmsys --quiet worker --concurrency 2"""
        " --loglevel INFO --without-gossip --without-mingle"
    ),
    "beat": "{python} -m celery -A cmsys --quiet beat --loglevel WARNING --schedule {home}/beat/schedule --pidfile=",
    "dispatcher": "{python} manage.py dispatcher",
}
# What a process prints once it really serves, where being alive says too little. The web is asked by its address.
READY_WORDS: dict[str, bytes] = {"worker": b" ready.", "dispatcher": b"dispatcher ready."}
# A process that dies is started again, unless it keeps dying.
RESTARTS, WITHIN_SECONDS = 4, 60.0
END_PATIENCE = 12.0


def commands(python: str, port: int, home: str) -> dict[str, str]:
    """Name → shell command. `exec` makes the shell become the program, so that signals reach it."""
    values = {"python": shlex.quote(python), "port": str(port), "home": shlex.quote(home)}
    return {name: f"exec {command.format(**values)}" for name, command in PROCESSES.items()}


class Supervisor(Manager):
    """honcho's manager with threads instead of helper processes, restarts, and an end that leaves nobody behind.

    `watch` is asked several times a second and returns a sentence when everything has to end.
    """

    def __init__(self, watch: Callable[[], str | None]) -> None:
        super().__init__(Printer(_PatientOutput(sys.stdout)))
        self.events: queue.Queue[Message] = queue.Queue()
        self.watch = watch
        self.problem: str | None = None
        self._heard: set[str] = set()
        self._starts: dict[str, list[float]] = defaultdict(list)
        self._ending_since: float | None = None
        self._asked_to_end = False

    def announce(self, line: str) -> None:
        """Prints a line of its own, without prefix, in turn with the output of the processes. Any thread may call it."""
        self.events.put(Message(type="announce", data=line, time=None, name="", colour=None))

    def end(self, problem: str | None = None) -> None:
        """Asks for the end. Any thread may call it, and signal handlers (hence no lock)."""
        self.problem = self.problem or problem
        self._asked_to_end = True

    def loop(self) -> None:
        """Starts everything and returns when every process has ended; `problem` then says what went wrong, if anything."""
        for name in self._processes:
            self._start_one(name)
        while not self._all_ended():
            try:
                self._handle(self.events.get(timeout=0.1))
            except queue.Empty:
                self._look_around()
            if self._asked_to_end and self._ending_since is None:
                self._ending_since = time.monotonic()
                self._tell_all(signal.SIGTERM)
            if self._ending_since is not None and time.monotonic() - self._ending_since > END_PATIENCE:
                self._sweep()

    def _look_around(self) -> None:
        """Asks `watch`, and ends the children of a program that was killed: they would hold its output open."""
        if self._ending_since is None:
            problem = self.watch()
            if problem is not None:
                self.end(problem)
        for entry in self._processes.values():
            child = entry["obj"]._child
            if child is not None and child.pid == entry.get("pid") and child.poll() is not None:
                self._sweep_one(child.pid)

    def all_up(self) -> bool:
        """Whether every process is alive and has said its ready word."""
        return all(
            entry.get("pid")
            and "returncode" not in entry
            and (name in self._heard or name not in READY_WORDS)
            for name, entry in self._processes.items()
        )

    def _handle(self, message: Message) -> None:
        if message.type == "line":
            self._printer.write(message)
            if message.name in READY_WORDS and READY_WORDS[message.name] in message.data:
                self._heard.add(message.name)
        elif message.type == "announce":
            print(message.data, file=self._printer.output, flush=True)
        elif message.type == "start":
            self._processes[message.name]["pid"] = message.data["pid"]
            if self._ending_since is not None:
                self._tell(message.name, signal.SIGTERM)
        elif message.type == "stop":
            self._handle_stop(message.name, message.data["returncode"])

    def _handle_stop(self, name: str, code: int) -> None:
        entry = self._processes[name]
        entry["returncode"] = code
        if self._ending_since is not None or self._asked_to_end:
            return
        now = time.monotonic()
        recent = [started for started in self._starts[name] if now - started < WITHIN_SECONDS]
        self._system_print(f"{name} 已退出，代码 {code} (exited)\n")
        if len(recent) >= RESTARTS:
            self.end(f"{name} 反复退出，请看上面它的输出 ({name} keeps exiting, see its output above)")
            return
        # At once the first time, then slower: whatever it misses may be about to come back.
        timer = threading.Timer((len(recent) - 1) * 1.0, self._start_one, [name])
        timer.daemon = True
        timer.start()

    def _start_one(self, name: str) -> None:
        if self._asked_to_end:
            return
        entry = self._processes[name]
        entry.pop("returncode", None)
        entry.pop("pid", None)
        self._starts[name].append(time.monotonic())
        threading.Thread(target=entry["obj"].run, args=(self.events,), name=name, daemon=True).start()

    def _all_ended(self) -> bool:
        """Whether the end was asked for and no process is running or about to report that it has started."""
        if self._ending_since is None:
            return False
        return all(
            "returncode" in entry or (not entry.get("pid") and not self._starts[name])
            for name, entry in self._processes.items()
        )

    def _tell(self, name: str, number: signal.Signals) -> None:
        """Signals the program itself: a worker's children are its own business while it ends in good order."""
        entry = self._processes[name]
        if entry.get("pid") and "returncode" not in entry:
            try:
                os.kill(entry["pid"], number)
            except ProcessLookupError:
                return

    def _tell_all(self, number: signal.Signals) -> None:
        for name in self._processes:
            self._tell(name, number)

    def _sweep(self) -> None:
        for entry in self._processes.values():
            if entry.get("pid") and "returncode" not in entry:
                self._sweep_one(entry["pid"])

    def _sweep_one(self, leader: int) -> None:
        """Ends what is left of a process's group: each process leads a session of its own."""
        self._procmgr.kill(leader)


class _PatientOutput:
    """The terminal, or nothing once it has gone away: lines then have nowhere to go, which must not stop the end."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except (OSError, ValueError):
            self._stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115

    def isatty(self) -> bool:
        return bool(self._stream.isatty())
