"""The cast and a small open cycle; no source of the library answers unless a test says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.appraisal.world import World, computing, demo_world
from tests.cast import Cast
from tests.kernel.conftest import _empty_cache, cast, signed_in

__all__ = ["_empty_cache", "cast", "signed_in"]


@pytest.fixture(autouse=True)
def no_sources() -> Iterator[None]:
    with computing({}):
        yield


@pytest.fixture
def demo(cast: Cast, db: None) -> World:
    return demo_world(cast)
