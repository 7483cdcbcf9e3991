"""A draft plan of 北京分行 with its reviewers, worked by hand; made once for a module, what a test does is undone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.approval.world import Bench, bench
from tests.cast import Cast
from tests.customers.stage import register
from tests.kernel.conftest import _empty_cache, cast, signed_in

__all__ = ["_empty_cache", "cast", "signed_in"]


@pytest.fixture(scope="module")
def _bench(cast: Cast, django_db_blocker: Any) -> Bench:
    with django_db_blocker.unblock():
        register(cast)
        return bench(cast)


@pytest.fixture
def found(_bench: Bench, db: None) -> Bench:
    return _bench
