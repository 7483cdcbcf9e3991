"""The stage, set once for a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.cast import stage as cast_stage
from tests.decisions_pages.stage import Stage, staged
from tests.journeys.conftest import browser
from tests.kernel.conftest import _empty_cache

__all__ = ["_empty_cache", "browser"]


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    """Tests that use it are marked django_db; what they do is undone by their savepoint."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield staged(cast_stage())
        transaction.set_rollback(True)
