"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GradingConfig(AppConfig):
    name = "appraisal.grading"
    label = "appraisal_grading"
    verbose_name = "双维矩阵"

    def ready(self) -> None:
        from appraisal.grading import explaining, permissions
        from appraisal.grading.api import GradeDecisionViewSet, GradeViewSet
        from appraisal.grading.explanation_cards import smallest_change_card
        from appraisal.grading.feed import GRADES
        from appraisal.scoring.permissions import SHEET_LIST
        from cmsys.feed.tables import add_feed
        from cmsys.api.router import register
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu

        explaining.register()
        unpublished = permissions.GRADE_READ_UNPUBLISHED
        add_feed(
            GRADES,
            {
                "grades:read": (permissions.GRADE_READ, unpublished),
                "grades:read_unpublished": (unpublished,),
            },
        )
        register("grades", GradeViewSet)
        register("grade-decisions", GradeDecisionViewSet)
        add_cards(
            Card(
                "score-sheets", "counterfactual", 15, _("最小改变"), smallest_change_card, permissions.DECISION_VIEW,
                span=3,
            )
        )  # fmt: skip
        add_menu(MenuEntry(Group.APPRAISAL, 20, _("双维矩阵"), "matrix", "matrix", SHEET_LIST))
