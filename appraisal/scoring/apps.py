"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "appraisal.scoring"
    label = "appraisal_scoring"
    verbose_name = "评分"
