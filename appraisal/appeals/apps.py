"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class AppealsConfig(AppConfig):
    name = "appraisal.appeals"
    label = "appraisal_appeals"
    verbose_name = "申诉与改进"
