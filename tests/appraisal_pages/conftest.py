"""The cast with two graded quarters, made once for a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.appraisal_pages.graded import Graded, graded
from tests.cast import stage
from tests.journeys.conftest import browser
from tests.kernel.conftest import _empty_cache

__all__ = ["_empty_cache", "browser"]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[Graded]:
    """Tests that use it are marked django_db; what they do is undone by their savepoint."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield graded(stage())
        transaction.set_rollback(True)
