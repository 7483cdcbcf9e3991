"""A draft plan of 北京分行 with its reviewers, worked by hand."""

from __future__ import annotations

import pytest

from tests.approval.world import Bench, bench
from tests.cast import Cast
from tests.customers.stage import register
from tests.kernel.conftest import _empty_cache, cast, signed_in

__all__ = ["_empty_cache", "cast", "signed_in"]


@pytest.fixture
def found(cast: Cast, db: None) -> Bench:
    register(cast)
    return bench(cast)
