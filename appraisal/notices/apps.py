"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "appraisal.notices"
    label = "appraisal_notices"
    verbose_name = "公示与送达"

    def ready(self) -> None:
        from appraisal.grading.voiding import follow_void
        from appraisal.notices import jobs
        from appraisal.notices.following import take_down

        jobs.register()
        follow_void(take_down)
