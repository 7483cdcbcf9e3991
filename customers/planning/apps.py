"""Django's entry to the room: what it adds to menus, pages and jobs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlanningConfig(AppConfig):
    name = "customers.planning"
    label = "customers_planning"
    verbose_name = "分客方案"

    def ready(self) -> None:
        from cmsys.api.router import register as register_resource
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu
        from customers.planning import cards, later, periodic
        from customers.planning.api import PlanViewSet
        from customers.planning.jobs import register
        from customers.planning.permissions import PLAN_EDIT, PLAN_VIEW

        register()
        later.register()
        periodic.register()
        register_resource("allocation-plans", PlanViewSet)
        add_menu(
            MenuEntry(Group.CUSTOMERS, 75, _("分客方案"), "allocation_plans_list", "handover", PLAN_VIEW)
        )
        add_cards(
            Card("allocation-plans", "state", 5, _("进展"), cards.state_card, span=2),
            Card("allocation-plans", "unmet", 10, _("安排不下的客户"), cards.unmet_card, span=2),
            Card("allocation-plans", "changes", 15, _("与上一版的变化"), cards.changes_card, span=2),
            Card("allocation-plans", "choices", 20, _("已作的选择"), cards.choices_card, PLAN_EDIT, span=2),
            Card("allocation-plans", "loads", 30, _("负荷"), cards.loads_card),
            Card("allocation-plans", "prices", 35, _("规则的代价"), cards.prices_card),
            Card("allocation-plans", "objective", 40, _("目标值"), cards.objective_card),
            Card("allocation-plans", "history", 90, _("变更历史"), history_card, PLAN_EDIT, span=2),
            Card("allocation-moves", "why", 10, _("为什么是他"), cards.why_card, PLAN_VIEW, span=2),
        )
        name_kinds(
            {
                "plan.rebalance": _("发起客户再平衡"),
                "plan.draft": _("生成分客方案草案"),
                "plan.impossible": _("分客方案无法满足"),
                "plan.fail": _("分客方案计算失败"),
                "plan.discard": _("放弃分客方案"),
                "plan.choose": _("调整分客方案"),
                "plan.again": _("按选择重算分客方案"),
            }
        )
