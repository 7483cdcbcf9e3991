"""Fixtures of every test. The database part: made and migrated by cmsys_owner, used by the tests as cmsys_app.

The login behind both is the superuser of the test server, so the connection may put on either role.

Transactional tests empty every table afterwards, what migrations seeded included. `serialized_rollback` is not used:
a test that needs seeded rows makes them, or runs inside a transaction as most do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.operations import DatabaseOperations

from cmsys.local.roles import APP, OWNER


def work_as(role: str, database: BaseDatabaseWrapper = connection) -> None:
    """Every new connection of `database` runs as `role`; an open one is closed, because the role is given at its start."""
    options: dict[str, Any] = database.settings_dict["OPTIONS"]
    others = [
        part for part in str(options["options"]).split("-c ") if part.strip() and not part.startswith("role=")
    ]
    options["options"] = " ".join(f"-c {part.strip()}" for part in (f"role={role}", *others))
    database.close()


def flush_as_owner(operations: DatabaseOperations, statements: list[str]) -> None:
    """TRUNCATE, which the app may not: as the owner, and back again whether it worked or not."""
    with operations.connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {OWNER}")
        try:
            _execute_sql_flush(operations, statements)
        finally:
            cursor.execute(f"SET ROLE {APP}")


_execute_sql_flush = DatabaseOperations.execute_sql_flush


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """After pytest-django has made the test database as the owner, everything goes on as the app."""
    with django_db_blocker.unblock():
        work_as(APP)
        # On the class, not on one connection: beside a running event loop (a browser's) Django uses another one.
        DatabaseOperations.execute_sql_flush = flush_as_owner  # type: ignore[method-assign]
    yield
    with django_db_blocker.unblock():
        work_as(OWNER)
