"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScoringConfig(AppConfig):
    name = "appraisal.scoring"
    label = "appraisal_scoring"
    verbose_name = "评分"

    def ready(self) -> None:
        from appraisal.cycles.permissions import CYCLE_EDIT
        from appraisal.scoring import cards, jobs, permissions, regrading_cards, scheme_cards, tiles
        from appraisal.scoring.api import GradedCycleViewSet, SheetViewSet
        from appraisal.scoring.merits import merits
        from cmsys.api.router import register
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, Tile, add_cards, add_menu, add_tiles
        from customers.allocation.evidence import add_evidence

        jobs.register()
        add_evidence(merits)
        register("score-sheets", SheetViewSet)
        register("cycles", GradedCycleViewSet)
        add_menu(
            MenuEntry(Group.DESK, 30, _("我的考核"), "sheet_mine", "chart", permissions.SHEET_MINE),
            MenuEntry(
                Group.APPRAISAL, 10, _("考核结果"), "score_sheets_list", "chart", permissions.SHEET_LIST
            ),
            MenuEntry(Group.APPRAISAL, 35, _("定级计划"), "regrade_schedules_list", "clock", CYCLE_EDIT),
        )
        add_cards(
            Card("schemes", "indicators", 10, _("指标与权重"), scheme_cards.indicators_card, span=2),
            Card("schemes", "matrix", 20, _("矩阵"), scheme_cards.matrix_card, span=1),
            Card("schemes", "ladder", 30, _("等级与升降级规则"), scheme_cards.ladder_card, span=1),
            Card("cycles", "grading", 20, _("定级"), regrading_cards.grading_card),
            Card("regrade-schedules", "schedule", 10, _("计划"), regrading_cards.schedule_card, span=2),
            Card("regrade-schedules", "history", 90, _("变更历史"), history_card, CYCLE_EDIT, span=2),
            Card("score-sheets", "lines", 10, _("评分明细"), cards.lines_card, span=3),
            Card("score-sheets", "reasons", 20, _("为什么：规则与本人情况"), cards.reasons_card, span=2),
            Card("score-sheets", "place", 30, _("在矩阵中的位置"), cards.place_card),
            Card("score-sheets", "profile", 40, _("能力构成"), cards.profile_card),
            Card("score-sheets", "trend", 50, _("历次考核"), cards.trend_card, span=2),
            Card("managers", "sheets", 25, _("考核结果"), cards.manager_card, permissions.SHEET_VIEW, span=2),
        )
        add_tiles(
            Tile("sheet", 15, _("我的考核"), tiles.own_tile, permissions.SHEET_MINE, span=3),
            Tile("results", 25, _("最近一期考核结果"), tiles.results_tile, permissions.SHEET_LIST, span=3),
        )
        name_kinds(
            {
                "cycle.regrade": _("发起定级"),
                "cycle.grade": _("发布定级结果"),
                "schedule.set": _("设置定级计划"),
                "schedule.serve": _("定级计划到期"),
                "sheet.print": _("打印考核表"),
            }
        )
