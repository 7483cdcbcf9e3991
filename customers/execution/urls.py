"""Addresses of carrying out and taking back."""

from __future__ import annotations

from django.urls import path

from customers.execution import views

urlpatterns = [
    path("allocation-plans/<str:number>/apply/", views.apply_page, name="allocation_plans_apply"),
    path("allocation-plans/<str:number>/revert/", views.revert_page, name="allocation_plans_revert"),
]
