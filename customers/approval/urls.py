"""Addresses of the approval of plans."""

from __future__ import annotations

from django.urls import path

from customers.approval import review_views, views

urlpatterns = [
    path("allocation-plans/<str:number>/submit/", views.plan_submit, name="allocation_plans_submit"),
    path("allocation-plans/<str:number>/recall/", views.plan_recall, name="allocation_plans_recall"),
    path("allocation-plans/<str:number>/remind/", views.plan_remind, name="allocation_plans_remind"),
    path("allocation-plans/<str:number>/approve/", views.plan_approve, name="allocation_plans_approve"),
    path("allocation-plans/<str:number>/return/", views.plan_return, name="allocation_plans_return"),
    path("allocation-reviews/", review_views.reviews, name="allocation_reviews_list"),
    path("allocation-reviews/<str:number>/", review_views.review, name="allocation_reviews_detail"),
    path("allocation-reviews/<str:number>/answer/", review_views.answer, name="allocation_reviews_answer"),
    path(
        "allocation-reviews/<str:number>/lines/<int:key>/", review_views.line, name="allocation_reviews_line"
    ),
]
