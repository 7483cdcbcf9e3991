"""The demonstration bank as a Django app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "cmsys.demo"
    label = "demo"
    verbose_name = "演示数据"

    def ready(self) -> None:
        from cmsys.demo import checks  # noqa: F401
