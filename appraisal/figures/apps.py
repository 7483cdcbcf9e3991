"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FiguresConfig(AppConfig):
    name = "appraisal.figures"
    label = "appraisal_figures"
    verbose_name = "目标与指标值"

    def ready(self) -> None:
        from appraisal.figures import cards, permissions
        from appraisal.figures.api import ReadingViewSet, TargetViewSet
        from appraisal.figures.imports import ReadingKind, TargetKind
        from cmsys.api.router import register
        from cmsys.transfers.kinds import register_kind
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu

        register_kind(TargetKind())
        register_kind(ReadingKind())
        register("targets", TargetViewSet)
        register("readings", ReadingViewSet)
        add_menu(
            MenuEntry(Group.APPRAISAL, 60, _("目标"), "targets_list", "target", permissions.TARGET_VIEW),
            MenuEntry(Group.APPRAISAL, 70, _("指标值"), "readings_list", "chart", permissions.READING_VIEW),
        )
        edit = permissions.FIGURES_EDIT
        add_cards(
            Card("targets", "target", 10, _("目标"), cards.target_card, span=3),
            Card("targets", "history", 90, _("变更历史"), history_card, edit, span=3),
            Card("readings", "reading", 10, _("指标值"), cards.reading_card, span=3),
            Card("readings", "history", 90, _("变更历史"), history_card, edit, span=3),
        )
        name_kinds(
            {
                "target.create": _("设定目标"),
                "target.update": _("修改目标"),
                "target.remove": _("删除目标"),
                "reading.create": _("录入指标值"),
                "reading.update": _("修改指标值"),
                "reading.remove": _("删除指标值"),
            }
        )
