"""What the application's role may do with the ledger: add and read. The database refuses the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from cmsys.access.actors import SystemActor
from cmsys.audit.ledger import record
from cmsys.audit.models import Event, Seal
from cmsys.audit.roles import grant_to_app
from cmsys.audit.sealer import Sealer

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
FORBIDDEN = [
    "UPDATE audit_event SET reason = 'x'",
    "UPDATE audit_event SET id = id + 1 WHERE false",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "TRUNCATE audit_event CASCADE",
    "UPDATE audit_seal SET hash = ''",
    "DELETE FROM audit_seal",
    "TRUNCATE audit_seal",
    "MERGE INTO audit_event e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "INSERT INTO audit_seal SELECT * FROM audit_seal ON CONFLICT (seq) DO UPDATE SET hash = ''",
    "SELECT * FROM audit_event FOR UPDATE",
    "SELECT setval('audit_event_ids', 1)",
    "ALTER SEQUENCE audit_event_ids RESTART",
    "CREATE OR REPLACE FUNCTION audit_next_id() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "DROP TABLE audit_seal",
    "CREATE TABLE audit_copy (id int)",
    "GRANT UPDATE ON audit_event TO cmsys_app",
    "DELETE FROM django_migrations",
]


@pytest.fixture
def ledger(db: None) -> None:
    record("thing.change", actor=SystemActor("system:test"), resource="things", object_id="1")
    assert Sealer().tick(NOW) == 1


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_application_cannot(statement: str, ledger: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("cmsys_app",)
        if statement.startswith("GRANT"):
            # PostgreSQL answers a grant without grant option with a warning; what counts is that it changed nothing.
            cursor.execute(statement)
            cursor.execute("SELECT has_table_privilege('cmsys_app', 'audit_event', 'UPDATE')")
            assert cursor.fetchone() == (False,)
            return
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
            cursor.execute(statement)
    assert list(Event.objects.values_list("reason", flat=True)) == [""]
    assert Seal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_granting_again_never_opens_the_ledger_in_between() -> None:
    """All of it is one transaction: nobody sees the moment between the grant on all tables and the revocation."""
    inside: list[bool] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("GRANT", "REVOKE")):
            inside.append(connection.in_atomic_block)
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        cursor.execute("SET ROLE cmsys_owner")
        try:
            with connection.execute_wrapper(watch):
                grant_to_app()
            cursor.execute(
                "SELECT array_agg(privilege_type::text ORDER BY privilege_type::text)"
                " FROM information_schema.table_privileges"
                " WHERE grantee = 'cmsys_app' AND table_name IN ('audit_event', 'audit_seal')"
            )
            assert cursor.fetchone() == (["INSERT", "INSERT", "SELECT", "SELECT"],)
        finally:
            cursor.execute("SET ROLE cmsys_app")
    assert inside == [True] * 6
