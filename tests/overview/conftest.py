"""The cast, graded, with decisions of two quarters."""

from __future__ import annotations

import pytest

from tests.appraisal.conftest import _empty_cache, cast, demo, no_sources, signed_in
from tests.appraisal.world import World
from tests.overview.world import Decided, decided

__all__ = ["_empty_cache", "cast", "demo", "no_sources", "signed_in"]


@pytest.fixture
def world(demo: World) -> Decided:
    return decided(demo)
