"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from appraisal.overview import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("overview/", views.overview, name="overview"),
    path("overview/missing/", views.missing, name="overview_missing"),
]
