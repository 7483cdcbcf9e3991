"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cmsys.ui.views import ResourceViews
from managers.conduct import views
from managers.conduct.resources import DECLARATIONS

urlpatterns: list[URLPattern | URLResolver] = [
    path("interest-declarations/new/", views.new, name="declarations_new"),
    *ResourceViews(DECLARATIONS).urls(),
    path("interest-declarations/<int:pk>/end/", views.end, name="declarations_end"),
]
