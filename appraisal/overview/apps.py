"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class OverviewConfig(AppConfig):
    name = "appraisal.overview"
    label = "appraisal_overview"
    verbose_name = "定级总览"
