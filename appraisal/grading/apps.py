"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GradingConfig(AppConfig):
    name = "appraisal.grading"
    label = "appraisal_grading"
    verbose_name = "双维矩阵"

    def ready(self) -> None:
        from appraisal.grading import entries, explaining, jobs, permissions
        from appraisal.grading.api import GradeDecisionViewSet, GradeViewSet
        from appraisal.grading.explanation_cards import smallest_change_card
        from appraisal.grading.feed import GRADES
        from appraisal.scoring.permissions import SHEET_LIST
        from cmsys.api.router import register
        from cmsys.feed.tables import add_feed
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu

        jobs.register()
        explaining.register()
        entries.register()
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
        name_kinds(
            {
                "round.propose": _("生成等级建议"), "round.submit": _("提交定级批次"), "round.close": _("办结定级批次"),
                "round.reopen": _("定级批次重新办理"), "round.stale": _("核对定级依据"),
                "decision.approve": _("复核通过"), "decision.amend": _("调整后通过"), "decision.return": _("退回等级变更"),
                "decision.delegate": _("转办等级变更"), "decision.resubmit": _("答复并重新提交"),
                "decision.send_back": _("退回复核"), "decision.confirm": _("审定等级变更"), "decision.publish": _("公示等级变更"),
                "decision.serve": _("送达等级变更"), "decision.withdraw": _("撤销等级变更"), "decision.clear": _("公示期满"),
                "decision.uphold": _("公示异议成立"), "decision.take_effect": _("等级变更生效"),
                "decision.supersede": _("等级决定被取代"), "decision.void": _("数据变动，原意见作废"),
                "decision.correct": _("申诉成立，更正"), "decision.stale": _("数据已变动"), "decision.trouble": _("未能生效"),
            }
        )  # fmt: skip
