"""Addresses of the room; the fixed ones before those with a number in them."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from django.views.decorators.http import require_GET

from cmsys.ui.views import ResourceViews
from customers.registry import mine, views
from customers.registry.ownership import OWNERSHIP
from customers.registry.resources import CUSTOMERS

_ONE = "customers/<str:customer_no>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("my-customers/", mine.mine, name="customers_mine"),
    *ResourceViews(CUSTOMERS).urls(),
    path("assignments/", require_GET(ResourceViews(OWNERSHIP).list), name="assignments_list"),
    path(f"{_ONE}reveal/", views.reveal, name="customer_reveal"),
    path(f"{_ONE}tier/", views.tier_edit, name="customer_tier"),
    path(f"{_ONE}owner/", views.owner_new, name="customer_owner"),
    path(f"{_ONE}assignments/<int:assignment_id>/end/", views.owner_end, name="assignment_end"),
    path(
        f"{_ONE}assignments/<int:assignment_id>/withdraw/", views.owner_withdraw, name="assignment_withdraw"
    ),
    path(f"{_ONE}contacts/new/", views.contact_new, name="contact_new"),
    path(f"{_ONE}contacts/<int:contact_id>/", views.contact_edit, name="contact_edit"),
    path(f"{_ONE}contacts/<int:contact_id>/remove/", views.contact_delete, name="contact_remove"),
    path(f"{_ONE}contacts/<int:contact_id>/reveal/<str:field>/", views.reveal_contact, name="contact_reveal"),
]
