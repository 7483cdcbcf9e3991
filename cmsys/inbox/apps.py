"""Django's entry to the room: what it adds to menus, pages, API and imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InboxConfig(AppConfig):
    name = "cmsys.inbox"
    label = "inbox"
    verbose_name = "待办与消息"

    def ready(self) -> None:
        from django.utils import timezone

        from cmsys.inbox import housekeeping, permissions, tiles
        from cmsys.inbox.selectors import waiting_count
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Group, MenuEntry, Tile, add_menu, add_tiles

        housekeeping.register()
        add_menu(
            MenuEntry(
                Group.DESK, 12, _("待办"), "inbox", "inbox",
                badge=lambda actor: waiting_count(actor, timezone.localdate()),
            ),
            MenuEntry(Group.DESK, 14, _("消息"), "messages", "bell"),
            MenuEntry(Group.DESK, 90, _("代理"), "deputies_list", "users", permissions.DEPUTY_OWN),
        )  # fmt: skip
        add_tiles(Tile("inbox", 5, _("待办"), tiles.inbox_tile, span=3))
        name_kinds({"deputy.begin": _("开始代理"), "deputy.end": _("撤回代理")})
