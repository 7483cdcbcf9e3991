"""The suite works with the rights of the product, not of the owner; emptying tables between tests still works."""

from __future__ import annotations

import os

import pytest
from django.db import connection, utils
from django.db.models import Model

from tests import embedded


def current_role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        row = cursor.fetchone()
    return str(row[0])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE trespass (i int)",
        "ALTER TABLE django_migrations ADD COLUMN trespass int",
        "DROP TABLE django_migrations",
        "TRUNCATE django_session",
        "CREATE SCHEMA trespass",
        "CREATE ROLE trespass",
    ],
)
def test_the_app_role_cannot_shape_the_database(statement: str) -> None:
    assert current_role() == "cmsys_app"
    with pytest.raises(utils.ProgrammingError), connection.cursor() as cursor:
        cursor.execute(statement)


def session_model() -> type[Model]:
    from django.contrib.sessions.models import Session

    return Session


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_transactional_test_finds_the_tables_empty_and_stays_the_app(turn: int) -> None:
    """Twice, so that the second finds what the first left: nothing."""
    from django.utils import timezone

    sessions = session_model().objects  # type: ignore[attr-defined]
    assert sessions.count() == 0
    sessions.create(session_key=f"turn{turn}", session_data="", expire_date=timezone.now())
    assert current_role() == "cmsys_app"


@pytest.mark.django_db
def test_a_new_connection_is_the_app_as_well() -> None:
    assert "role=cmsys_app" in connection.settings_dict["OPTIONS"]["options"]
    assert "role=cmsys_owner" not in connection.settings_dict["OPTIONS"]["options"]


@pytest.mark.parametrize(
    ("arguments", "pure"),
    [
        (["tests/engine"], True),
        (["-q", "tests/engine", "-k", "x"], True),
        (["tests/engine", "tests/architecture"], False),
        (["tests"], False),
        ([], False),
        (["-q"], False),
        (["--help"], True),
    ],
)
def test_only_runs_without_a_need_for_a_database_start_none(arguments: list[str], pure: bool) -> None:
    assert embedded._needs_no_database(arguments) is pure


def test_the_database_of_this_run_was_given_or_started_for_it() -> None:
    assert os.environ["DATABASE_URL"].startswith("postgres")
