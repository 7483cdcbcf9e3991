"""The cast, staged once for a module; what a test does is undone by its savepoint. Sources of a test go with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cmsys.inbox import items
from tests.kernel.conftest import _empty_cache, cast, signed_in

__all__ = ["_empty_cache", "cast", "signed_in"]


@pytest.fixture
def sources() -> Iterator[dict[str, items.InboxSource]]:
    """The registered sources; those of the product are put aside and come back."""
    kept = dict(items._sources)
    items._sources.clear()
    yield items._sources
    items._sources.clear()
    items._sources.update(kept)
