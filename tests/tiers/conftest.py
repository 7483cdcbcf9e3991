"""The cast, its customers and what they have done, put on stage once for each module; each test has a savepoint of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.cast import Cast, stage
from tests.customers.stage import Register, register
from tests.journeys.conftest import browser
from tests.kernel.conftest import _empty_cache, signed_in
from tests.tiers.world import dealings

__all__ = ["_empty_cache", "browser", "signed_in"]


@pytest.fixture(scope="module")
def _world(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Cast, Register]]:
    with django_db_blocker.unblock(), transaction.atomic():
        cast = stage()
        made = register(cast)
        dealings()
        yield cast, made
        transaction.set_rollback(True)


@pytest.fixture
def cast(_world: tuple[Cast, Register], db: None) -> Cast:
    return _world[0]


@pytest.fixture
def bank(_world: tuple[Cast, Register], db: None) -> Register:
    return _world[1]
