"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "customers.registry"
    label = "customers_registry"
    verbose_name = "客户"
