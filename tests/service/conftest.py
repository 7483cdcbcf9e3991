"""The same world as that of dealings: tickets stand beside them."""

from __future__ import annotations

from tests.engagement.conftest import _empty_cache, as_person, cast, world

__all__ = ["_empty_cache", "as_person", "cast", "world"]
