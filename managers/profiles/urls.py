"""Paths of the profile; the fixed ones before those with a number in them."""

from django.urls import path

from cmsys.ui.views import ResourceViews
from managers.profiles import views
from managers.profiles.resources import MANAGERS

urlpatterns = [
    path("me/", views.mine, name="manager_mine"),
    path("me/contact/", views.contact, name="manager_contact"),
    path("managers/composition/", views.roster_composition, name="manager_composition"),
    path("managers/composition.<str:fmt>", views.composition_export, name="manager_composition_export"),
    *ResourceViews(MANAGERS).urls(),
    path("managers/<str:employee_no>/reveal/<str:field>/", views.reveal, name="manager_reveal"),
    path("managers/<str:employee_no>/grades/new/", views.grade_new, name="manager_grade"),
    path("managers/<str:employee_no>/certificates/new/", views.certificate_new, name="certificate_new"),
    path(
        "managers/<str:employee_no>/certificates/<int:certificate_id>/",
        views.certificate_edit,
        name="certificate_edit",
    ),
    path(
        "managers/<str:employee_no>/certificates/<int:certificate_id>/remove/",
        views.certificate_delete,
        name="certificate_remove",
    ),
]
