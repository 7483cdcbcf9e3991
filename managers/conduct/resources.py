"""The declared class of declarations."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import may
from cmsys.access.functions import Function
from cmsys.ui.pages import Action, Empty
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource
from managers.conduct.filters import DeclarationFilterSet
from managers.conduct.models import InterestDeclaration
from managers.conduct.permissions import DECLARATION_EDIT, DECLARATION_OWN, DECLARATION_VIEW
from managers.conduct.selectors import endable, readable


class DeclarationResource(Resource):
    """利益申报: one's own, and for human resources those about people within reach."""

    key = "interest-declarations"
    noun = gettext_lazy("利益申报")
    model = InterestDeclaration
    filterset = DeclarationFilterSet
    default_sort = ("-starts_on", "-pk")
    columns = (
        Column("declarant", gettext_lazy("申报人"), lambda d: d.declarant.name, sort=("declarant__name_pinyin",)),
        Column("manager", gettext_lazy("关系人"), lambda d: str(d.manager), sort=("manager__name_pinyin",)),
        Column("unit", gettext_lazy("关系人机构"), lambda d: d.manager.unit.name, sort=("manager__unit__path",)),
        Column("kind", gettext_lazy("关系"), lambda d: d.get_kind_display(), sort=("kind",)),
        Column("starts_on", gettext_lazy("申报日期"), lambda d: d.starts_on, sort=("starts_on",), kind="date"),
        Column(
            "state", gettext_lazy("状态"),
            lambda d: _("%(day)s 解除") % {"day": d.ends_on} if d.ends_on else _("有效"), sort=("ends_on",),
            tone=lambda d: "hold" if d.ends_on else "warn",
        ),
    )  # fmt: skip

    def function(self, action: str) -> Function:
        """Everybody who reads any declares his own as well."""
        return DECLARATION_OWN

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return readable(actor).select_related("declarant", "manager__unit")

    def url_name(self, what: str) -> str:
        return f"declarations_{what}"

    def subtitle(self, request: Any, total: int) -> Text:
        if may(request.user, DECLARATION_VIEW):
            return _("本人申报的，以及管理范围内与客户经理有关的；有效期间双方互不评分、复核、审定")
        return _("本人申报的利害关系；有效期间双方互不评分、复核、审定")

    def list_actions(self, request: Any) -> list[Action]:
        actions = [Action(_("申报"), reverse("declarations_new"), primary=True, icon="plus")]
        if may(request.user, DECLARATION_EDIT):
            actions.insert(0, Action(_("代为登记"), reverse("declarations_new") + "?for=other"))
        return actions

    def object_title(self, instance: Any) -> str:
        return _("%(declarant)s与%(manager)s") % {
            "declarant": instance.declarant.name,
            "manager": instance.manager.name,
        }

    def object_subtitle(self, instance: Any) -> Text:
        return _("利益申报 · %(kind)s") % {"kind": instance.get_kind_display()}

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        if instance.ends_on is not None or not endable(request.user).filter(pk=instance.pk).exists():
            return []
        return [Action(_("解除申报"), reverse("declarations_end", args=[instance.pk]), danger=True)]

    def empty(self, request: Any, filtered: bool) -> Empty:
        if filtered:
            return super().empty(request, True)
        reason = _("还没有申报。与被考核的客户经理有亲属或经济利益关系的，请申报，系统会自动安排回避。")
        return Empty(reason, _("申报"), reverse("declarations_new"))


DECLARATIONS = DeclarationResource()
