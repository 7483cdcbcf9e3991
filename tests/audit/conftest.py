"""Further connections to the test database, besides Django's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

Open = Callable[..., Any]

WRITE_EVENT = """
    INSERT INTO audit_event (id, at, kind, resource, object_id, object_label, actor_name, role, before, after, reason,
                             request_id, address, success)
    VALUES (audit_next_id(), now(), %s, 'things', %s, '', 'test', '', '{}', '{}', '', '', '', true) RETURNING id
"""


@pytest.fixture
def another(transactional_db: None) -> Iterator[Open]:
    """Opens connections of their own, as cmsys_app like everything else; what they leave open is rolled back."""
    opened = []

    def connect() -> Any:
        connection.ensure_connection()
        made = connection.Database.connect(**connection.get_connection_params())
        opened.append(made)
        return made

    yield connect
    for made in opened:
        made.close()


def ask(session: Any, statement: str, *parameters: Any) -> Any:
    """Runs one statement in the session's transaction and returns the first value, if there is one."""
    with session.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()[0] if cursor.description else None


def write_event(session: Any, object_id: str, kind: str = "thing.change") -> int:
    """One event in the session's open transaction; its id."""
    return int(ask(session, WRITE_EVENT, kind, object_id))
