"""The world of dealings, made once for a module; what a test does is undone by its savepoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser

from tests.cast import stage
from tests.engagement.world import World, dealings
from tests.kernel.conftest import _empty_cache, cast
from tests.permissions.house import signed_in

__all__ = ["_empty_cache", "cast"]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Tests that use it are marked django_db."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield dealings(stage())
        transaction.set_rollback(True)


@pytest.fixture
def as_person(world: World) -> Callable[[str], Browser]:
    """A browser with a session of the named person."""

    def make(name: str) -> Browser:
        return signed_in(world.cast.user(name))

    return make
