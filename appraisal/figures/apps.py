"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "appraisal.figures"
    label = "appraisal_figures"
    verbose_name = "目标与指标值"
