"""/healthz needs nothing; /readyz says what is missing, and fails only for what nothing works without."""

from __future__ import annotations

import signal
import time

import pytest
from django.test import Client as Browser

from cmsys.api import health


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    monkeypatch.setattr(health, "_migrated", False)


def test_healthz_touches_no_database(django_assert_num_queries):
    """Without the db mark a query would be an error."""
    answer = Browser().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


def test_readyz_without_a_broker_is_degraded_and_still_200(db):
    answer = Browser().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "degraded",
        "checks": {"database": True, "migrations": True, "broker": False, "disk": True},
    }


def test_readyz_with_everything_is_ok(db, valkey, settings):
    settings.REDIS_URL = valkey.url
    assert Browser().get("/readyz").json()["status"] == "ok"
    valkey.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        assert Browser().get("/readyz").json()["status"] == "degraded"
    finally:
        valkey.process.send_signal(signal.SIGCONT)
    assert time.monotonic() - began < 2.5, "asked once, for one second"
    valkey.stop()
    assert Browser().get("/readyz").json()["status"] == "degraded"


def test_a_database_out_of_reach_is_503_without_reasons(db, monkeypatch):
    def refused() -> bool:
        raise OSError("connection to 10.0.0.1 refused")

    monkeypatch.setattr(health, "_checks", [health.Check("database", refused, critical=True)])
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "failed", "checks": {"database": False}})


def test_a_migration_that_is_missing_is_503(db, monkeypatch):
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.recorder import MigrationRecorder

    [newest] = MigrationLoader(None).graph.leaf_nodes("api")
    applied = MigrationRecorder.applied_migrations
    monkeypatch.setattr(
        MigrationRecorder,
        "applied_migrations",
        lambda self: {key: row for key, row in applied(self).items() if key != newest},
    )
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["migrations"]) == (503, False)


def test_a_full_disk_degrades(db, monkeypatch):
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 2**60)
    assert Browser().get("/readyz").json()["checks"]["disk"] is False


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_reading(db, path):
    assert Browser().head(path).status_code == 200
    assert Browser().post(path).status_code == 405
