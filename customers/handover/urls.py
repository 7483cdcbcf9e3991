"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cmsys.ui.views import ResourceViews
from customers.handover import views
from customers.handover.resources import CONTACTS, HANDOVERS, LINES

urlpatterns: list[URLPattern | URLResolver] = [
    *ResourceViews(HANDOVERS).urls(),
    path("handovers/<str:number>/print.pdf", views.handover_pdf_view, name="handovers_print"),
    path("handovers/<str:number>/<str:verb>/", views.handover_act, name="handover_act"),
    *ResourceViews(LINES).urls(),
    path("handover-lines/<int:pk>/arrange/", views.line_arrange_page, name="handover_line_arrange"),
    path("handover-lines/<int:pk>/visit/", views.line_visit, name="handover_line_visit"),
    *ResourceViews(CONTACTS).urls(),
    path("first-contacts/<int:pk>/record/", views.contact_record_page, name="first_contact_record"),
]
