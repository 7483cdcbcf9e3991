"""Addresses of schemes."""

from __future__ import annotations

from django.urls import path

from appraisal.schemes import views
from appraisal.schemes.library import library
from appraisal.schemes.resources import SCHEMES
from cmsys.ui.views import ResourceViews

urlpatterns = [
    path("indicators/", library, name="indicator_library"),
    path("schemes/import/", views.scheme_new, name="schemes_import"),
    path("schemes/<int:pk>/download/", views.scheme_download, name="schemes_download"),
    *ResourceViews(SCHEMES).urls(),
]
