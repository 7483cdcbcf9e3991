"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class GradingConfig(AppConfig):
    name = "appraisal.grading"
    label = "appraisal_grading"
    verbose_name = "双维矩阵"
