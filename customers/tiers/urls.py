"""Addresses of rules, runs and changes, and of the end of a tier set by hand."""

from __future__ import annotations

from django.urls import path

from cmsys.ui.views import ResourceViews
from customers.tiers import views
from customers.tiers.resources import CHANGES, RULES, RUNS

urlpatterns = [
    path("tier-rules/import/", views.rule_new, name="tier_rules_import"),
    path("tier-rules/<int:pk>/download/", views.rule_download, name="tier_rules_download"),
    path("tier-rules/<int:pk>/trial/", views.rule_trial, name="tier_rules_trial"),
    path("tier-rules/<int:pk>/run/", views.rule_run, name="tier_rules_run"),
    path("tier-rules/<int:pk>/adopt/", views.rule_take, name="tier_rules_adopt"),
    *ResourceViews(RULES).urls(),
    path("tier-runs/<str:number>/apply/", views.run_take_up, name="tier_runs_apply"),
    path("tier-runs/<str:number>/discard/", views.run_aside, name="tier_runs_discard"),
    *ResourceViews(RUNS).urls(),
    *ResourceViews(CHANGES).urls(),
    path("customers/<str:customer_no>/tier/release/", views.hold_release, name="tier_hold_release"),
]
