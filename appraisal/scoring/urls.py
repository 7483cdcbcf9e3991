"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from appraisal.scoring import regrading_views, views
from appraisal.scoring.resources import SHEETS
from appraisal.scoring.schedules import SCHEDULES
from cmsys.ui.views import ResourceViews

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/sheet/", views.mine, name="sheet_mine"),
    *views.SheetViews(SHEETS).urls(),
    path("score-sheets/<int:key>/lines/<int:position>/", views.sheet_line, name="sheet_line"),
    path("score-sheets/<int:key>/print.pdf", views.sheet_pdf, name="sheet_print"),
    path("cycles/<int:pk>/regrade/", regrading_views.cycle_regrade, name="cycles_regrade"),
    *ResourceViews(SCHEDULES).urls(),
]
