"""Addresses of the room; the fixed ones before those with a number in them."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from appraisal.notices import serving_views, views
from appraisal.notices.resources import NOTICES, OBJECTIONS, SERVED
from cmsys.ui.views import ResourceViews

urlpatterns: list[URLPattern | URLResolver] = [
    path("notices/new/", views.notice_new, name="notices_new"),
    *ResourceViews(NOTICES).urls(),
    path("notices/<int:pk>/change/", views.notice_edit, name="notices_change"),
    path("notices/<int:pk>/discard/", views.notice_discard_page, name="notices_discard"),
    path("notices/<int:pk>/publish/", views.notice_publish_page, name="notices_publish"),
    path("notices/<int:pk>/print.pdf", views.notice_pdf, name="notices_print"),
    path("notices/<int:pk>/object/", views.notice_object, name="notices_object"),
    *ResourceViews(OBJECTIONS).urls(),
    path("notice-objections/<int:pk>/answer/", views.objection_answer_page, name="notice_objections_answer"),
    path("served/waiting/", serving_views.served_waiting, name="served_waiting"),
    path("served/new/<int:pk>/", serving_views.served_new, name="served_new"),
    *ResourceViews(SERVED).urls(),
    path("served/<int:pk>/sign/", serving_views.served_sign, name="served_sign"),
    path("served/<int:pk>/receipt/", serving_views.served_receipt, name="served_receipt"),
    path("served/<int:pk>/refused/", serving_views.served_refused, name="served_refused"),
    path("served/<int:pk>/print.pdf", serving_views.served_pdf, name="served_print"),
    path("grade-decisions/<int:pk>/appointment.pdf", serving_views.appointment_pdf, name="appointment_print"),
]
