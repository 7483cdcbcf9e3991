"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CyclesConfig(AppConfig):
    name = "appraisal.cycles"
    label = "appraisal_cycles"
    verbose_name = "考核周期"

    def ready(self) -> None:
        from cmsys.ui.kinds import name_kinds

        name_kinds({"cycle.open": _("开启考核周期"), "cycle.close": _("结束考核周期")})
