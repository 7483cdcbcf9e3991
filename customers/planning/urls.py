"""Addresses of plans and their lines."""

from __future__ import annotations

from django.urls import path

from cmsys.ui.views import ResourceViews
from customers.planning import bench_views, views
from customers.planning.resources import MOVES, PLANS

urlpatterns = [
    path("allocation-plans/new/", views.plan_new, name="allocation_plans_rebalance"),
    path("allocation-plans/<str:number>/discard/", views.plan_aside, name="allocation_plans_discard"),
    path("allocation-plans/<str:number>/effect/", bench_views.plan_effect, name="allocation_plans_effect"),
    path(
        "allocation-plans/<str:number>/choose/", bench_views.plan_choose_view, name="allocation_plans_choose"
    ),
    path("allocation-plans/<str:number>/again/", bench_views.plan_again_view, name="allocation_plans_again"),
    path(
        "allocation-plans/<str:number>/compare/<str:other>/",
        bench_views.plan_compare,
        name="allocation_plans_compare",
    ),
    *bench_views.PlanViews(PLANS).urls(),
    path("allocation-moves/<int:pk>/why/", bench_views.move_why, name="allocation_moves_why"),
    *ResourceViews(MOVES).urls(),
]
