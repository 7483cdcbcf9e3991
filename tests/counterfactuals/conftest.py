"""The cast, the small cycle, and no source of the library."""

from __future__ import annotations

from tests.appraisal.conftest import _empty_cache, cast, demo, no_sources, signed_in

__all__ = ["_empty_cache", "cast", "demo", "no_sources", "signed_in"]
