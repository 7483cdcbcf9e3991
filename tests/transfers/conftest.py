"""The cast on stage, and short ways to import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from cmsys.access.actors import Actor
from cmsys.transfers.engine.source import Source
from cmsys.transfers.kinds import kind_of
from cmsys.transfers.report import Report
from cmsys.transfers.services.batches import Imported, file_check, file_import
from tests.cast import TODAY, Cast, stage
from tests.transfers.sheets import csv_source, xlsx_source

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
Bring = Callable[..., Imported]


@pytest.fixture(scope="module")
def _cast(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """Made once for a module; what a test does is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield stage()
        transaction.set_rollback(True)


@pytest.fixture
def cast(_cast: Cast, db: None) -> Cast:
    return _cast


def _source(rows: Any) -> Source:
    if isinstance(rows, Source):
        return rows
    if rows and isinstance(rows[0], str):
        return csv_source(*rows)
    return xlsx_source(rows)


@pytest.fixture
def bring(cast: Cast) -> Bring:
    """bring("org_units", lines, user="hrh", mode="all", mapping="") → Imported. Lines are CSV lines or rows of cells."""

    def run(kind: str, rows: Any, *, user: Actor | str = "hrh", **options: Any) -> Imported:
        actor = cast.user(user) if isinstance(user, str) else user
        found = kind_of(kind)
        assert found is not None
        return file_import(
            actor=actor, kind=found, source=_source(rows), **({"now": NOW, "today": TODAY} | options)
        )

    return run


@pytest.fixture
def check(cast: Cast) -> Callable[..., Report]:
    """As `bring`, writing nothing."""

    def run(kind: str, rows: Any, *, user: str = "hrh", **options: Any) -> Report:
        found = kind_of(kind)
        assert found is not None
        return file_check(
            actor=cast.user(user), kind=found, source=_source(rows), now=NOW, today=TODAY, **options
        )

    return run


def counts(report: Report) -> tuple[int, int, int, int, int]:
    """(read, created, updated, unchanged, refused)."""
    return report.read, report.created, report.updated, report.unchanged, report.refused


def errors(report: Report) -> list[tuple[int, str, str]]:
    return [(found.row, found.column, found.code) for found in report.errors]


def contents(*models: Any, without: tuple[str, ...] = ("updated_at",)) -> dict[str, list[dict[str, Any]]]:
    """Everything that stands in the tables, row by row."""
    return {
        model.__name__: [
            {name: value for name, value in row.items() if name not in without}
            for row in model.objects.order_by("pk").values()
        ]
        for model in models
    }
