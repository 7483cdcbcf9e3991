"""Addresses of the room; the fixed ones before those with a number in them."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from appraisal.appeals import views
from appraisal.appeals.resources import APPEALS, PLANS
from cmsys.ui.views import ResourceViews

urlpatterns: list[URLPattern | URLResolver] = [
    path("grade-decisions/<int:decision_id>/appeal/", views.lodge, name="appeal_lodge"),
    path("improvement-plans/new/", views.plan_open, name="improvement_plan_open"),
    *ResourceViews(APPEALS).urls(),
    *ResourceViews(PLANS).urls(),
    path("appeals/<int:pk>/<str:verb>/", views.appeal_act, name="appeal_act"),
    path("improvement-plans/<int:pk>/content/", views.plan_write, name="improvement_plan_write"),
    path("improvement-plans/<int:pk>/agreement.pdf", views.plan_print, name="improvement_plan_print"),
    path(
        "improvement-plans/<int:pk>/checks/<int:check_id>/", views.plan_check, name="improvement_plan_check"
    ),
    path("improvement-plans/<int:pk>/<str:verb>/", views.plan_act, name="improvement_plan_act"),
]
