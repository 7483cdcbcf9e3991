"""Training plans as a Django app: what they add to menus, pages, to-dos and the API."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlansConfig(AppConfig):
    name = "training.plans"
    label = "training_plans"
    verbose_name = "培训计划"

    def ready(self) -> None:
        from appraisal.scoring.permissions import SHEET_VIEW
        from cmsys.api.router import register
        from cmsys.inbox.items import add_inbox_source
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu
        from training.plans.api import PlanViewSet
        from training.plans.cards import agreement_card, items_card, manager_card, sheet_card
        from training.plans.permissions import PLAN_LIST, PLAN_VIEW
        from training.plans.waiting import ACCEPT, SIGN

        register("training-plans", PlanViewSet)
        add_menu(MenuEntry(Group.GROWTH, 10, _("培训计划"), "training_plans_list", "book", PLAN_LIST))
        add_inbox_source(ACCEPT)
        add_inbox_source(SIGN)
        add_cards(
            Card("training-plans", "items", 10, _("课程"), items_card, PLAN_VIEW, span=2),
            Card("training-plans", "agreement", 20, _("商定"), agreement_card, PLAN_VIEW),
            Card("training-plans", "history", 90, _("变更历史"), history_card, PLAN_LIST, span=2),
            Card("score-sheets", "training", 60, _("培训"), sheet_card, SHEET_VIEW),
            Card("managers", "training", 60, _("培训计划"), manager_card, PLAN_VIEW),
        )
        name_kinds(
            {
                "training_plan.propose": _("拟定培训计划"),
                "training_plan.accept": _("本人同意培训计划"),
                "training_plan.sign": _("主管同意培训计划"),
                "training_plan.item_add": _("培训计划加课程"),
                "training_plan.item_remove": _("培训计划去掉课程"),
                "training_plan.result": _("登记培训结果"),
                "training_plan.drop": _("终止培训计划"),
            }
        )
