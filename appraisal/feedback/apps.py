"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "appraisal.feedback"
    label = "appraisal_feedback"
    verbose_name = "反馈确认"
