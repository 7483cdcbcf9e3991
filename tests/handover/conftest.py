"""The cast and its customers."""

from __future__ import annotations

import pytest

from tests.cast import Cast
from tests.handover.world import World, world
from tests.kernel.conftest import _empty_cache, cast, signed_in

__all__ = ["_empty_cache", "cast", "signed_in"]


@pytest.fixture
def bank(cast: Cast, db: None) -> World:
    return world(cast)
