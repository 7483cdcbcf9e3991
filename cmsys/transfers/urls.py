"""Addresses of imports."""

from django.urls import path

from cmsys.transfers import views

urlpatterns = [
    path("imports/", views.home, name="imports_home"),
    path("imports/batches/<int:pk>/", views.batch, name="imports_batch"),
    path("imports/batches/<int:pk>/commit/", views.commit, name="imports_commit"),
    path("imports/batches/<int:pk>/discard/", views.discard, name="imports_discard"),
    path("imports/batches/<int:pk>/undo/", views.undo, name="imports_undo"),
    path("imports/batches/<int:pk>/marked.xlsx", views.marked, name="imports_marked"),
    path("imports/<slug:kind>/template.xlsx", views.template, name="imports_template"),
    path("imports/<slug:kind>/new/", views.new, name="imports_new"),
    path("poll/imports/<int:pk>/", views.poll, name="imports_poll"),
]
