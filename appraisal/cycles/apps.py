"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class CyclesConfig(AppConfig):
    name = "appraisal.cycles"
    label = "appraisal_cycles"
    verbose_name = "考核周期"
