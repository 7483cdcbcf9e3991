"""Notices that the `make` above us was ended in a way that reaches only itself."""

from __future__ import annotations

import os
import signal
from pathlib import Path


class ParentWatch:
    """`make` hands SIGTERM on to what it started, but neither SIGINT (a terminal sends that to everybody) nor SIGKILL.

    A script that interrupts or kills only make would leave us running, and make waiting for us. Of the first one can
    only see that make no longer catches SIGINT, which it does from its start until it got one.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._caught = self._catches_interrupt()

    def gave_up(self) -> bool:
        return os.getppid() != self._parent or (self._caught and not self._catches_interrupt())

    def _catches_interrupt(self) -> bool:
        """From /proc; always False where there is none, and then only the death of make is noticed."""
        try:
            status = Path(f"/proc/{self._parent}/status").read_text(encoding="ascii")
        except (OSError, ValueError):
            return False
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        return bool(int(fields.get("SigCgt", "0"), 16) >> (signal.SIGINT - 1) & 1)
