"""The kernel's pages as a Django app: what it adds to menus and pages."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AdministrationConfig(AppConfig):
    name = "cmsys.administration"
    label = "administration"
    verbose_name = "系统管理"

    def ready(self) -> None:
        from cmsys.accounts.permissions import USER_EDIT, USER_VIEW
        from cmsys.administration import api_clients, cards, tiles
        from cmsys.api.permissions import CLIENT_VIEW
        from cmsys.audit.permissions import LEDGER_VIEW
        from cmsys.inbox.items import add_inbox_source
        from cmsys.jobs.permissions import JOB_VIEW
        from cmsys.org.permissions import GRANT_EDIT, UNIT_EDIT, UNIT_VIEW
        from cmsys.transfers.permissions import IMPORT_USE
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, Tile, add_cards, add_menu, add_tiles

        add_menu(
            MenuEntry(Group.DESK, 10, _("工作台"), "desk", "home"),
            MenuEntry(Group.PEOPLE, 20, _("机构"), "org_units_list", "org", UNIT_VIEW),
            MenuEntry(Group.PEOPLE, 90, _("导入"), "imports_home", "upload", IMPORT_USE),
            MenuEntry(Group.SYSTEM, 10, _("账号与授权"), "users_list", "key", USER_VIEW),
            MenuEntry(Group.SYSTEM, 15, _("接口客户端"), "api_clients_list", "api", CLIENT_VIEW),
            MenuEntry(Group.SYSTEM, 20, _("任务中心"), "jobs_list", "tasks", JOB_VIEW),
            MenuEntry(Group.SYSTEM, 30, _("操作日志"), "events_list", "shield", LEDGER_VIEW),
        )
        add_cards(
            Card("org-units", "facts", 10, _("基本资料"), cards.unit_card, span=2),
            Card("org-units", "below", 20, _("下级机构"), cards.below_card),
            Card("org-units", "placements", 30, _("隶属沿革"), cards.placement_card),
            Card("org-units", "history", 90, _("变更历史"), history_card, UNIT_EDIT, span=2),
            Card("users", "grants", 10, _("角色与范围"), cards.grants_card, span=2),
            Card("users", "history", 90, _("变更历史"), history_card),
            Card("api-clients", "client", 10, _("客户端"), api_clients.client_card, span=2),
            Card("api-clients", "scopes", 20, _("权限范围"), api_clients.scopes_card),
            Card("api-clients", "history", 90, _("变更历史"), history_card, span=3),
            Card("jobs", "progress", 10, _("进展"), cards.job_card, span=2),
            Card("jobs", "history", 90, _("变更历史"), history_card),
            Card("events", "event", 10, _("内容"), cards.event_card, span=2),
            Card("events", "seal", 20, _("封存"), cards.seal_card, span=2),
        )
        add_tiles(
            Tile("units", 80, _("机构"), tiles.units_tile, UNIT_VIEW),
            Tile("accounts", 10, _("账号"), tiles.accounts_tile, USER_EDIT),
            Tile("grants", 10, _("授权"), tiles.grants_tile, GRANT_EDIT),
            Tile("ledger", 10, _("操作日志"), tiles.ledger_tile, LEDGER_VIEW),
        )
        add_inbox_source(api_clients.TO_APPROVE)
        add_inbox_source(api_clients.TO_RENEW)
        name_kinds(
            {
                "auth.sign_in": _("登录"),
                "auth.refused": _("登录被拒"),
                "auth.sign_out": _("退出"),
                "access.denied": _("越权访问被拒"),
                "audit.verify": _("校验操作日志"),
                "api.client_create": _("新建接口客户端"),
                "api.client_change": _("修改接口客户端的权限"),
                "api.client_approve": _("核准接口客户端的权限"),
                "api.client_rotate": _("更换接口客户端的密钥"),
                "api.client_retire": _("停用接口客户端的旧密钥"),
                "api.client_revoke": _("停用接口客户端"),
                "api.token_issue": _("签发接口令牌"),
                "api.token_refused": _("拒绝签发接口令牌"),
                "export": _("导出"),
                "import.check": _("上传并检查导入文件"),
                "import.commit": _("导入"),
                "import.discard": _("放弃导入"),
                "import.undo": _("撤销导入"),
                "job.cancel": _("取消后台任务"),
                "job.retry": _("重试后台任务"),
                "demo.fill": _("写入演示数据"),
                "user.create": _("新建账号"),
                "user.enable": _("启用账号"),
                "user.disable": _("停用账号"),
                "user.password_reset": _("重置密码"),
                "user.password_change": _("修改密码"),
                "grant.give": _("授予角色"),
                "grant.revoke": _("收回角色"),
                "grant.withdraw": _("取消未生效的授权"),
                "unit.create": _("设立机构"),
                "unit.update": _("修改机构"),
                "unit.move": _("调整上级机构"),
                "unit.close": _("撤销机构"),
                "unit.remove": _("删除机构（撤销导入）"),
            }
        )
