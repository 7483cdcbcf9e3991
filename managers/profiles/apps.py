"""Profiles as a Django app: what it adds to menus and pages."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProfilesConfig(AppConfig):
    name = "managers.profiles"
    label = "managers_profiles"
    verbose_name = "客户经理档案"

    def ready(self) -> None:
        from cmsys.api.router import register
        from cmsys.feed.tables import add_feed
        from cmsys.transfers.kinds import register_kind
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, Tile, add_cards, add_menu, add_tiles
        from managers.profiles import cards, permissions, tiles
        from managers.profiles.api import CertificateViewSet, ManagerViewSet
        from managers.profiles.feed import CERTIFICATES, MANAGERS
        from managers.profiles.imports import ManagerKind

        register_kind(ManagerKind())
        register("managers", ManagerViewSet)
        register("certificates", CertificateViewSet)
        for table in (MANAGERS, CERTIFICATES):
            add_feed(table, {"managers:read": (permissions.MANAGER_VIEW,)})

        add_menu(
            MenuEntry(Group.DESK, 20, _("我的档案"), "manager_mine", "user", permissions.CONTACT_EDIT),
            MenuEntry(Group.PEOPLE, 10, _("客户经理"), "managers_list", "users", permissions.MANAGER_LIST),
        )
        add_cards(
            Card("managers", "profile", 10, _("基本资料"), cards.profile_card, span=2),
            Card("managers", "grades", 20, _("等级历史"), cards.grade_card),
            Card("managers", "certificates", 30, _("资格证书"), cards.certificate_card, span=2),
            Card("managers", "history", 90, _("变更历史"), history_card, permissions.MANAGER_EDIT, span=2),
        )
        listed = permissions.MANAGER_LIST
        add_tiles(
            Tile("own", 10, _("我的档案"), tiles.own_tile, permissions.CONTACT_EDIT, span=3),
            Tile("people", 20, _("客户经理"), tiles.people_tile, listed, span=3),
            Tile("grades", 30, _("等级分布"), tiles.grades_tile, listed),
            Tile("certificates", 40, _("证书到期"), tiles.certificates_tile, listed, span=2),
            Tile("missing", 50, _("档案缺项"), tiles.missing_tile, permissions.MANAGER_EDIT),
        )
        name_kinds(
            {
                "manager.create": _("录入客户经理"),
                "manager.update": _("修改档案"),
                "manager.remove": _("删除客户经理（撤销导入）"),
                "manager.grade": _("登记等级"),
                "certificate.add": _("登记证书"),
                "certificate.update": _("修改证书"),
                "certificate.remove": _("撤销证书登记"),
                "pii.reveal": _("查看个人信息原文"),
            }
        )
