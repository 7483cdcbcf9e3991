"""The declared class of relationship managers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import may
from cmsys.access.masks import mask_email, mask_mobile
from cmsys.ui.context import covered
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource
from managers.profiles.filters import ManagerFilterSet
from managers.profiles.forms import ManagerForm
from managers.profiles.models import RelationshipManager, Status
from managers.profiles.permissions import MANAGER_IMPORT, PERSONAL_VIEW
from managers.profiles.services.managers import manager_create, manager_update

STATUS_TONES = {
    Status.PROBATION: "info", Status.ACTIVE: "up", Status.ON_LEAVE: "warn", Status.SECONDED: "warn", Status.LEFT: "hold",
}  # fmt: skip


class ManagerResource(Resource):
    """客户经理: roster, profile, entry and change."""

    key = "managers"
    noun = gettext_lazy("客户经理")
    model = RelationshipManager
    lookup = "employee_no"
    list_action = "list"
    filterset = ManagerFilterSet
    form_class = ManagerForm
    default_sort = ("unit__path", "name_pinyin")
    columns = (
        Column("name", gettext_lazy("姓名"), lambda m: m.name, sort=("name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda m: m.employee_no, sort=("employee_no",)),
        Column("unit", gettext_lazy("机构"), lambda m: m.unit.name, sort=("unit__path",)),
        Column("post", gettext_lazy("岗位"), lambda m: m.post and m.post.name, sort=("post__name",)),
        Column("line", gettext_lazy("条线"), lambda m: m.line and m.line.name, sort=("line__name",), shown=False),
        Column("category", gettext_lazy("类别"), lambda m: m.category and m.category.name, sort=("category__name",)),
        Column("grade", gettext_lazy("等级"), lambda m: m.grade and m.grade.name, sort=("grade__order",)),
        Column(
            "status", gettext_lazy("状态"), lambda m: m.get_status_display(), sort=("status",),
            tone=lambda m: STATUS_TONES[m.status],
        ),
        Column("education", gettext_lazy("学历"), lambda m: m.get_education_display(), sort=("education",), shown=False),
        Column("major", gettext_lazy("专业"), lambda m: m.major, sort=("major",), shown=False),
        Column(
            "experience_years", gettext_lazy("从业年限"), lambda m: m.experience_years, sort=("experience_years",),
            numeric=True, kind="number",
        ),
        Column(
            "hire_date", gettext_lazy("入职日期"), lambda m: m.hire_date, sort=("hire_date",), kind="date",
        ),
        Column("region_code", gettext_lazy("服务区域"), lambda m: m.region_code, sort=("region_code",), shown=False),
        Column(
            "mobile", gettext_lazy("手机"), lambda m: mask_mobile(m.mobile) if m.personal else "", shown=False,
            function=PERSONAL_VIEW,
        ),
        Column(
            "email", gettext_lazy("邮箱"), lambda m: mask_email(m.email) if m.personal else "", shown=False,
            function=PERSONAL_VIEW,
        ),
        Column(
            "capacity", gettext_lazy("客户容量"), lambda m: m.capacity, sort=("capacity",), numeric=True, kind="number",
            shown=False,
        ),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action).select_related("unit", "post", "line", "category", "grade")
        return rows.with_rights(actor, personal=PERSONAL_VIEW)  # type: ignore[attr-defined]

    def page_title(self) -> Text:
        return _("客户经理")

    def subtitle(self, request: Any, total: int) -> Text:
        day = timezone.localdate().isoformat()
        return _("%(where)s · 截至 %(day)s") % {
            "where": covered(request.user, self.function("list")),
            "day": day,
        }

    def list_actions(self, request: Any) -> list[Action]:
        actions = [Action(_("名册构成"), reverse("manager_composition"), icon="chart")]
        if may(request.user, MANAGER_IMPORT):
            actions.append(Action(_("导入"), reverse("imports_new", args=["managers"]), icon="upload"))
        return actions + super().list_actions(request)

    def object_title(self, instance: Any) -> str:
        return str(instance.name)

    def object_subtitle(self, instance: Any) -> Text:
        return _("工号 %(no)s · %(unit)s · 更新于 %(at)s") % {
            "no": instance.employee_no,
            "unit": instance.unit.name,
            "at": timezone.localtime(instance.updated_at).strftime("%Y-%m-%d %H:%M"),
        }

    def identity(self, instance: Any) -> dict[str, Any]:
        places = [
            instance.unit.name,
            instance.post and instance.post.name,
            instance.line and instance.line.name,
        ]
        return {
            "initial": instance.name[:1],
            "lines": [instance.name, " · ".join(str(place) for place in places if place)],
        }

    def figures(self, request: Any, instance: Any) -> Sequence[dict[str, Any]]:
        present = instance.grade_records.filter(ends_on__isnull=True).first()
        since = _("自 %(day)s") % {"day": present.starts_on.isoformat()} if present else ""
        hired = instance.hire_date.isoformat() if instance.hire_date else ""
        return (
            {"label": _("等级"), "value": instance.grade.name if instance.grade else "", "before": since},
            {"label": _("状态"), "value": instance.get_status_display(), "before": ""},
            {"label": _("从业年限"), "value": instance.experience_years, "before": _("入职 %(day)s") % {"day": hired} if hired else ""},
            {"label": _("客户容量"), "value": instance.capacity, "before": ""},
        )  # fmt: skip

    def create(self, actor: Any, values: dict[str, Any]) -> RelationshipManager:
        return manager_create(actor=actor, today=timezone.localdate(), **values)

    def update(self, actor: Any, instance: Any, values: dict[str, Any]) -> RelationshipManager:
        return manager_update(actor=actor, manager_id=instance.pk, values=values)


MANAGERS = ManagerResource()
