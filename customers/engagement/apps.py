"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EngagementConfig(AppConfig):
    name = "customers.engagement"
    label = "customers_engagement"
    verbose_name = "客户往来"

    def ready(self) -> None:
        from cmsys.api.router import register
        from cmsys.transfers.kinds import register_kind
        from cmsys.ui.indicators import add_indicators
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, Tile, add_cards, add_menu, add_tiles
        from customers.engagement import cards, jobs, permissions, tiles
        from customers.engagement.api import ContractViewSet, OpportunityViewSet, TransactionViewSet
        from customers.engagement.imports import ContractKind, OpportunityKind, TransactionKind
        from customers.engagement.indicators import SOURCES

        register_kind(ContractKind())
        register_kind(TransactionKind())
        register_kind(OpportunityKind())
        jobs.register()
        name_kinds(
            {
                "contract.import": _("导入合同"),
                "contract.import_undo": _("撤销导入合同"),
                "transaction.import": _("导入交易"),
                "transaction.import_undo": _("撤销导入交易"),
                "opportunity.import": _("导入商机"),
                "opportunity.import_undo": _("撤销导入商机"),
                "customer.dated": _("更新建立合作日期与开发人"),
            }
        )
        transactions, contracts = permissions.TRANSACTION_VIEW, permissions.CONTRACT_VIEW
        opportunities = permissions.OPPORTUNITY_VIEW
        register("transactions", TransactionViewSet)
        register("contracts", ContractViewSet)
        register("opportunities", OpportunityViewSet)
        add_indicators(*SOURCES)
        add_menu(
            MenuEntry(Group.CUSTOMERS, 40, _("交易"), "transactions_list", "wallet", transactions),
            MenuEntry(Group.CUSTOMERS, 50, _("合同"), "contracts_list", "doc", contracts),
            MenuEntry(Group.CUSTOMERS, 60, _("商机"), "opportunities_list", "target", opportunities),
        )
        add_cards(
            Card("customers", "transactions", 40, _("交易"), cards.transactions_card, transactions, span=2),
            Card("customers", "contracts", 50, _("合同"), cards.contracts_card, contracts, span=2),
            Card(
                "customers", "opportunities", 60, _("商机"), cards.opportunities_card, opportunities, span=2
            ),
            Card("managers", "sales", 40, _("销售"), cards.sales_card, transactions, span=2),
            Card("transactions", "facts", 10, _("交易内容"), cards.facts_card, span=3),
            Card("contracts", "facts", 10, _("合同内容"), cards.facts_card, span=3),
            Card("opportunities", "facts", 10, _("商机内容"), cards.facts_card, span=3),
        )
        add_tiles(Tile("sales", 28, _("销售"), tiles.sales_tile, transactions, span=3))
