"""Resources are registered here by their rooms, in apps.ready(); api_urls turns them into paths."""

from __future__ import annotations

from typing import Any

from rest_framework.routers import SimpleRouter

_resources: dict[str, type[Any]] = {}


def register(prefix: str, viewset: type[Any]) -> None:
    """Puts a viewset at `/api/v1/<prefix>/`. Raises ValueError when the place is taken."""
    if prefix in _resources:
        raise ValueError(f"resource {prefix} is registered twice")
    _resources[prefix] = viewset


def registered() -> dict[str, type[Any]]:
    """Every resource, in alphabetical order."""
    return dict(sorted(_resources.items()))


def urls() -> list[Any]:
    """The paths of all resources; every one ends in a slash."""
    router = SimpleRouter(trailing_slash=True)
    for prefix, viewset in registered().items():
        router.register(prefix, viewset, basename=prefix)
    return list(router.urls)
