"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from appraisal.figures import views
from appraisal.figures.resources import READINGS, TARGETS
from cmsys.ui.views import ResourceViews

urlpatterns: list[URLPattern | URLResolver] = [
    *ResourceViews(TARGETS).urls(),
    path("targets/<str:key>/remove/", views.remove_target, name="targets_remove"),
    *ResourceViews(READINGS).urls(),
    path("readings/<str:key>/remove/", views.remove_reading, name="readings_remove"),
]
