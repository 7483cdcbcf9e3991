"""Jobs as a Django app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "cmsys.jobs"
    label = "jobs"
    verbose_name = "后台任务"

    def ready(self) -> None:
        from cmsys.jobs import housekeeping

        housekeeping.register()
