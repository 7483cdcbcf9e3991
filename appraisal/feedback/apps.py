"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "appraisal.feedback"
    label = "appraisal_feedback"
    verbose_name = "反馈确认"

    def ready(self) -> None:
        from appraisal.feedback import cards, permissions
        from appraisal.feedback.following import on_publication
        from appraisal.feedback.waiting import SOURCES
        from appraisal.scoring.publication import follow
        from cmsys.inbox.items import add_inbox_source
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu

        follow(on_publication)
        for source in SOURCES:
            add_inbox_source(source)
        add_menu(
            MenuEntry(Group.DESK, 25, _("我的等级"), "my_grade", "grade", permissions.MY_GRADE),
            MenuEntry(
                Group.APPRAISAL,
                27,
                _("签收与面谈"),
                "acknowledgements_list",
                "check",
                permissions.FEEDBACK_LIST,
            ),
        )
        add_cards(
            Card("score-sheets", "signature", 12, _("签收与面谈"), cards.sheet_card, span=3),
            Card(
                "grade-decisions",
                "signature",
                25,
                _("考核表签收"),
                cards.decision_card,
                permissions.FEEDBACK_LIST,
            ),
        )
        name_kinds(
            {
                "sheet.sign": _("签收考核表"),
                "sheet.refuse": _("登记拒签"),
                "sheet.void": _("原签字作废"),
                "interview.write": _("记录反馈面谈"),
                "interview.sign": _("确认反馈面谈"),
            }
        )
