"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from cmsys.ui.views import ResourceViews
from customers.engagement.resources import CONTRACTS, DEVELOPED, GROWTH, OPPORTUNITIES, TRANSACTIONS
from customers.engagement.views import list_urls

urlpatterns: list[URLPattern | URLResolver] = [
    *ResourceViews(TRANSACTIONS).urls(),
    *ResourceViews(CONTRACTS).urls(),
    *ResourceViews(OPPORTUNITIES).urls(),
    *list_urls(DEVELOPED),
    *list_urls(GROWTH),
]
