"""Django's entry to the room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchemesConfig(AppConfig):
    """Registers the room; the engine below it knows nothing of Django."""

    name = "appraisal.schemes"
    label = "appraisal_schemes"
    verbose_name = "考核方案"

    def ready(self) -> None:
        from appraisal.schemes import permissions
        from appraisal.schemes.api import SchemeViewSet
        from appraisal.schemes.resources import advice_card, document_card
        from cmsys.api.router import register
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu

        register("schemes", SchemeViewSet)
        add_menu(
            MenuEntry(Group.APPRAISAL, 40, _("考核方案"), "schemes_list", "scale", permissions.SCHEME_VIEW),
            MenuEntry(Group.APPRAISAL, 45, _("指标库"), "indicator_library", "book", permissions.SCHEME_VIEW),
        )
        add_cards(
            Card("schemes", "advice", 60, _("检查提示"), advice_card, permissions.SCHEME_EDIT, span=2),
            Card("schemes", "document", 80, _("方案文件"), document_card, span=2),
            Card("schemes", "history", 90, _("变更历史"), history_card, permissions.SCHEME_EDIT, span=2),
        )
        name_kinds({"scheme.create": _("导入考核方案"), "scheme.update": _("更新考核方案")})
