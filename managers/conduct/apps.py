"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class ConductConfig(AppConfig):
    name = "managers.conduct"
    label = "managers_conduct"
    verbose_name = "回避"
