"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConductConfig(AppConfig):
    name = "managers.conduct"
    label = "managers_conduct"
    verbose_name = "回避"

    def ready(self) -> None:
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu
        from managers.conduct import cards, permissions

        add_menu(
            MenuEntry(
                Group.DESK, 95, _("利益申报"), "declarations_list", "shield", permissions.DECLARATION_OWN
            )
        )
        viewed = permissions.DECLARATION_VIEW
        add_cards(
            Card("interest-declarations", "declaration", 10, _("申报内容"), cards.declaration_card, span=2),
            Card("interest-declarations", "history", 90, _("变更历史"), history_card, viewed, span=2),
            Card("managers", "declarations", 80, _("利益申报与回避"), cards.manager_card),
        )
        name_kinds({"declaration.make": _("申报利益关系"), "declaration.end": _("解除利益申报")})
