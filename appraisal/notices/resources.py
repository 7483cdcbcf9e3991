"""The declared classes of notices, objections and service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.notices import permissions
from appraisal.notices.choices import LineState, NoticeState, ObjectionState, ServiceState
from appraisal.notices.filters import NoticeFilterSet, ObjectionFilterSet, ServiceFilterSet
from appraisal.notices.models import NoticeObjection, PublicNotice, ServiceOfNotice
from appraisal.notices.selectors import answerable, waiting_for_service
from cmsys.access.actors import may
from cmsys.org.workdays import working_days_between
from cmsys.ui.context import covered
from cmsys.ui.pages import Action, Empty
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource

NOTICE_TONES: dict[str, str] = {
    NoticeState.DRAFT: "warn", NoticeState.PUBLISHED: "up", NoticeState.ENDED: "hold", NoticeState.WITHDRAWN: "down",
}  # fmt: skip
OBJECTION_TONES: dict[str, str] = {
    ObjectionState.OPEN: "warn", ObjectionState.REJECTED: "hold", ObjectionState.UPHELD: "down", ObjectionState.MOOT: "hold",
}  # fmt: skip
SERVICE_TONES: dict[str, str] = {
    ServiceState.SERVED: "warn", ServiceState.SIGNED: "up", ServiceState.REFUSED: "down", ServiceState.VOID: "hold",
}  # fmt: skip


def keeps(request: Any, notice: PublicNotice) -> bool:
    """Whether the reader prepares this very notice; answered once for a request."""
    known: dict[int, bool] = request.__dict__.setdefault("_kept_notices", {})
    if notice.pk not in known:
        rows: Any = PublicNotice.objects.filter(pk=notice.pk)
        reached = may(request.user, permissions.NOTICE_EDIT)
        known[notice.pk] = bool(reached and rows.visible_to(request.user, "edit").exists())
    return known[notice.pk]


class NoticeResource(Resource):
    """公示栏: what runs, and for human resources drafts and what has ended."""

    key = "notices"
    noun = gettext_lazy("公示")
    title = gettext_lazy("公示栏")
    model = PublicNotice
    filterset = NoticeFilterSet
    default_sort = ("-starts_on", "-pk")
    columns = (
        Column("title", gettext_lazy("标题"), lambda n: n.title),
        Column("number", gettext_lazy("文号"), lambda n: n.number, sort=("year", "serial")),
        Column("starts_on", gettext_lazy("公布日"), lambda n: n.starts_on, sort=("starts_on",), kind="date"),
        Column("ends_on", gettext_lazy("截止日"), lambda n: n.ends_on, sort=("ends_on",), kind="date"),
        Column("audience", gettext_lazy("公示范围"), lambda n: n.audience.name if n.audience else _("全行")),
        Column("people", gettext_lazy("人数"), lambda n: n.people, sort=("people",), numeric=True, kind="number"),
        Column(
            "state", gettext_lazy("状态"), lambda n: n.get_state_display(), sort=("state",),
            tone=lambda n: NOTICE_TONES[n.state],
        ),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action).select_related("audience", "round__cycle")
        return rows.annotate(people=Count("lines", filter=~Q(lines__state=LineState.STRUCK)))

    def subtitle(self, request: Any, total: int) -> Text:
        if may(request.user, permissions.NOTICE_EDIT):
            return _("%(where)s · 晋升公示；降级不公示") % {
                "where": covered(request.user, permissions.NOTICE_EDIT)
            }
        return _("正在公示的拟晋升人员；对公示内容有异议的，公示期内实名提出")

    def list_actions(self, request: Any) -> list[Action]:
        if may(request.user, permissions.NOTICE_EDIT):
            return [Action(_("起草公示"), reverse("notices_new"), primary=True, icon="plus")]
        return []

    def empty(self, request: Any, filtered: bool) -> Empty:
        if filtered:
            return super().empty(request, True)
        if may(request.user, permissions.NOTICE_EDIT):
            return Empty(_("还没有公示。晋升审定之后在这里公示。"), _("起草公示"), reverse("notices_new"))
        return Empty(_("现在没有正在公示的内容。"))

    def object_title(self, instance: Any) -> str:
        return str(instance.title)

    def object_subtitle(self, instance: Any) -> Text:
        parts = [instance.number or _("草稿"), instance.audience.name if instance.audience else _("全行")]
        return " · ".join(parts)

    def figures(self, request: Any, instance: Any) -> Sequence[dict[str, Any]]:
        today = timezone.localdate()
        found: list[dict[str, Any]] = [
            {"label": _("状态"), "value": instance.get_state_display()},
            {"label": _("人数"), "value": instance.people},
            {"label": _("公布日"), "value": instance.starts_on.isoformat()},
        ]
        if instance.ends_on is not None:
            day = timedelta(days=1)
            running = instance.is_open(today)
            left = working_days_between(today + day, instance.ends_on + day) if running else None
            before = "" if left is None else _("还有 %(n)d 个工作日") % {"n": left}
            found.append({"label": _("截止日"), "value": instance.ends_on.isoformat(), "before": before})
        return found

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        actions: list[Action] = []
        if keeps(request, instance):
            actions.append(
                Action(_("打印公示稿"), reverse("notices_print", args=[instance.pk]), icon="print")
            )
            if instance.state == NoticeState.DRAFT:
                actions += [
                    Action(_("作废"), reverse("notices_discard", args=[instance.pk]), danger=True),
                    Action(_("修改"), reverse("notices_change", args=[instance.pk]), icon="edit"),
                    Action(_("发布"), reverse("notices_publish", args=[instance.pk]), primary=True),
                ]
        if may(request.user, permissions.OBJECTION_LODGE) and instance.is_open(timezone.localdate()):
            addressed = PublicNotice.objects.addressed_to(request.user).filter(pk=instance.pk)
            if addressed.exists():
                url = reverse("notices_object", args=[instance.pk])
                actions.append(Action(_("提出异议"), url, primary=not keeps(request, instance), icon="flag"))
        return actions


class ObjectionResource(Resource):
    """公示异议: what human resources have to answer; whoever lodged one reads his own."""

    key = "notice-objections"
    noun = gettext_lazy("公示异议")
    model = NoticeObjection
    list_action = "handle"
    filterset = ObjectionFilterSet
    default_sort = ("due_on", "pk")
    columns = (
        Column("person", gettext_lazy("公示人员"), lambda o: o.line.name),
        Column("unit", gettext_lazy("机构"), lambda o: o.line.unit_name),
        Column("notice", gettext_lazy("公示"), lambda o: o.line.notice.number),
        Column("lodged_at", gettext_lazy("提出时间"), lambda o: o.lodged_at, sort=("lodged_at",), kind="date"),
        Column("due_on", gettext_lazy("答复截止日"), lambda o: o.due_on, sort=("due_on",), kind="date"),
        Column(
            "state", gettext_lazy("状态"), lambda o: o.get_state_display(), sort=("state",),
            tone=lambda o: OBJECTION_TONES[o.state],
        ),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return (
            super()
            .queryset(actor, action)
            .select_related("line__notice", "line__decision__manager", "objector")
        )

    def empty(self, request: Any, filtered: bool) -> Empty:
        return super().empty(request, True) if filtered else Empty(_("没有公示异议。"))

    def object_title(self, instance: Any) -> str:
        return _("对%(name)s公示的异议") % {"name": instance.line.name}

    def object_subtitle(self, instance: Any) -> Text:
        return f"{instance.line.notice.number} · {instance.line.notice.title}"

    def figures(self, request: Any, instance: Any) -> Sequence[dict[str, Any]]:
        lodged = timezone.localtime(instance.lodged_at).strftime("%Y-%m-%d %H:%M")
        return (
            {"label": _("状态"), "value": instance.get_state_display()},
            {"label": _("提出时间"), "value": lodged},
            {"label": _("答复截止日"), "value": instance.due_on.isoformat()},
        )

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        if not may(request.user, permissions.OBJECTION_HANDLE):
            return []
        if not answerable(request.user, timezone.localdate()).filter(pk=instance.pk).exists():
            return []
        return [Action(_("答复"), reverse("notice_objections_answer", args=[instance.pk]), primary=True)]


class ServiceResource(Resource):
    """送达: demotions that were handed over, and what became of the receipts."""

    key = "served"
    noun = gettext_lazy("送达")
    model = ServiceOfNotice
    list_action = "list"
    filterset = ServiceFilterSet
    default_sort = ("-served_on", "-pk")
    columns = (
        Column("person", gettext_lazy("姓名"), lambda s: s.decision.manager.name, sort=("decision__manager__name_pinyin",)),
        Column("unit", gettext_lazy("机构"), lambda s: s.decision.unit.name, sort=("decision__unit__path",)),
        Column("number", gettext_lazy("文号"), lambda s: s.number, sort=("year", "serial")),
        Column("method", gettext_lazy("方式"), lambda s: s.get_method_display()),
        Column("served_on", gettext_lazy("送达日期"), lambda s: s.served_on, sort=("served_on",), kind="date"),
        Column("appeal_until", gettext_lazy("申诉截止日"), lambda s: s.appeal_until, sort=("appeal_until",), kind="date"),
        Column(
            "state", gettext_lazy("状态"), lambda s: s.get_state_display(), sort=("state",),
            tone=lambda s: SERVICE_TONES[s.state],
        ),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action)
        return rows.select_related(
            "decision__manager", "decision__unit", "decision__cycle", "witness_one", "witness_two"
        )

    def subtitle(self, request: Any, total: int) -> Text:
        where = covered(request.user, permissions.SERVICE_LIST)
        return _("%(where)s · 降级送达本人，不公示") % {"where": where}

    def list_actions(self, request: Any) -> list[Action]:
        if not may(request.user, permissions.SERVICE_SERVE):
            return []
        label = _("待送达 %(n)d 人") % {"n": waiting_for_service(request.user).count()}
        return [Action(label, reverse("served_waiting"), primary=True)]

    def empty(self, request: Any, filtered: bool) -> Empty:
        return (
            super().empty(request, True)
            if filtered
            else Empty(_("还没有送达。降级审定之后由人力资源送达本人。"))
        )

    def object_title(self, instance: Any) -> str:
        return _("%(name)s的等级变更送达") % {"name": instance.decision.manager.name}

    def object_subtitle(self, instance: Any) -> Text:
        return f"{instance.number} · {instance.decision.unit.name}"

    def figures(self, request: Any, instance: Any) -> Sequence[dict[str, Any]]:
        effective = instance.decision.effective_from
        return (
            {"label": _("状态"), "value": instance.get_state_display()},
            {
                "label": _("送达日期"),
                "value": instance.served_on.isoformat(),
                "before": instance.get_method_display(),
            },
            {"label": _("申诉截止日"), "value": instance.appeal_until.isoformat()},
            {"label": _("生效日期"), "value": effective.isoformat() if effective else ""},
        )

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        actions = [Action(_("打印送达通知书"), reverse("served_print", args=[instance.pk]), icon="print")]
        if instance.state != ServiceState.SERVED:
            return actions
        user = request.user
        own = bool(user.employee_no) and user.employee_no == instance.decision.manager.employee_no
        if own and may(user, permissions.SERVICE_SIGN):
            actions.append(
                Action(_("签收"), reverse("served_sign", args=[instance.pk]), primary=True, icon="check")
            )
        elif may(user, permissions.SERVICE_SERVE):
            reached: Any = ServiceOfNotice.objects.filter(pk=instance.pk)
            if reached.visible_to(user, "serve").exists():
                actions += [
                    Action(_("登记拒收"), reverse("served_refused", args=[instance.pk]), danger=True),
                    Action(_("登记纸质回执"), reverse("served_receipt", args=[instance.pk])),
                ]
        return actions


NOTICES, OBJECTIONS, SERVED = NoticeResource(), ObjectionResource(), ServiceResource()
