"""The dispatcher: sends ids of due jobs to the workers, takes back jobs of dead ones, and ticks the ledger's sealer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from cmsys.audit.sealer import BATCH, Sealer
from cmsys.jobs.heartbeat import heartbeat
from cmsys.jobs.lease import claim_due, take_back_expired, unclaim
from cmsys.jobs.timing import timing
from cmsys.jobs.transport import publish

log = logging.getLogger(__name__)
# While there is work, and after the broker refused.
BUSY_SECONDS = 0.2
BROKER_PAUSE_SECONDS = 3.0


class Dispatcher:
    """One loop. A second dispatcher beside it is harmless: rows are claimed, the sealer has a lock of its own."""

    def __init__(
        self, send: Callable[[int], None] = publish, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._send = send
        self._clock = clock
        self._sealer = Sealer()
        self._seal_at = self._send_at = clock()
        self._database_away = self._broker_away = False
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ends the loop after the present round; may be called from a signal handler."""
        self._stop.set()

    def loop(self) -> None:
        """Until stop(). Survives a database or a broker that goes away, with one log line for each going and coming."""
        pause = 0.0
        while not self._stop.wait(pause):
            heartbeat("dispatcher")
            try:
                close_old_connections()
                pause = BUSY_SECONDS if self.round() else timing().poll
                if self._database_away:
                    log.warning("the database is back")
                self._database_away = False
            except DatabaseError as error:
                if not self._database_away:
                    log.warning("the database is away, trying again every second: %s", str(error).strip())
                self._database_away = True
                connection.close()
                self._sealer = Sealer()
                pause = timing().poll
        connection.close()

    def round(self) -> int:
        """One look at everything; returns how many jobs were moved. Raises DatabaseError."""
        # After a full batch there is more to seal, and the next round goes on with it.
        if self._clock() >= self._seal_at and self._sealer.tick(timezone.now()) < BATCH:
            self._seal_at = self._clock() + timing().seal
        moved = take_back_expired()
        if self._clock() >= self._send_at:
            moved += self._send_due()
        return moved

    def _send_due(self) -> int:
        ids = claim_due()
        for position, job_id in enumerate(ids):
            try:
                self._send(job_id)
            except (
                Exception
            ) as error:  # whatever the broker's client says, nothing may keep the loop from going on
                unclaim(ids[position:])
                if not self._broker_away:
                    log.warning("the broker is away, jobs wait in their table: %s", str(error).strip())
                self._broker_away = True
                self._send_at = self._clock() + BROKER_PAUSE_SECONDS
                return position
        if ids and self._broker_away:
            log.warning("the broker is back")
            self._broker_away = False
        return len(ids)
