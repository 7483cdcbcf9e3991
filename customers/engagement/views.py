"""Paths of the lists behind figures: they have no page of a row."""

from __future__ import annotations

from django.urls import URLPattern

from cmsys.ui.resource import Resource
from cmsys.ui.views import ResourceViews


def list_urls(resource: Resource) -> list[URLPattern]:
    """The list and its exports."""
    page = resource.url_name("detail")
    return [pattern for pattern in ResourceViews(resource).urls() if pattern.name != page]
