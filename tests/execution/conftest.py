"""The cast and its customers."""

from __future__ import annotations

import pytest

from customers.planning import followers
from customers.registry import followers as hands
from tests.cast import Cast
from tests.customers.stage import Register, register
from tests.kernel.conftest import _empty_cache, cast, signed_in

__all__ = ["_empty_cache", "cast", "signed_in"]


@pytest.fixture
def stage(cast: Cast, db: None) -> Register:
    return register(cast)


@pytest.fixture(autouse=True)
def _nobody_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What rooms above do with the lines is shown in their own tests."""
    monkeypatch.setattr(followers, "_applied", [])
    monkeypatch.setattr(followers, "_reverted", [])
    monkeypatch.setattr(hands, "_began", [])
    monkeypatch.setattr(hands, "_withdrawn", [])
