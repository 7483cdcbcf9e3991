"""Django's entry to the room: what it adds to menus, pages and jobs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlanningConfig(AppConfig):
    name = "customers.planning"
    label = "customers_planning"
    verbose_name = "分客方案"

    def ready(self) -> None:
        from cmsys.ui.kinds import name_kinds
        from customers.planning.jobs import register

        register()
        name_kinds(
            {
                "plan.rebalance": _("发起客户再平衡"),
                "plan.draft": _("生成分客方案草案"),
                "plan.discard": _("放弃分客方案"),
            }
        )
