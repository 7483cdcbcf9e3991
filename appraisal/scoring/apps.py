"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScoringConfig(AppConfig):
    name = "appraisal.scoring"
    label = "appraisal_scoring"
    verbose_name = "评分"

    def ready(self) -> None:
        from appraisal.scoring import jobs
        from cmsys.ui.kinds import name_kinds

        jobs.register()
        name_kinds(
            {
                "cycle.regrade": _("发起定级"),
                "cycle.grade": _("发布定级结果"),
                "schedule.set": _("设置定级计划"),
                "schedule.serve": _("定级计划到期"),
            }
        )
