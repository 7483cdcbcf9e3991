"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServiceConfig(AppConfig):
    name = "customers.service"
    label = "customers_service"
    verbose_name = "服务工单"

    def ready(self) -> None:
        from cmsys.api.router import register
        from cmsys.transfers.kinds import register_kind
        from cmsys.ui.indicators import add_indicators
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu
        from customers.service import cards
        from customers.service.api import TicketViewSet
        from customers.service.imports import TicketFactKind
        from customers.service.indicators import SOURCES
        from customers.service.permissions import TICKET_VIEW

        register_kind(TicketFactKind())
        name_kinds({"ticket.import": _("导入服务工单"), "ticket.import_undo": _("撤销导入服务工单")})
        register("tickets", TicketViewSet)
        add_indicators(*SOURCES)
        add_menu(MenuEntry(Group.CUSTOMERS, 70, _("服务工单"), "tickets_list", "phone", TICKET_VIEW))
        add_cards(
            Card("customers", "tickets", 70, _("服务工单"), cards.tickets_card, TICKET_VIEW, span=2),
            Card("tickets", "facts", 10, _("工单内容"), cards.facts_card, span=3),
        )
