"""/metrics: figures for whoever watches the installation, in the text format of Prometheus; asked for with a token.

All come from the database, so every web process gives the same answer; counts of requests are in the proxy's log.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Max, Min
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cmsys.api.health import outcomes
from cmsys.audit.models import Event, Seal
from cmsys.jobs.models import Job, JobState

logger = logging.getLogger(__name__)

Sample = tuple[str, float]  # the text of its labels (may be empty), its value


@dataclass(frozen=True)
class Figure:
    """One metric. `read` gives its samples at a moment; its words go into the answer as they are."""

    name: str
    kind: str
    meaning: str
    read: Callable[[datetime], Iterator[Sample]]


def _checks(now: datetime) -> Iterator[Sample]:
    for name, holds in outcomes().items():
        yield f'{{name="{name}"}}', float(holds)


def _open_jobs(now: datetime) -> Iterator[Sample]:
    states = (JobState.QUEUED, JobState.RUNNING)
    counted = Job.objects.filter(state__in=states).order_by().values_list("state").annotate(Count("id"))
    found = dict(counted)
    for state in states:
        yield f'{{state="{state.value}"}}', found.get(state.value, 0)


def _failed_jobs(now: datetime) -> Iterator[Sample]:
    day = now - timedelta(days=1)
    yield "", Job.objects.filter(state=JobState.FAILED, finished_at__gte=day).count()


def _waiting(now: datetime) -> Iterator[Sample]:
    queued = Job.objects.filter(state=JobState.QUEUED, due_at__lte=now)
    yield "", _age(queued.aggregate(oldest=Min("due_at"))["oldest"], now)


def _sealed(now: datetime) -> Iterator[Sample]:
    yield "", Seal.objects.aggregate(last=Max("seq"))["last"] or 0


def _unsealed(now: datetime) -> Iterator[Sample]:
    last = Seal.objects.order_by("-seq").values_list("event_id", flat=True).first() or 0
    yield "", _age(Event.objects.filter(id__gt=last).aggregate(oldest=Min("at"))["oldest"], now)


def _connections(now: datetime) -> Iterator[Sample]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        yield "", cursor.fetchone()[0]


def _age(since: datetime | None, now: datetime) -> float:
    """Seconds, 0 where there is nothing to be old."""
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0


FIGURES = (
    Figure("cmsys_check", "gauge", "Checks of /readyz: 1 where it holds.", _checks),
    Figure("cmsys_jobs_open", "gauge", "Jobs that are queued or running.", _open_jobs),
    Figure("cmsys_jobs_failed_day", "gauge", "Jobs that failed within 24 hours.", _failed_jobs),
    Figure("cmsys_jobs_waiting_seconds", "gauge", "How long the oldest due job has been waiting.", _waiting),
    Figure("cmsys_ledger_sealed_total", "counter", "Events in the sealed chain.", _sealed),
    Figure(
        "cmsys_ledger_unsealed_seconds", "gauge", "Age of the oldest event that is not sealed.", _unsealed
    ),
    Figure("cmsys_database_connections", "gauge", "Connections to the database.", _connections),
)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, to whoever brings one of the tokens; 401 to others, 404 where none is set. Seven short queries.

    A figure whose query fails is left out; cmsys_check says then what is missing.
    """
    tokens: list[str] = getattr(settings, "METRICS_TOKENS", [])
    if not tokens:
        return HttpResponseNotFound()
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not any(_same(given.strip(), token) for token in tokens):
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    return HttpResponse(as_text(timezone.now()), content_type="text/plain; version=0.0.4; charset=utf-8")


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def as_text(now: datetime) -> str:
    lines: list[str] = []
    for figure in FIGURES:
        try:
            samples = list(figure.read(now))
        except DatabaseError as problem:
            logger.warning("metrics: %s: %s", figure.name, type(problem).__name__)
            continue
        lines += [f"# HELP {figure.name} {figure.meaning}", f"# TYPE {figure.name} {figure.kind}"]
        lines += [f"{figure.name}{labels} {value:.15g}" for labels, value in samples]
    return "\n".join(lines) + "\n"
