"""What the room adds to pages: menu entries, cards, tiles, to-dos."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from appraisal.grading import cards, permissions
from appraisal.grading.waiting import SOURCES, TILES
from cmsys.inbox.items import add_inbox_source
from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu, add_tiles


def register() -> None:
    """Called once, in apps.ready()."""
    add_menu(
        MenuEntry(Group.APPRAISAL, 21, _("等级复核"), "grade_review", "tasks", permissions.DECISION_REVIEW),
        MenuEntry(Group.APPRAISAL, 22, _("等级审定"), "grade_confirm", "tasks", permissions.DECISION_CONFIRM),
        MenuEntry(
            Group.APPRAISAL, 23, _("等级变更"), "grade_decisions_list", "grade", permissions.DECISION_LIST
        ),
        MenuEntry(
            Group.APPRAISAL, 32, _("定级批次"), "grading_rounds_list", "layers", permissions.ROUND_VIEW
        ),
    )
    add_cards(
        Card("grade-decisions", "why", 10, _("依据"), cards.why_card, span=2),
        Card("grade-decisions", "steps", 20, _("经过"), cards.steps_card),
        Card("grade-decisions", "lines", 30, _("评分明细"), cards.lines_card, span=3),
        Card("grading-rounds", "progress", 10, _("各机构进度"), cards.progress_card, span=2),
        Card("grading-rounds", "days", 20, _("期限"), cards.days_card),
    )
    add_tiles(*TILES)
    for source in SOURCES:
        add_inbox_source(source)
