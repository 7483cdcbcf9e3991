"""The room of the tests as a Django app, for the workers the fault tests start."""

from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "tests.jobs"
    label = "tests_jobs"

    def ready(self) -> None:
        from cmsys.jobs.kinds import register_kind
        from tests.jobs.room import ACT, COUNT

        register_kind(COUNT)
        register_kind(ACT)
