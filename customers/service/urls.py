"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from cmsys.ui.views import ResourceViews
from customers.service.resources import TICKETS

urlpatterns: list[URLPattern | URLResolver] = [*ResourceViews(TICKETS).urls()]
