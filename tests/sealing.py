"""Sealing in tests: the sealer waits for whatever transaction runs in its cluster, those of autovacuum included."""

from __future__ import annotations

import time
from datetime import datetime

from cmsys.audit.sealer import Sealer


def sealed(sealer: Sealer, now: datetime, seconds: float = 20) -> int:
    """Ticks until something could be sealed, and how much that was; 0 when nothing could within the time."""
    until = time.monotonic() + seconds
    while not (count := sealer.tick(now)) and time.monotonic() < until:
        time.sleep(0.05)
    return count
