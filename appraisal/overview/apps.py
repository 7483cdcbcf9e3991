"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OverviewConfig(AppConfig):
    name = "appraisal.overview"
    label = "appraisal_overview"
    verbose_name = "定级总览"

    def ready(self) -> None:
        from appraisal.grading.permissions import DECISION_LIST
        from appraisal.overview.tiles import progress_tile
        from cmsys.ui.registry import Group, MenuEntry, Tile, add_menu, add_tiles

        add_menu(MenuEntry(Group.APPRAISAL, 5, _("定级总览"), "overview", "chart", DECISION_LIST))
        add_tiles(Tile("overview", 20, _("定级进度"), progress_tile, DECISION_LIST, span=3))
