"""Paths of training plans."""

from django.urls import path

from cmsys.ui.views import ResourceViews
from training.plans import views
from training.plans.resources import PLANS

urlpatterns = [
    path("score-sheets/<int:sheet_id>/training-plan/", views.propose, name="training_plan_propose"),
    path("training-plans/<int:pk>/accept/", views.accept, name="training_plan_accept"),
    path("training-plans/<int:pk>/sign/", views.sign, name="training_plan_sign"),
    path("training-plans/<int:pk>/drop/", views.drop, name="training_plan_drop"),
    path("training-plans/<int:pk>/courses/new/", views.add_item, name="training_plan_item_add"),
    path(
        "training-plans/<int:pk>/courses/<int:item_id>/remove/",
        views.remove_item,
        name="training_plan_item_remove",
    ),
    path(
        "training-plans/<int:pk>/courses/<int:item_id>/result/",
        views.result,
        name="training_plan_item_result",
    ),
    *ResourceViews(PLANS).urls(),
]
