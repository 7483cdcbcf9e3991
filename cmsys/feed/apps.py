"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class FeedConfig(AppConfig):
    name = "cmsys.feed"
    label = "feed"
    verbose_name = "变更流"

    def ready(self) -> None:
        from cmsys.feed import housekeeping, permissions  # noqa: F401  (declares the scope changes:read)

        housekeeping.register()
