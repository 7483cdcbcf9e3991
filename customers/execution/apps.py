"""Django's entry to the room: what it adds to the plan's page, and its jobs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExecutionConfig(AppConfig):
    name = "customers.execution"
    label = "customers_execution"
    verbose_name = "分客方案执行"

    def ready(self) -> None:
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Buttons, Card, add_buttons, add_cards
        from customers.execution import cards
        from customers.execution.jobs import register
        from customers.planning.permissions import PLAN_APPLY, PLAN_VIEW

        register()
        add_cards(
            Card("allocation-plans", "execution", 7, _("执行情况"), cards.execution_card, PLAN_VIEW, span=2)
        )
        add_buttons(Buttons("allocation-plans", 30, cards.buttons, PLAN_APPLY))
        name_kinds(
            {
                "plan.apply": _("开始执行分客方案"),
                "plan.applied": _("分客方案执行完毕"),
                "plan.revert": _("开始撤回分客方案"),
                "plan.reverted": _("分客方案撤回完毕"),
            }
        )
