"""Addresses of cycles."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_GET

from appraisal.cycles import views
from appraisal.cycles.resources import CYCLES, MEMBERS
from cmsys.ui.views import ResourceViews

urlpatterns = [
    path("cycles/open/", views.cycle_new, name="cycles_open"),
    path("cycles/<int:pk>/close/", views.cycle_end, name="cycles_close"),
    *ResourceViews(CYCLES).urls(),
    path("cycle-members/", require_GET(ResourceViews(MEMBERS).list), name="cycle_members_list"),
]
