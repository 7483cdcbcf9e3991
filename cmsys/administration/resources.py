"""The declared classes of units, accounts and the ledger."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import may, require
from cmsys.accounts.models import User
from cmsys.accounts.permissions import USER_EDIT, USER_VIEW
from cmsys.administration.filters import EventFilterSet, JobFilterSet, UnitFilterSet, UserFilterSet
from cmsys.administration.forms import UnitForm
from cmsys.audit.models import Event
from cmsys.audit.permissions import LEDGER_VIEW
from cmsys.jobs.models import Job
from cmsys.org.models import OrgUnit
from cmsys.org.permissions import GRANT_EDIT
from cmsys.org.services.units import unit_create, unit_update
from cmsys.transfers.permissions import UNITS_IMPORT
from cmsys.ui.kinds import kind_label
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource


class UnitResource(Resource):
    """机构: the tree as a list, one unit's page, opening and changing."""

    key = "org-units"
    noun = gettext_lazy("机构")
    model = OrgUnit
    lookup = "code"
    filterset = UnitFilterSet
    form_class = UnitForm
    default_sort = ("path",)
    columns = (
        Column("name", gettext_lazy("机构名称"), lambda u: f"{'　' * u.depth}{u.name}", sort=("path",)),
        Column("code", gettext_lazy("机构编码"), lambda u: u.code, sort=("code",)),
        Column("kind", gettext_lazy("类型"), lambda u: u.get_kind_display(), sort=("kind",)),
        Column("parent", gettext_lazy("上级机构"), lambda u: u.parent and u.parent.name),
        Column("head", gettext_lazy("负责人"), lambda u: u.head and u.head.name),
        Column("region_code", gettext_lazy("行政区划"), lambda u: u.region_code, sort=("region_code",), shown=False),
        Column("opened_on", gettext_lazy("设立日期"), lambda u: u.opened_on, sort=("opened_on",), kind="date"),
        Column(
            "state", gettext_lazy("状态"),
            lambda u: _("%(day)s 撤销") % {"day": u.closed_on} if u.closed_on else _("存续"),
            tone=lambda u: "hold" if u.closed_on else "up",
        ),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).select_related("parent", "head")

    def page_title(self) -> Text:
        return _("机构")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("按层级排列 · 截至 %(day)s") % {"day": timezone.localdate().isoformat()}

    def list_actions(self, request: Any) -> list[Action]:
        actions = [Action(_("机构树"), reverse("org_tree"), icon="org")]
        if may(request.user, UNITS_IMPORT):
            actions.append(Action(_("导入"), reverse("imports_new", args=["org_units"]), icon="upload"))
        return actions + super().list_actions(request)

    def object_subtitle(self, instance: Any) -> Text:
        return f"{instance.code} · {instance.get_kind_display()}"

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        edit = super().object_actions(request, instance)
        if not edit or instance.closed_on:
            return edit
        return [
            Action(_("调整上级"), reverse("org_units_move", args=[instance.code])),
            Action(_("撤销机构"), reverse("org_units_close", args=[instance.code]), danger=True),
            *edit,
        ]

    def create(self, actor: Any, values: dict[str, Any]) -> OrgUnit:
        return unit_create(actor=actor, today=timezone.localdate(), **values)

    def update(self, actor: Any, instance: Any, values: dict[str, Any]) -> OrgUnit:
        return unit_update(actor=actor, unit_id=instance.pk, values=values)


class _Unscoped(Resource):
    """A model outside the tree of units: whoever has the function sees all of it."""

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        require(actor, self.function(action))
        return self.model._default_manager.all()


