"""Addresses of plans and their lines."""

from __future__ import annotations

from django.urls import path

from cmsys.ui.views import ResourceViews
from customers.planning import views
from customers.planning.resources import MOVES, PLANS

urlpatterns = [
    path("allocation-plans/new/", views.plan_new, name="allocation_plans_rebalance"),
    path("allocation-plans/<str:number>/discard/", views.plan_aside, name="allocation_plans_discard"),
    *ResourceViews(PLANS).urls(),
    *ResourceViews(MOVES).urls(),
]
