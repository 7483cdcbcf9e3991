"""Django's entry to the room; the engine below it knows nothing of Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AllocationConfig(AppConfig):
    name = "customers.allocation"
    label = "customers_allocation"
    verbose_name = "分客政策"

    def ready(self) -> None:
        from cmsys.inbox.items import add_inbox_source
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu
        from customers.allocation import cards, permissions
        from customers.allocation.waiting import HEAD, PERSONNEL

        add_menu(
            MenuEntry(
                Group.CUSTOMERS,
                80,
                _("分客政策"),
                "allocation_policies_list",
                "scale",
                permissions.POLICY_VIEW,
            ),
            MenuEntry(
                Group.CUSTOMERS,
                85,
                _("员工评估"),
                "staff_evaluations_list",
                "certificate",
                permissions.EVALUATION_LIST,
            ),
            MenuEntry(
                Group.CUSTOMERS, 90, _("特别约定"), "customer_rules_list", "pin", permissions.RULE_VIEW
            ),
        )
        add_cards(
            Card("allocation-policies", "principles", 10, _("四项原则"), cards.principles_card),
            Card("allocation-policies", "limits", 20, _("硬性规则"), cards.limits_card),
            Card("allocation-policies", "tiers", 30, _("客户分级"), cards.tiers_card, span=2),
            Card(
                "allocation-policies", "text", 80, _("文档"), cards.text_card, permissions.POLICY_EDIT, span=2
            ),
            Card(
                "allocation-policies",
                "history",
                90,
                _("变更历史"),
                history_card,
                permissions.POLICY_EDIT,
                span=2,
            ),
            Card("staff-evaluations", "facts", 10, _("依据与确认"), cards.sheet_card, span=2),
            Card(
                "staff-evaluations",
                "history",
                90,
                _("变更历史"),
                history_card,
                permissions.EVALUATION_LIST,
                span=2,
            ),
            Card("customer-rules", "facts", 10, _("约定"), cards.rule_card, span=2),
            Card("customer-rules", "history", 90, _("变更历史"), history_card, permissions.RULE_EDIT, span=2),
        )
        add_inbox_source(PERSONNEL)
        add_inbox_source(HEAD)
        name_kinds(
            {
                "policy.create": _("录入分客政策"),
                "policy.update": _("修改分客政策"),
                "evaluation.draft": _("编制员工评估"),
                "evaluation.change": _("调整员工评估"),
                "evaluation.confirm_hr": _("人力资源确认员工评估"),
                "evaluation.confirm_head": _("主管确认员工评估"),
                "customer_rule.begin": _("登记客户特别约定"),
                "customer_rule.end": _("结束客户特别约定"),
            }
        )
