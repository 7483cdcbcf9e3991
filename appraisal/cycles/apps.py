"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CyclesConfig(AppConfig):
    name = "appraisal.cycles"
    label = "appraisal_cycles"
    verbose_name = "考核周期"

    def ready(self) -> None:
        from appraisal.cycles import permissions
        from appraisal.cycles.resources import members_card, rules_card
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu

        add_menu(
            MenuEntry(Group.APPRAISAL, 30, _("考核周期"), "cycles_list", "calendar", permissions.CYCLE_VIEW)
        )
        add_cards(
            Card("cycles", "rules", 10, _("方案与结果"), rules_card),
            Card("cycles", "members", 50, _("参评名单"), members_card, permissions.MEMBER_VIEW),
            Card("cycles", "history", 90, _("变更历史"), history_card, permissions.CYCLE_EDIT, span=2),
        )
        name_kinds({"cycle.open": _("开启考核周期"), "cycle.close": _("结束考核周期")})
