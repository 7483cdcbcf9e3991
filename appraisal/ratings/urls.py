"""Addresses of the room; the fixed ones before those with a number in them."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from appraisal.ratings import views
from appraisal.ratings.resources import RATINGS
from cmsys.ui.views import ResourceViews

urlpatterns: list[URLPattern | URLResolver] = [
    path("ratings/tasks/", views.tasks, name="rating_tasks"),
    path("ratings/self/", views.own, name="rating_self"),
    path("ratings/progress/", views.progress_page, name="rating_progress"),
    path("ratings/sheets/<int:cycle_id>/<str:employee_no>/", views.sheet, name="rating_sheet"),
    path("ratings/sheets/<int:cycle_id>/<str:employee_no>/withdraw/", views.withdraw, name="rating_withdraw"),
    *ResourceViews(RATINGS).urls(),
]
