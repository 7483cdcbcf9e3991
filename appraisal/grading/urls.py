"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from appraisal.grading import views

urlpatterns: list[URLPattern | URLResolver] = [path("matrix/", views.matrix, name="matrix")]
