"""The house with customers in it, staged once for a module; what a test does is undone by its savepoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client as Browser

from tests.cast import Cast, stage
from tests.customers.stage import Register, register
from tests.permissions.house import signed_in


@dataclass
class Stage:
    """The cast, the register, and browsers by name."""

    cast: Cast
    register: Register

    def browser(self, name: str) -> Browser:
        return signed_in(self.cast.user(name))

    def pk(self, number: str) -> int:
        return self.register.customers[number].pk


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    """Tests that use it are marked django_db."""
    cache.clear()
    with django_db_blocker.unblock(), transaction.atomic():
        cast = stage()
        yield Stage(cast, register(cast))
        transaction.set_rollback(True)


@pytest.fixture
def page(scene: Stage) -> Callable[[str, str], str]:
    """page("mgr", "/customers/") → the text of an answer 200."""

    def get(who: str, address: str) -> str:
        answer = scene.browser(who).get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        return answer.content.decode()

    return get
