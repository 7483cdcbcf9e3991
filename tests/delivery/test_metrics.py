"""/metrics: exact figures, for whoever has a token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client as Browser

from cmsys.access.actors import SystemActor
from cmsys.api import health, metrics
from cmsys.audit.ledger import record
from cmsys.audit.models import Event
from cmsys.audit.sealer import Sealer
from cmsys.jobs.models import Job
from tests.sealing import sealed

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TOKEN, NEXT = "t" * 50, "n" * 50
ACTOR = SystemActor("system:test")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _checks(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.METRICS_TOKENS = [TOKEN, NEXT]
    monkeypatch.setattr(
        health,
        "_checks",
        [
            health.Check("database", lambda: True, critical=True),
            health.Check("broker", lambda: False, critical=False),
        ],
    )


def figures() -> dict[str, str]:
    lines = metrics.as_text(NOW).splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def job(key: str, state: str, **values: Any) -> None:
    Job.objects.create(kind="audit.verify", key=key, state=state, actor_name="t", args={}, **values)


def test_an_idle_installation() -> None:
    found = figures()
    assert int(found.pop("cmsys_database_connections")) >= 1
    assert found == {
        'cmsys_check{name="database"}': "1",
        'cmsys_check{name="broker"}': "0",
        'cmsys_jobs_open{state="queued"}': "0",
        'cmsys_jobs_open{state="running"}': "0",
        "cmsys_jobs_failed_day": "0",
        "cmsys_jobs_waiting_seconds": "0",
        "cmsys_ledger_sealed_total": "0",
        "cmsys_ledger_unsealed_seconds": "0",
    }


def test_jobs_that_wait_and_fail() -> None:
    job("a", "queued", due_at=NOW - timedelta(seconds=90))
    job("b", "queued", due_at=NOW - timedelta(seconds=30))
    job("c", "queued", due_at=NOW + timedelta(hours=1))
    job("d", "failed", due_at=NOW, finished_at=NOW - timedelta(hours=23))
    job("e", "failed", due_at=NOW, finished_at=NOW - timedelta(hours=25))
    found = figures()
    assert found['cmsys_jobs_open{state="queued"}'] == "3"
    assert found["cmsys_jobs_waiting_seconds"] == "90"
    assert found["cmsys_jobs_failed_day"] == "1"


def test_the_ledger_that_is_behind() -> None:
    record("thing.change", actor=ACTOR, resource="things", object_id="1", now=NOW - timedelta(hours=1))
    assert sealed(Sealer(), NOW) == 1
    for seconds in (40, 10):
        record(
            "thing.change",
            actor=ACTOR,
            resource="things",
            object_id="1",
            now=NOW - timedelta(seconds=seconds),
        )
    assert Event.objects.count() == 3
    found = figures()
    assert (found["cmsys_ledger_sealed_total"], found["cmsys_ledger_unsealed_seconds"]) == ("1", "40")


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer {NEXT}"])
def test_either_token_opens_it(given: str) -> None:
    answer = Browser().get("/metrics", headers={"Authorization": given})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    lines = answer.content.decode().splitlines()
    assert lines[:2] == [
        "# HELP cmsys_check Checks of /readyz: 1 where it holds.",
        "# TYPE cmsys_check gauge",
    ]


@pytest.mark.parametrize(
    "given", ["", TOKEN, f"Basic {TOKEN}", "Bearer ", f"Bearer {TOKEN[:-1]}", "Bearer 密"]
)
def test_nobody_else_learns_anything(given: str) -> None:
    answer = Browser().get("/metrics", HTTP_AUTHORIZATION=given)
    assert (answer.status_code, answer.content) == (401, b"")


def test_without_a_token_there_is_no_such_page(settings: Any) -> None:
    settings.METRICS_TOKENS = []
    assert Browser().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_a_figure_that_cannot_be_read_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(now: datetime) -> Any:
        raise OperationalError("away")

    broken = metrics.Figure("cmsys_broken", "gauge", "Never.", refused)
    monkeypatch.setattr(metrics, "FIGURES", (broken, *metrics.FIGURES[:1]))
    assert figures() == {'cmsys_check{name="database"}': "1", 'cmsys_check{name="broker"}': "0"}


def test_what_it_costs(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(7):
        figures()
