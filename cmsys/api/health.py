"""/healthz: the process answers. /readyz: it can work, and what is worse than it should be."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

LEAST_FREE_BYTES = 500 * 1024**2


@dataclass(frozen=True)
class Check:
    """One thing to look at. `run` raises or returns False when it is wrong; a critical one makes the answer 503."""

    name: str
    run: Callable[[], bool]
    critical: bool


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


_migrated = False


def _migrations() -> bool:
    """Whether this code's migrations are in the database. Once they are, they stay: looked at until then only."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


def _broker() -> bool:
    if not settings.REDIS_URL:
        return False
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
    )
    try:
        return bool(client.ping())
    finally:
        client.close()


def _disk() -> bool:
    home = Path(settings.CMSYS_HOME)
    return not home.exists() or shutil.disk_usage(home).free >= LEAST_FREE_BYTES


_checks = [
    Check("database", _database, critical=True),
    Check("migrations", _migrations, critical=True),
    # Without the broker people read and decide on, and jobs wait in their table (reliability-security R14).
    Check("broker", _broker, critical=False),
    Check("disk", _disk, critical=False),
]


def add_check(check: Check) -> None:
    """A room adds what it needs to be looked at, in apps.ready(): the age of waiting jobs, of the scheduler."""
    _checks.append(check)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all; touches nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 `ok` or `degraded`, 503 `failed`; names of checks and whether they hold, no reasons: those are in the log."""
    results = outcomes()
    failed = any(check.critical and not results[check.name] for check in _checks)
    status = "failed" if failed else "ok" if all(results.values()) else "degraded"
    return JsonResponse({"status": status, "checks": results}, status=503 if failed else 200)


def outcomes() -> dict[str, bool]:
    """Every check by its name, and whether it holds now."""
    return {check.name: _holds(check) for check in _checks}


def _holds(check: Check) -> bool:
    try:
        return bool(check.run())
    except Exception as problem:
        logger.warning("readiness: %s: %s", check.name, type(problem).__name__)
        return False
