"""Posts and grades as a Django app: what it adds to menus and pages."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CareersConfig(AppConfig):
    name = "managers.careers"
    label = "managers_careers"
    verbose_name = "岗位与等级"

    def ready(self) -> None:
        from cmsys.api.router import register
        from cmsys.org.permissions import UNIT_EDIT, UNIT_VIEW
        from cmsys.transfers.kinds import register_kind
        from cmsys.ui.history import history_card
        from cmsys.ui.kinds import name_kinds
        from cmsys.ui.registry import Card, Group, MenuEntry, add_cards, add_menu
        from managers.careers.api import PostViewSet
        from managers.careers.imports import PostKind
        from managers.careers.ladder import grade_card
        from managers.careers.permissions import GRADE_EDIT, GRADE_VIEW
        from managers.careers.resources import post_card

        register_kind(PostKind())
        register("posts", PostViewSet)

        add_menu(
            MenuEntry(Group.PEOPLE, 30, _("岗位"), "posts_list", "post", UNIT_VIEW),
            MenuEntry(Group.PEOPLE, 35, _("等级阶梯"), "grades_list", "grade", GRADE_VIEW),
        )
        add_cards(
            Card("grades", "facts", 10, _("基本资料"), grade_card, span=2),
            Card("grades", "history", 90, _("变更历史"), history_card, GRADE_EDIT, span=2),
            Card("posts", "facts", 10, _("基本资料"), post_card, span=2),
            Card("posts", "history", 90, _("变更历史"), history_card, UNIT_EDIT, span=2),
        )
        name_kinds(
            {
                "post.create": _("新建岗位"),
                "post.update": _("修改岗位"),
                "post.remove": _("删除岗位（撤销导入）"),
                "grade_definition.create": _("新建等级"),
                "grade_definition.update": _("修改等级"),
            }
        )
