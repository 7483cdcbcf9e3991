"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "cmsys.inbox"
    label = "inbox"
    verbose_name = "待办与消息"