class UserResource(_Unscoped):
    """账号: who can sign in, and with which roles."""

    key = "users"
    noun = gettext_lazy("账号")
    model = User
    lookup = "pk"
    filterset = UserFilterSet
    default_sort = ("username",)
    columns = (
        Column("username", gettext_lazy("账号"), lambda u: u.username, sort=("username",)),
        Column("name", gettext_lazy("姓名"), lambda u: u.name, sort=("name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda u: u.employee_no, sort=("employee_no",)),
        Column("grants", gettext_lazy("在用角色"), lambda u: u.grants_in_force, numeric=True, kind="number"),
        Column("last_login", gettext_lazy("最近登录"), lambda u: u.last_login, sort=("last_login",)),
        Column(
            "state", gettext_lazy("状态"), lambda u: _("启用") if u.is_active else _("停用"),
            tone=lambda u: "up" if u.is_active else "hold",
        ),
    )  # fmt: skip

    def function(self, action: str) -> Any:
        return {"view": USER_VIEW, "list": USER_VIEW}.get(action, USER_EDIT)

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        today = timezone.localdate()
        in_force = Q(grants__starts_on__lte=today) & (
            Q(grants__ends_on__isnull=True) | Q(grants__ends_on__gt=today)
        )
        return super().queryset(actor, action).annotate(grants_in_force=Count("grants", filter=in_force))

    def page_title(self) -> Text:
        return _("账号与授权")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("系统管理员开户、停用；安全管理员授权")

    def list_actions(self, request: Any) -> list[Action]:
        if not may(request.user, USER_EDIT):
            return []
        return [Action(_("新建账号"), reverse("users_create"), primary=True, icon="plus")]

    def object_title(self, instance: Any) -> str:
        return str(instance.name)

    def object_subtitle(self, instance: Any) -> Text:
        return _("账号 %(username)s · 工号 %(no)s") % {
            "username": instance.username, "no": instance.employee_no or "—",
        }  # fmt: skip

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        actions = []
        if may(request.user, USER_EDIT):
            actions.append(Action(_("重置密码"), reverse("users_password", args=[instance.pk])))
            label = _("停用") if instance.is_active else _("启用")
            actions.append(
                Action(label, reverse("users_active", args=[instance.pk]), danger=instance.is_active)
            )
        if may(request.user, GRANT_EDIT):
            actions.append(Action(_("授予角色"), reverse("grants_create", args=[instance.pk]), primary=True))
        return actions


class EventResource(_Unscoped):
    """操作日志: every change, refusal and look, newest first."""

    key = "events"
    noun = gettext_lazy("操作日志")
    model = Event
    filterset = EventFilterSet
    default_sort = ("-id",)
    columns = (
        Column("at", gettext_lazy("时间"), lambda e: timezone.localtime(e.at).strftime("%Y-%m-%d %H:%M:%S"), sort=("id",)),
        Column("kind", gettext_lazy("事件"), lambda e: kind_label(e.kind), sort=("kind",)),
        Column("object", gettext_lazy("对象"), lambda e: e.object_label),
        Column("actor", gettext_lazy("操作人"), lambda e: e.actor_name),
        Column(
            "success", gettext_lazy("结果"), lambda e: _("成功") if e.success else _("失败"),
            tone=lambda e: "up" if e.success else "down",
        ),
        Column("address", gettext_lazy("来源地址"), lambda e: e.address or e.after.get("address", "")),
        Column("reason", gettext_lazy("原因"), lambda e: e.reason, shown=False),
        Column("request_id", gettext_lazy("请求号"), lambda e: e.request_id, shown=False),
    )  # fmt: skip

    def function(self, action: str) -> Any:
        return LEDGER_VIEW

    def page_title(self) -> Text:
        return _("操作日志")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("只增不改；登录、查看原文、被拒绝的访问也在其中")

    def list_actions(self, request: Any) -> list[Action]:
        return [Action(_("完整性校验"), reverse("events_verify"), icon="shield")]

    def object_title(self, instance: Any) -> str:
        return kind_label(instance.kind)

    def object_subtitle(self, instance: Any) -> Text:
        return f"#{instance.pk} · {timezone.localtime(instance.at).strftime('%Y-%m-%d %H:%M:%S')}"


JOB_TONES = {"queued": "info", "running": "info", "done": "up", "failed": "down", "cancelled": "hold"}


class JobResource(Resource):
    """任务中心: what runs in the background; everybody his own, the system administrator all of it."""

    key = "jobs"
    noun = gettext_lazy("后台任务")
    model = Job
    filterset = JobFilterSet
    default_sort = ("-pk",)
    columns = (
        Column("kind", gettext_lazy("任务"), lambda j: j.kind_label, sort=("kind",)),
        Column("key", gettext_lazy("对象"), lambda j: j.key),
        Column(
            "state", gettext_lazy("状态"), lambda j: j.get_state_display(), sort=("state",), tone=lambda j: JOB_TONES[j.state]
        ),
        Column("percent", gettext_lazy("进度"), lambda j: "" if j.percent is None else f"{j.percent}%", numeric=True),
        Column("message", gettext_lazy("进展"), lambda j: j.error or j.message),
        Column("actor", gettext_lazy("发起人"), lambda j: j.actor_name),
        Column("created_at", gettext_lazy("提交时间"), lambda j: j.created_at, sort=("pk",)),
        Column("finished_at", gettext_lazy("结束时间"), lambda j: j.finished_at, sort=("finished_at",)),
    )  # fmt: skip

    def page_title(self) -> Text:
        return _("任务中心")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("后台任务可以离开、取消、重试；失败的任务写明原因")

    def object_title(self, instance: Any) -> str:
        return str(instance.kind_label)

    def object_subtitle(self, instance: Any) -> Text:
        return f"#{instance.pk} · {instance.actor_name}"

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        if not may(request.user, self.function("edit")):
            return []
        if instance.is_open:
            return [
                Action(_("取消任务"), reverse("jobs_cancel", args=[instance.pk]), method="post", danger=True)
            ]
        if instance.state in ("failed", "cancelled"):
            return [Action(_("重试"), reverse("jobs_retry", args=[instance.pk]), method="post", primary=True)]
        return []


JOBS = JobResource()
UNITS = UnitResource()
USERS = UserResource()
EVENTS = EventResource()
