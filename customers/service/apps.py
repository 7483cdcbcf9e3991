"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class ServiceConfig(AppConfig):
    name = "customers.service"
    label = "customers_service"
    verbose_name = "服务工单"
