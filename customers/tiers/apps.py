"""Django's entry to the room: what it adds to menus, pages, the API, the to-do centre and jobs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TiersConfig(AppConfig):
    name = "customers.tiers"
    label = "customers_tiers"
    verbose_name = "客户分级"

    def ready(self) -> None:
        from cmsys.api.router import register as register_resource
        from cmsys.inbox.items import add_inbox_source
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu
        from customers.tiers import cards
        from customers.tiers.api import TierChangeViewSet, TierRuleViewSet, TierRunViewSet
        from customers.tiers.jobs import register
        from customers.tiers.permissions import (
            CHANGE_LIST,
            CHANGE_VIEW,
            RULE_EDIT,
            RULE_VIEW,
            RUN_DECIDE,
            RUN_VIEW,
        )
        from customers.tiers.waiting import PROPOSALS

        register()
        register_resource("tier-rules", TierRuleViewSet)
        register_resource("tier-runs", TierRunViewSet)
        register_resource("tier-changes", TierChangeViewSet)
        add_inbox_source(PROPOSALS)
        add_menu(
            MenuEntry(Group.CUSTOMERS, 60, _("分级规则"), "tier_rules_list", "sliders", RULE_VIEW),
            MenuEntry(Group.CUSTOMERS, 62, _("分级批次"), "tier_runs_list", "layers", RUN_VIEW),
            MenuEntry(Group.CUSTOMERS, 64, _("分级变动"), "tier_changes_list", "medal", CHANGE_LIST),
        )
        add_cards(
            Card("tier-rules", "trials", 5, _("谁会改变"), cards.trials_card, span=2),
            Card("tier-rules", "measures", 10, _("价值的算法"), cards.measures_card, span=2),
            Card("tier-rules", "tiers", 20, _("各级的界线"), cards.tiers_card, span=2),
            Card("tier-rules", "text", 80, _("文档"), cards.text_card, RULE_EDIT, span=2),
            Card("tier-rules", "history", 90, _("变更历史"), history_card, RULE_EDIT, span=2),
            Card("tier-runs", "state", 5, _("进展"), cards.state_card, span=2),
            Card("tier-runs", "flow", 10, _("各级之间的流动"), cards.flow_card, span=2),
            Card("tier-runs", "kept", 20, _("按规则不同、但不调整的客户"), cards.kept_card),
            Card("tier-runs", "lines", 30, _("当天的界线"), cards.lines_card),
            Card("tier-runs", "history", 90, _("变更历史"), history_card, RUN_DECIDE, span=2),
            Card("tier-changes", "why", 10, _("得分的由来"), cards.why_card, CHANGE_VIEW, span=2),
            Card("tier-changes", "facts", 20, _("批次与客户"), cards.change_card, CHANGE_VIEW, span=2),
            Card("customers", "tier", 35, _("分级依据"), cards.customer_card, CHANGE_VIEW),
        )
        name_kinds(
            {
                "tier_rule.create": _("录入分级规则"),
                "tier_rule.update": _("修改分级规则草稿"),
                "tier_rule.adopt": _("采用分级规则"),
                "tier_rule.supersede": _("分级规则被取代"),
                "tier_run.start": _("运行客户分级"),
                "tier_run.show": _("完成分级试算"),
                "tier_run.propose": _("提出分级建议"),
                "tier_run.nothing": _("分级无须调整"),
                "tier_run.fail": _("客户分级计算失败"),
                "tier_run.apply": _("采用分级建议"),
                "tier_run.resume": _("继续写入客户分级"),
                "tier_run.finish": _("写入客户分级完成"),
                "tier_run.discard": _("放弃分级建议"),
                "tier_run.replace": _("分级建议被取代"),
            }
        )
