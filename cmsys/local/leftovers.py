"""What earlier runs left: processes to end, socket folders to remove, a port that somebody else holds."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil

from cmsys.local.problems import LaunchProblem
from cmsys.local.runfile import RunFile

# Set in the environment of everything a launcher starts, so that its orphans can be told from anybody else's processes,
# also after process ids were given out anew.
MARK = "CMSYS_LAUNCHED_FROM"


def end_orphans(home: Path, folders: list[Path]) -> list[str]:
    """Ends what a killed launcher of this home left running, and returns a description of each process.

    Ours is what carries our mark in its environment, or works in one of the servers' own data folders (servers
    overwrite the memory that their environment was read from). Call it only while holding the home's lock.
    """
    relatives = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    ours = [process for process in psutil.process_iter() if process.pid not in relatives]
    ours = [process for process in ours if _marked(process, home) or _works_in(process, folders)]
    said = [f"{process.pid} {_name(process)}" for process in ours]
    # Servers first understand SIGINT as a fast shutdown; everything else ends in good order by SIGTERM.
    for process in ours:
        _signal(process, signal.SIGINT if _name(process).startswith("postgres") else signal.SIGTERM)
    _, stubborn = psutil.wait_procs(ours, timeout=10)
    for process in stubborn:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=5)
    return said


def _marked(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get(MARK) == str(home)
    except (psutil.Error, OSError):
        return False


def _works_in(process: psutil.Process, folders: list[Path]) -> bool:
    try:
        if not _name(process).startswith(("postgres", "initdb", "valkey", "redis")):
            return False
        return Path(process.cwd()) in folders
    except (psutil.Error, OSError):
        return False


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return "?"


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return


def remove_sockets(run: RunFile) -> None:
    """Removes the socket folder that a killed run named in run.json; nothing else can be meant by that name."""
    for host in parse_qs(urlsplit(run.owner_database_url).query).get("host", []):
        folder = Path(host)
        if folder.name.startswith("cmsys-") and {entry.name[:8] for entry in _entries(folder)} <= {
            ".s.PGSQL"
        }:
            shutil.rmtree(folder, ignore_errors=True)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def check_port(port: int) -> None:
    """Raises a sentence that names the port, and who holds it where that can be known."""
    with socket.socket() as probe:
        # gunicorn binds with the same option, so connections of an earlier run that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return
        except PermissionError:
            raise LaunchProblem(
                f"当前用户不能使用端口 {port}，请换一个：PORT=8001 make run (not allowed to use this port)"
            ) from None
        except OSError:
            other = port + 1 if port < 65535 else 8001
            raise LaunchProblem(
                f"端口 {port} 已被占用{_holder(port)}。请结束占用它的程序，或换一个端口：PORT={other} make run (port in use)"
            ) from None


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    break
                holder = psutil.Process(connection.pid)
                return f"（进程 {holder.pid} {' '.join(holder.cmdline())[:80]}）"
    except (psutil.Error, OSError):
        pass
    return ""
