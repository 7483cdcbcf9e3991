"""Addresses of the room; the fixed ones before those with a number in them."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from appraisal.ratings import views
from appraisal.ratings.resources import RATINGS
from cmsys.ui.views import ResourceViews

urlpatterns: list[URLPattern | URLResolver] = [
    path("rating-tasks/", views.tasks, name="rating_tasks"),
    path("self-rating/", views.own, name="rating_self"),
    path("rating-progress/", views.progress_page, name="rating_progress"),
    path("rating-tasks/<int:cycle_id>/<str:employee_no>/", views.sheet, name="rating_sheet"),
    path("rating-tasks/<int:cycle_id>/<str:employee_no>/withdraw/", views.withdraw, name="rating_withdraw"),
    *ResourceViews(RATINGS).urls(),
]
