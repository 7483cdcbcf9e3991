"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from appraisal.grading import review_views, rounds_views, views
from appraisal.grading.acts import ACTS
from appraisal.grading.resources import DECISIONS, ROUNDS
from cmsys.ui.views import ResourceViews

urlpatterns: list[URLPattern | URLResolver] = [
    path("matrix/", views.matrix, name="matrix"),
    path("grade-review/", review_views.grade_review, name="grade_review"),
    path("grade-review/batch/", review_views.grade_review_batch, name="grade_review_batch"),
    path("grade-confirm/", review_views.grade_confirm, name="grade_confirm"),
    path("grade-confirm/batch/", review_views.grade_confirm_batch, name="grade_confirm_batch"),
    *ResourceViews(DECISIONS).urls(),
    *(
        path(
            f"grade-decisions/<int:key>/{act.slug}/",
            review_views.act_view(verb),
            name=f"grade_decisions_{verb}",
        )
        for verb, act in ACTS.items()
    ),
    *ResourceViews(ROUNDS).urls(),
    path("grading-rounds/<int:pk>/submit/", rounds_views.round_submit_page, name="grading_rounds_submit"),
    path("grading-rounds/<int:pk>/close/", rounds_views.round_close_page, name="grading_rounds_close"),
]
