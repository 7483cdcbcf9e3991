"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cmsys.inbox import deputy_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("inbox/", views.inbox, name="inbox"),
    path("messages/", views.messages, name="messages"),
    path("messages/read/", views.messages_read_all, name="messages_read_all"),
    path("messages/<int:pk>/open/", views.message_open, name="message_open"),
    path("deputies/", deputy_views.deputies, name="deputies_list"),
    path("deputies/new/", deputy_views.deputy_new, name="deputies_new"),
    path("deputies/<int:pk>/end/", deputy_views.deputy_end_page, name="deputies_end"),
]
