"""Django's entry to the room: what it adds to menus, pages, to-dos and jobs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalConfig(AppConfig):
    name = "customers.approval"
    label = "customers_approval"
    verbose_name = "方案审批"

    def ready(self) -> None:
        from cmsys.inbox.items import add_inbox_source
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Buttons, Card, Group, MenuEntry, add_buttons, add_cards, add_menu
        from customers.approval import cards, jobs
        from customers.approval.waiting import SOURCES
        from customers.planning.permissions import PLAN_APPROVE, PLAN_EDIT, PLAN_VIEW

        jobs.register()
        add_menu(MenuEntry(Group.CUSTOMERS, 76, _("方案审核"), "allocation_reviews_list", "tasks", PLAN_VIEW))
        add_cards(
            Card("allocation-plans", "approval", 6, _("审批"), cards.approval_card, span=2),
            Card("allocation-plans", "steps", 80, _("经过"), cards.steps_card, span=2),
        )
        add_buttons(
            Buttons("allocation-plans", 10, cards.review_buttons),
            Buttons("allocation-plans", 20, cards.planner_buttons, PLAN_EDIT),
            Buttons("allocation-plans", 21, cards.head_buttons, PLAN_APPROVE),
        )
        for source in SOURCES:
            add_inbox_source(source)
        name_kinds(
            {
                "plan.submit": _("提交分客方案审批"), "plan.answer": _("审核分客方案行"), "plan.complete": _("部门审核完毕"),
                "plan.recall": _("撤回分客方案"), "plan.return": _("退回分客方案"), "plan.approve": _("批准分客方案"),
                "plan.remind": _("催办分客方案"), "plan.escalate": _("分客方案逾期未审核完"),
            }
        )  # fmt: skip
