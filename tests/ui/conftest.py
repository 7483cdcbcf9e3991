"""The journeys' browser, for components that are only right when they move."""

from __future__ import annotations

from tests.journeys.conftest import browser

__all__ = ["browser"]
