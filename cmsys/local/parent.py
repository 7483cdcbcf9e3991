"""Notices that the `make` above us was ended in a way that reaches only itself."""

from __future__ import annotations

import os
import signal
from pathlib import Path

# What a terminal or a person sends, and make does not hand on: it waits for us instead.
KEPT_BY_MAKE = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


class ParentWatch:
    """`make` hands SIGTERM on to what it started, but no other signal (a terminal sends those to everybody).

    A script that interrupts or kills only make would leave us running, and make waiting for us. Of an interrupted make
    one can only see that it no longer catches the signal, which it did until it got one.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._caught = self._signals_caught()

    def gave_up(self) -> bool:
        return os.getppid() != self._parent or bool(self._caught - self._signals_caught())

    def _signals_caught(self) -> set[signal.Signals]:
        """From /proc; empty where there is none, and then only the death of make is noticed."""
        try:
            status = Path(f"/proc/{self._parent}/status").read_text(encoding="ascii")
        except (OSError, ValueError):
            return set()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        mask = int(fields.get("SigCgt", "0"), 16)
        return {number for number in KEPT_BY_MAKE if mask >> (number - 1) & 1}
