"""Fixtures of every test. The database part: made and migrated by cmsys_owner, used by the tests as cmsys_app.

The login behind both is the superuser of the test server, so the connection may put on either role.

Transactional tests empty every table afterwards but Django's own registers of models and permissions. What migrations
seeded (customer tiers, competencies) is put back at once, so that every test meets the same rows whatever ran before it;
`serialized_rollback` would do so for marked tests only.

The files that take longest come first (tests/slowest.txt), so that no worker ends alone with one of them.
"""

from __future__ import annotations

import gc
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.operations import DatabaseOperations

from cmsys.local.roles import APP, OWNER

SLOWEST = Path(__file__).with_name("slowest.txt")
# Written once when the database is made, the same for every test.
KEPT = ("django_content_type", "auth_permission", "django_migrations")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After every other plugin; `make test` tells xdist to keep this order of files."""
    named = [line for line in SLOWEST.read_text(encoding="utf-8").split("\n") if line]
    places = {name: place for place, name in enumerate(named)}
    items.sort(key=lambda item: places.get(item.nodeid.split("::")[0], len(places)))


def pytest_collection_finish() -> None:
    """Thousands of collected tests live until the end: the collector need not look at them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def work_as(role: str, database: BaseDatabaseWrapper = connection) -> None:
    """Every new connection of `database` runs as `role`; an open one is closed, because the role is given at its start."""
    options: dict[str, Any] = database.settings_dict["OPTIONS"]
    others = [
        part for part in str(options["options"]).split("-c ") if part.strip() and not part.startswith("role=")
    ]
    options["options"] = " ".join(f"-c {part.strip()}" for part in (f"role={role}", *others))
    database.close()


def read_seeded() -> dict[str, str]:
    """Table -> its rows as COPY writes them, for every table but KEPT in which the migrations left rows."""
    seeded = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            rows = io.StringIO()
            cursor.copy_expert(f'COPY "{table}" TO STDOUT', rows)
            if table not in KEPT and rows.getvalue():
                seeded[table] = rows.getvalue()
    return seeded


def flush_as_owner(operations: DatabaseOperations, statements: list[str]) -> None:
    """TRUNCATE, which the app may not: as the owner, and back again whether it worked or not. All but KEPT and SEEDED."""
    with operations.connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {OWNER}")
        try:
            _execute_sql_flush(operations, statements)
            for table, rows in SEEDED.items():
                cursor.copy_expert(f'COPY "{table}" FROM STDIN', io.StringIO(rows))
        finally:
            cursor.execute(f"SET ROLE {APP}")


def sql_flush_but_kept(operations: DatabaseOperations, style: Any, tables: Any, **options: Any) -> list[str]:
    return _sql_flush(operations, style, [name for name in tables if name not in KEPT], **options)


SEEDED: dict[str, str] = {}
_execute_sql_flush, _sql_flush = DatabaseOperations.execute_sql_flush, DatabaseOperations.sql_flush


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """After pytest-django has made the test database as the owner, everything goes on as the app."""
    with django_db_blocker.unblock():
        SEEDED.update(read_seeded())
        work_as(APP)
        # On the class, not on one connection: beside a running event loop (a browser's) Django uses another one.
        DatabaseOperations.execute_sql_flush = flush_as_owner  # type: ignore[method-assign]
        DatabaseOperations.sql_flush = sql_flush_but_kept  # type: ignore[method-assign]
        # Nothing was migrated: registers and grants, which are made anew after every flush, are still there.
        flush.emit_post_migrate_signal = lambda *args, **options: None
    yield
    with django_db_blocker.unblock():
        work_as(OWNER)
