"""The cast, staged once for a module; what a test does is undone by its savepoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client as Browser

from tests.cast import Cast, stage


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """Tests that use it are marked django_db."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield stage()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def signed_in(cast: Cast) -> Callable[[str], Browser]:
    """A browser with a session of the named person."""

    def make(name: str) -> Browser:
        browser = Browser()
        browser.force_login(cast.user(name), backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return make


@pytest.fixture
def another(transactional_db: None) -> Iterator[Callable[[], Any]]:
    """Opens further connections to the test database; what they leave open is rolled back."""
    opened = []

    def connect() -> Any:
        connection.ensure_connection()
        made = connection.Database.connect(**connection.get_connection_params())
        opened.append(made)
        return made

    yield connect
    for made in opened:
        made.close()
