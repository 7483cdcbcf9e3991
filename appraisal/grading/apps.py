"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GradingConfig(AppConfig):
    name = "appraisal.grading"
    label = "appraisal_grading"
    verbose_name = "双维矩阵"

    def ready(self) -> None:
        from appraisal.scoring.permissions import SHEET_LIST
        from cmsys.ui.registry import Group, MenuEntry, add_menu

        add_menu(MenuEntry(Group.APPRAISAL, 20, _("双维矩阵"), "matrix", "matrix", SHEET_LIST))
