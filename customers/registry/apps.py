"""Django's entry to the room: what it adds to menus, pages, API, imports and the schedule."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    name = "customers.registry"
    label = "customers_registry"
    verbose_name = "客户"

    def ready(self) -> None:
        from cmsys.api.router import register
        from cmsys.feed.tables import add_feed
        from cmsys.transfers.kinds import register_kind
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, Tile, add_cards, add_menu, add_tiles
        from customers.registry import cards, daily, permissions, tiles
        from customers.registry.api import AssignmentViewSet, ContactViewSet, CustomerViewSet
        from customers.registry.feed import ASSIGNMENTS, CUSTOMERS
        from customers.registry.imports import ContactKind, CustomerKind
        from customers.registry.imports_assignments import AssignmentKind

        register_kind(CustomerKind())
        register_kind(ContactKind())
        register_kind(AssignmentKind())
        register("customers", CustomerViewSet)
        for table in (CUSTOMERS, ASSIGNMENTS):
            add_feed(table, {"customers:read": (permissions.CUSTOMER_VIEW,)})
        register("contacts", ContactViewSet)
        register("assignments", AssignmentViewSet)
        daily.register()

        seen = permissions.CUSTOMER_VIEW
        add_menu(
            MenuEntry(Group.DESK, 30, _("我的客户"), "customers_mine", "users", permissions.CUSTOMER_CLEAR),
            MenuEntry(Group.CUSTOMERS, 10, _("客户"), "customers_list", "card", permissions.CUSTOMER_LIST),
        )
        add_cards(
            Card("customers", "profile", 10, _("基本资料"), cards.profile_card, span=2),
            Card("customers", "owners", 20, _("归属"), cards.owners_card),
            Card("customers", "contacts", 30, _("联系人"), cards.contacts_card, span=2),
            Card("customers", "history", 90, _("变更历史"), history_card, seen, span=2),
            Card("managers", "portfolio", 40, _("管户"), cards.portfolio_card, permissions.CUSTOMER_COUNT),
        )
        add_tiles(
            Tile("own-customers", 15, _("我的客户"), tiles.own_tile, permissions.CUSTOMER_CLEAR, span=3),
            Tile("customers", 25, _("客户"), tiles.customers_tile, permissions.CUSTOMER_COUNT, span=3),
        )
        name_kinds(
            {
                "customer.create": _("登记客户"),
                "customer.update": _("修改客户"),
                "customer.tier": _("调整客户分级"),
                "customer.tier_release": _("解除手工分级"),
                "customer.remove": _("删除客户（撤销导入）"),
                "contact.create": _("登记联系人"),
                "contact.update": _("修改联系人"),
                "contact.remove": _("删除联系人"),
                "assignment.begin": _("登记归属"),
                "assignment.update": _("修改归属"),
                "assignment.end": _("结束归属"),
                "assignment.withdraw": _("取消未生效的归属"),
                "assignment.remove": _("删除归属（撤销导入）"),
                "assignment.owners": _("更新当日主办"),
            }
        )
