"""Signs of life of processes that nobody can ask: a file whose time moves with their rounds (deploy/health.py looks at it).

Where there is no folder for them (settings.HEARTBEATS is empty) nothing is written.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from celery import bootsteps
from django.conf import settings

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
_refused = False


def heartbeat(name: str) -> None:
    """Moves the time of the process's file. A folder that cannot be written is said once and stops nobody's work."""
    global _refused
    folder = getattr(settings, "HEARTBEATS", "")
    if not folder:
        return
    try:
        Path(folder, f"cmsys-{name}.alive").touch()
        _refused = False
    except OSError as problem:
        if not _refused:
            log.warning("no sign of life can be left in %s: %s", folder, problem.strerror)
        _refused = True


class WorkerHeartbeat(bootsteps.StartStopStep):
    """A timer in the worker's own loop: it stops when the loop does, and never speaks to the broker."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._entry: Any = None

    def start(self, parent: Any) -> None:
        heartbeat("worker")
        self._entry = parent.timer.call_repeatedly(EVERY_SECONDS, heartbeat, ("worker",))

    def stop(self, parent: Any) -> None:
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None
