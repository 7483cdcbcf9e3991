"""`python deploy/health.py web|worker|beat|dispatcher`: exit 0 while the process of this container does its rounds, else 1.

The web is asked for /healthz; the others leave a sign of life (cmsys.jobs.heartbeat). Standard library only, because it is
started every few seconds.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from pathlib import Path

PORT = 8000
# Rounds come every second (dispatcher), every five (worker) and every ten (beat).
SILENT_SECONDS = 45.0


def web() -> bool:
    """Whether the web process answers, asked under a name it serves."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=4)
    connection.request("GET", "/healthz", headers={"Host": served(os.environ.get("CMSYS_HOSTS", ""))})
    return connection.getresponse().status == 200


def served(hosts: str) -> str:
    """The first of CMSYS_HOSTS as a Host header: `.bank.example` and `*` stand for many names, of which one will do."""
    first = hosts.split(",")[0].strip()
    return "localhost" if first in ("", "*") else first.lstrip(".")


def alive(name: str) -> bool:
    """Whether the process has left a sign of life lately."""
    sign = Path(os.environ["CMSYS_HEARTBEATS"], f"cmsys-{name}.alive")
    return time.time() - sign.stat().st_mtime < SILENT_SECONDS


def main(arguments: list[str]) -> int:
    name = arguments[0] if len(arguments) == 1 else ""
    if name not in ("web", "worker", "beat", "dispatcher"):
        print("usage: health.py web|worker|beat|dispatcher", file=sys.stderr)
        return 2
    try:
        return 0 if (web() if name == "web" else alive(name)) else 1
    except (OSError, http.client.HTTPException) as problem:
        print(f"{name}: {type(problem).__name__}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
