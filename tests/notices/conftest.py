"""The cast with confirmed decisions, made once for a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser

from tests.journeys.conftest import browser
from tests.kernel.conftest import _empty_cache
from tests.notices.world import Decided, decided

__all__ = ["_empty_cache", "browser"]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[Decided]:
    """Tests that use it are marked django_db; what they do is undone by their savepoint."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield decided()
        transaction.set_rollback(True)


@pytest.fixture
def signed_in(world: Decided) -> Callable[[str], Browser]:
    """A browser with a session of the named person."""

    def make(name: str) -> Browser:
        browser = Browser()
        browser.force_login(world.user(name), backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return make
