"""Addresses of policies, evaluation sheets and rules."""

from __future__ import annotations

from django.urls import path

from cmsys.ui.views import ResourceViews
from customers.allocation import views
from customers.allocation.resources import EVALUATIONS, POLICIES, RULES

urlpatterns = [
    path("allocation-policies/import/", views.policy_new, name="allocation_policies_import"),
    path(
        "allocation-policies/<int:pk>/download/", views.policy_download, name="allocation_policies_download"
    ),
    *ResourceViews(POLICIES).urls(),
    path("staff-evaluations/draft/", views.evaluation_draft, name="staff_evaluations_draft"),
    path("staff-evaluations/<int:pk>/change/", views.evaluation_edit, name="staff_evaluations_change"),
    path("staff-evaluations/<int:pk>/confirm-hr/", views.confirm_hr, name="staff_evaluations_confirm_hr"),
    path(
        "staff-evaluations/<int:pk>/confirm-head/", views.confirm_head, name="staff_evaluations_confirm_head"
    ),
    *ResourceViews(EVALUATIONS).urls(),
    path("customer-rules/new/", views.rule_new, name="customer_rules_begin"),
    path("customer-rules/<int:pk>/end/", views.rule_over, name="customer_rules_end"),
    *ResourceViews(RULES).urls(),
]
