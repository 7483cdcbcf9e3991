"""The decisions, made once for a module; what a test does is undone by its savepoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser

from tests.appeals.world import Appealed, appealed
from tests.journeys.conftest import browser
from tests.kernel.conftest import _empty_cache
from tests.permissions.house import signed_in

__all__ = ["_empty_cache", "browser"]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[Appealed]:
    """Tests that use it are marked django_db; what they do is undone by their savepoint."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield appealed()
        transaction.set_rollback(True)


@pytest.fixture
def as_person(world: Appealed) -> Callable[[str], Browser]:
    """A browser with a session of the named person."""
    return lambda name: signed_in(world.user(name))
