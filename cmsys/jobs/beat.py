"""The scheduler of `celery -A cmsys beat`: it writes rows and never speaks to the broker."""

from __future__ import annotations

import logging
from typing import Any

from celery.beat import Scheduler
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from cmsys.jobs.heartbeat import heartbeat
from cmsys.jobs.schedule import enqueue_due

log = logging.getLogger(__name__)
EVERY_SECONDS = 10.0


class TableScheduler(Scheduler):
    """Celery's beat with our table instead of its own, and jobs instead of messages. Keeps no file."""

    def setup_schedule(self) -> None:
        self.schedule: dict[str, Any] = {}

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Queues what is due and says when to come again. A database that is away is asked again then."""
        try:
            close_old_connections()
            enqueue_due(timezone.now())
        except DatabaseError as error:
            log.warning(
                "the schedule could not be looked at, again in %s s: %s", EVERY_SECONDS, type(error).__name__
            )
            connection.close()
        heartbeat("beat")
        return EVERY_SECONDS

    def close(self) -> None:
        connection.close()
