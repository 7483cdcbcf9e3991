"""`make run`: from an installed `.venv` to a served product, and back to nothing running. docs/adr/0002 says why so.

In this order: hold the home, end what a killed run left, check the port, fetch front-end files, start database and
broker, migrate, fill in demonstration data once, then serve until somebody ends it.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from cmsys.local.leftovers import MARK, check_port, end_orphans, remove_sockets
from cmsys.local.parent import ParentWatch
from cmsys.local.places import CHECKOUT, Places
from cmsys.local.problems import LaunchProblem, explained
from cmsys.local.processes import Supervisor, commands
from cmsys.local.remembered import State, code_fingerprint, keep_accounts, read_object, secret_key
from cmsys.local.runfile import RunFile
from cmsys.local.services import Services

READY_SECONDS = 180.0
MANAGE = ["manage.py"]


class Ended(BaseException):
    """Ctrl-C, SIGTERM or the end of the terminal while something was still being prepared."""


class Launcher:
    """One run. `run` returns the exit code; everything it started has ended by then."""

    def __init__(self, port: int, under_make: bool) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/"
        self.parent = ParentWatch() if under_make else None
        self.supervisor: Supervisor | None = None
        self.begun = time.monotonic()

    def say(self, line: str) -> None:
        try:
            print(f"[{time.monotonic() - self.begun:5.1f} s] {line}", flush=True)
        except (OSError, ValueError):
            # The terminal has gone away; the signal that says so is on its way.
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_end)
        with ExitStack() as stack:
            try:
                self.places = Places.prepare()
                stack.callback(self.places.lock().close)
                self._heal()
                check_port(self.port)
                from cmsys.local import frontend

                frontend.ensure(self.say)
                self.services = Services.start(self.places, self.say)
                stack.callback(self._stop_services)
                self._write_run_file()
                stack.callback(self._forget_addresses)
                self._prepare_database()
                return self._serve()
            except Ended:
                self.say("已中断 (interrupted)")
                return 0
            except OSError as error:
                home = Path(os.environ.get("CMSYS_HOME") or CHECKOUT / ".local")
                problem = explained(error, home)
                if problem is None:
                    raise
                raise problem from None
            finally:
                # From here on everything is being ended; another Ctrl-C must not leave half of it behind.
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)

    def _asked_to_end(self, number: int, frame: FrameType | None) -> None:
        if self.supervisor is None:
            raise Ended
        self.supervisor.end()

    def _heal(self) -> None:
        folders = [self.places.services / "pg", self.places.services / "valkey"]
        for ended in end_orphans(self.places.home, folders):
            self.say(f"结束上次未正常退出的进程 {ended} (left by an earlier run)")
        remove_sockets(RunFile.read(self.places.run_file))

    def _write_run_file(self) -> None:
        self.key = os.environ.get("CMSYS_SECRET_KEY") or secret_key(self.places.home)
        blank = RunFile(url=self.url, secret_key=self.key, pid=os.getpid())
        self.services.fill(blank).write(self.places.run_file)

    def _forget_addresses(self) -> None:
        RunFile(secret_key=self.key).write(self.places.run_file)

    def _stop_services(self) -> None:
        self.services.stop()

    def environment(self) -> dict[str, str]:
        """What every process of this run is started with."""
        chosen = {"DJANGO_SETTINGS_MODULE": "cmsys.settings.local", "PYTHONUNBUFFERED": "1"}
        return {**os.environ, **chosen, "CMSYS_HOME": str(self.places.home), MARK: str(self.places.home)}

    def _prepare_database(self) -> None:
        state_file = self.places.home / "state.json"
        state, identity = State.read(state_file), self.services.identity()
        self._migrate(state, identity)
        if identity not in state.demo_data:
            if self.services.has_people():
                self.say("数据库中已有用户，不再写入演示数据 (accounts are there: no demonstration data)")
            else:
                self.say("写入演示数据（仅首次）(demonstration data, first time only)")
                self._manage(
                    "demo_data", "--accounts-file", str(self.places.accounts_file), failed="演示数据写入失败，原因见上 (demo_data failed)"
                )  # fmt: skip
            state.demo_data.append(identity)
        state.write(state_file)
        keep_accounts(self.places.accounts_file, self.url)
        if self.places.accounts_file.exists() and read_object(self.places.accounts_file) is None:
            self.say(
                f"{self.places.accounts_file} 已损坏且没有副本；可用 manage.py changepassword 重设密码 (demo.json is damaged)"
            )

    def _migrate(self, state: State, identity: str) -> None:
        """Migrates, unless neither the code nor the schema has changed since it was last done: it costs 3 seconds."""
        code = code_fingerprint(CHECKOUT)
        schema = self.services.schema()
        if schema and state.migrated.get(identity) == f"{code} {schema}":
            return
        self.say("检查数据库结构 (migrate)")
        self._manage(
            "migrate", "--noinput", "--verbosity", "0", failed="数据库迁移失败，原因见上 (migrate failed)"
        )
        state.migrated = {identity: f"{code} {self.services.schema()}"}

    def _manage(self, *arguments: str, failed: str) -> None:
        """Runs one management command with its output shown; Ctrl-C ends it too."""
        process = subprocess.Popen(
            [sys.executable, *MANAGE, *arguments],
            cwd=CHECKOUT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                self.say(f"  {line.rstrip()}")
            if process.wait() != 0:
                raise LaunchProblem(failed)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _serve(self) -> int:
        supervisor = Supervisor(self._watch)
        for name, command in commands(sys.executable, self.port, str(self.places.home)).items():
            supervisor.add_process(name, command, env=self.environment(), cwd=str(CHECKOUT))
        self.supervisor = supervisor
        self.say("启动进程 (starting processes)")
        threading.Thread(target=self._announce_when_ready, args=(supervisor,), daemon=True).start()
        supervisor.loop()
        if supervisor.problem is not None:
            raise LaunchProblem(supervisor.problem)
        self.say("已全部停止 (everything has ended)")
        return 0

    def _announce_when_ready(self, supervisor: Supervisor) -> None:
        """Says the one line that scripts wait for, once the web answers and every process is up."""
        deadline = time.monotonic() + READY_SECONDS
        answer = ""
        while time.monotonic() < deadline:
            answer = _readiness(f"{self.url}readyz")
            if not answer and supervisor.all_up():
                supervisor.announce(f"cmsys ready {self.url}")
                return
            time.sleep(0.1)
        supervisor.end(
            f"{READY_SECONDS:.0f} 秒内没有就绪 (not ready in time)：{answer or '进程没有全部启动'}"
        )

    def _watch(self) -> str | None:
        """Asked several times a second while serving."""
        if self.parent is not None and self.parent.gave_up():
            assert self.supervisor is not None
            self.supervisor.end()
            return None
        try:
            restarted = self.services.restart_dead()
        except LaunchProblem as problem:
            return str(problem)
        if restarted is not None:
            self.say(f"{restarted} 意外退出，已重新启动 (had died, started again)")
        return None


def _readiness(address: str) -> str:
    """Empty when the address answers 200, otherwise what it said instead."""
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:  # noqa: S310
            return "" if reply.status == 200 else str(reply.status)
    except urllib.error.HTTPError as refusal:
        return f"{refusal.code} {refusal.read(500).decode(errors='replace')}"
    except (OSError, ValueError) as error:
        return str(error)


def chosen_port(text: str) -> int:
    """Raises a sentence for anything that is no port."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise LaunchProblem(f"PORT={text!r} 不是端口号，应为 1 到 65535 的整数 (not a port)")
    return int(text)


def main(run: Callable[[Launcher], int] = Launcher.run) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--under-make", action="store_true", help="end when the make that started this ends")
    options = parser.parse_args()
    try:
        return run(Launcher(chosen_port(os.environ.get("PORT") or "8000"), options.under_make))
    except LaunchProblem as problem:
        sys.stdout.flush()
        print(f"\n错误：{problem}", file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
