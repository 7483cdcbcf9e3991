"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from appraisal.feedback import views
from appraisal.feedback.resources import ANSWERS
from cmsys.ui.views import ResourceViews

_answers = ResourceViews(ANSWERS)
urlpatterns: list[URLPattern | URLResolver] = [
    path("my-grade/", views.mine, name="my_grade"),
    path("score-sheets/<int:key>/sign/", views.sign, name="sheet_sign"),
    path("score-sheets/<int:key>/refusal/", views.refusal, name="sheet_refusal"),
    path("score-sheets/<int:key>/interview/", views.interview, name="interview_write"),
    path("feedback-interviews/<int:pk>/sign/", views.interview_confirm, name="interview_sign"),
    # A row has no page of its own: it leads to the sheet.
    *(pattern for pattern in _answers.urls() if pattern.name != ANSWERS.url_name("detail")),
]
