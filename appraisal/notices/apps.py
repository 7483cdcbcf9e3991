"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "appraisal.notices"
    label = "appraisal_notices"
    verbose_name = "公示与送达"

    def ready(self) -> None:
        from appraisal.grading.voiding import follow_void
        from appraisal.notices import cards, jobs, permissions, tiles
        from appraisal.notices.following import take_down
        from appraisal.notices.waiting import SOURCES
        from cmsys.inbox.items import add_inbox_source
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, Tile, add_cards, add_menu, add_tiles

        jobs.register()
        follow_void(take_down)
        for source in SOURCES:
            add_inbox_source(source)
        add_menu(
            MenuEntry(Group.DESK, 60, _("公示栏"), "notices_list", "doc", permissions.NOTICE_READ),
            MenuEntry(
                Group.APPRAISAL,
                29,
                _("公示异议"),
                "notice_objections_list",
                "help",
                permissions.OBJECTION_HANDLE,
            ),
            MenuEntry(Group.APPRAISAL, 29, _("送达"), "served_list", "mail", permissions.SERVICE_LIST),
        )
        add_cards(
            Card("notices", "text", 10, _("公示内容"), cards.text_card, span=3),
            Card("notices", "people", 20, _("公示人员"), cards.people_card, span=3),
            Card(
                "notices",
                "objections",
                30,
                _("异议"),
                cards.objections_card,
                permissions.OBJECTION_HANDLE,
                span=2,
            ),
            Card("notices", "history", 90, _("变更历史"), history_card, permissions.NOTICE_EDIT, span=3),
            Card("notice-objections", "objection", 10, _("异议"), cards.objection_card, span=2),
            Card("notice-objections", "answer", 20, _("答复"), cards.answer_card),
            Card("served", "decision", 10, _("决定与理由"), cards.service_card, span=2),
            Card("served", "receipt", 20, _("送达与签收"), cards.receipt_card),
            Card("served", "history", 90, _("变更历史"), history_card, permissions.SERVICE_SERVE, span=3),
            Card("grade-decisions", "papers", 25, _("公示与送达"), cards.papers_card),
        )
        add_tiles(Tile("board", 18, _("公示栏"), tiles.board_tile, permissions.NOTICE_READ, span=2))
        name_kinds(
            {
                "notice.draft": _("起草公示"), "notice.change": _("修改公示草稿"), "notice.discard": _("作废公示草稿"),
                "notice.publish": _("发布公示"), "notice.clear": _("公示期满"), "notice.strike": _("从公示撤下"),
                "notice.end": _("公示结束"), "notice.withdraw": _("公示撤下"), "notice.print": _("打印公示稿"),
                "objection.lodge": _("提出公示异议"), "objection.reject": _("答复异议：不成立"),
                "objection.uphold": _("答复异议：成立"), "objection.close": _("异议终止"),
                "service.serve": _("送达等级变更"), "service.sign": _("签收送达"), "service.paper": _("登记纸质回执"),
                "service.refuse": _("登记拒收"), "service.void": _("送达失效"), "service.print": _("打印送达通知书"),
                "appointment.print": _("打印聘任通知"),
            }
        )  # fmt: skip
