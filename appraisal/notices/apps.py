"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "appraisal.notices"
    label = "appraisal_notices"
    verbose_name = "公示与送达"
