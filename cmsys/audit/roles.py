"""What the application's database role may do with the tables, stated after every migration."""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

APP = "cmsys_app"
# The ledger grows and is read; nothing else. The application cannot change what happened.
APPEND_ONLY = ("audit_event", "audit_seal")


def grant_to_app(*, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Grants the application role reading and writing of all tables, and only reading and adding on the ledger.

    Runs as the owner after migrations; repeats harmlessly. Needs the role to exist (docs/operations.md).
    """
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    # One transaction: nobody sees the ledger between the grant on all tables and the revocation on these.
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {APP}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP}")
        for table in APPEND_ONLY:
            if table in tables:
                cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP}")
        if "django_migrations" in tables:
            cursor.execute(f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {APP}")
