"""The cast, staged once for a module; what a test does is undone by its savepoint."""

from __future__ import annotations

from tests.kernel.conftest import _empty_cache, cast, signed_in

__all__ = ["_empty_cache", "cast", "signed_in"]
