"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class FeedConfig(AppConfig):
    name = "cmsys.feed"
    label = "feed"
    verbose_name = "变更流"
