"""The cast and its customers."""

from __future__ import annotations

import pytest

from tests.cast import Cast
from tests.customers.stage import Register, register
from tests.journeys.conftest import browser
from tests.kernel.conftest import _empty_cache, cast, signed_in

__all__ = ["_empty_cache", "browser", "cast", "signed_in"]


@pytest.fixture
def stage(cast: Cast, db: None) -> Register:
    return register(cast)
