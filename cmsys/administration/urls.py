"""Paths of the kernel's pages."""

from django.urls import path

from cmsys.administration import api_client_views, views
from cmsys.administration.api_clients import CLIENTS
from cmsys.administration.resources import EVENTS, JOBS, UNITS, USERS
from cmsys.ui.views import ResourceViews

urlpatterns = [
    path("", views.desk, name="desk"),
    path("org-units/tree/", views.org_tree, name="org_tree"),
    *ResourceViews(UNITS).urls(),
    path("org-units/<str:code>/move/", views.move, name="org_units_move"),
    path("org-units/<str:code>/close/", views.close, name="org_units_close"),
    path("users/new/", views.user_new, name="users_create"),
    *ResourceViews(USERS).urls(),
    path("users/<str:key>/password/", views.user_password, name="users_password"),
    path("users/<str:key>/active/", views.user_active, name="users_active"),
    path("users/<str:key>/grants/new/", views.grant_new, name="grants_create"),
    path("users/<str:key>/grants/<int:grant_id>/revoke/", views.grant_revoke, name="grants_revoke"),
    path("api-clients/new/", api_client_views.create, name="api_clients_create"),
    *ResourceViews(CLIENTS).urls(),
    path("api-clients/<str:key>/edit/", api_client_views.edit, name="api_clients_edit"),
    path("api-clients/<str:key>/approve/", api_client_views.approve, name="api_clients_approve"),
    path("api-clients/<str:key>/rotate/", api_client_views.rotate, name="api_clients_rotate"),
    path("api-clients/<str:key>/retire/", api_client_views.retire, name="api_clients_retire"),
    path("api-clients/<str:key>/revoke/", api_client_views.revoke, name="api_clients_revoke"),
    *ResourceViews(JOBS).urls(),
    path("jobs/<int:pk>/cancel/", views.job_stop, name="jobs_cancel"),
    path("jobs/<int:pk>/retry/", views.job_again, name="jobs_retry"),
    path("poll/jobs/<int:pk>/", views.job_progress, name="jobs_poll"),
    path("events/verify/", views.ledger_verify, name="events_verify"),
    *ResourceViews(EVENTS).urls(),
]
