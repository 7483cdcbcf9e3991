"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class EngagementConfig(AppConfig):
    name = "customers.engagement"
    label = "customers_engagement"
    verbose_name = "客户往来"
