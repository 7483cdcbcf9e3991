"""Django's entry to the room: what it follows, and what it adds to menus, pages, API, to-dos and the schedule."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HandoverConfig(AppConfig):
    name = "customers.handover"
    label = "customers_handover"
    verbose_name = "客户移交"

    def ready(self) -> None:
        from cmsys.api.router import register as register_resource
        from cmsys.inbox.items import add_inbox_source
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, Tile, add_cards, add_menu, add_tiles
        from customers.handover import cards, jobs, opening, tiles
        from customers.handover.api import FirstContactViewSet, HandoverViewSet
        from customers.handover.permissions import FIRST_CONTACT_VIEW, HANDOVER_VIEW
        from customers.handover.waiting import SOURCES, marks
        from customers.planning.followers import follow_applied, follow_reverted
        from customers.registry.followers import follow_began, follow_withdrawn
        from customers.registry.marks import add_marker
        from customers.registry.permissions import ASSIGNMENT_EDIT

        follow_applied(opening.lines_opened)
        follow_reverted(opening.lines_cancelled)
        follow_began(opening.owner_opened)
        follow_withdrawn(opening.owner_cancelled)
        add_marker(marks)
        jobs.register()
        register_resource("handovers", HandoverViewSet)
        register_resource("first-contacts", FirstContactViewSet)
        for source in SOURCES:
            add_inbox_source(source)
        add_menu(
            MenuEntry(Group.CUSTOMERS, 77, _("客户移交"), "handovers_list", "handover", HANDOVER_VIEW),
            MenuEntry(Group.CUSTOMERS, 78, _("首次联系"), "first_contacts_list", "phone", FIRST_CONTACT_VIEW),
        )
        add_cards(
            Card("handovers", "signing", 10, _("签字"), cards.signing_card, span=3),
            Card("handovers", "lines", 20, _("移交清单"), cards.lines_card, span=3),
            Card("handovers", "steps", 30, _("经过"), cards.steps_card, span=2),
            Card("handovers", "history", 90, _("变更历史"), history_card, ASSIGNMENT_EDIT, span=2),
            Card("handover-lines", "agenda", 10, _("共同走访议程"), cards.agenda_card, span=2),
            Card("handover-lines", "line", 20, _("移交内容"), cards.line_card),
            Card("handover-lines", "people", 30, _("联系人"), cards.people_card),
            Card("handover-lines", "dealings", 40, _("往来与在办事项"), cards.dealings_card, span=2),
            Card("handover-lines", "watch", 50, _("移交后跟踪"), cards.watch_card),
            Card("first-contacts", "facts", 10, _("首次联系"), cards.contact_card, span=2),
            Card("customers", "handovers", 45, _("移交与首次联系"), cards.customer_card, HANDOVER_VIEW),
        )
        add_tiles(Tile("first-contacts", 26, _("首次联系"), tiles.contacts_tile, FIRST_CONTACT_VIEW, span=3))
        name_kinds(
            {
                "handover.open": _("生成移交单"), "handover.cancel": _("取消移交单"), "handover.arrange": _("确定移交方式"),
                "handover.give": _("移交人签字"), "handover.stand-in": _("代移交人签字"), "handover.take": _("接交人签字"),
                "handover.decline": _("接交人退回"), "handover.close": _("监交人签字"), "handover.return": _("监交退回"),
                "handover.visit": _("登记共同走访"), "handover.print": _("打印移交清单"),
                "first_contact.record": _("记录首次联系"), "first_contact.escalate": _("首次联系逾期上报"),
            }
        )  # fmt: skip
