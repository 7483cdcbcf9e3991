"""The declared classes of cycles and of who takes part in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.cycles.filters import CycleFilterSet, MemberFilterSet
from appraisal.cycles.models import Cycle, CycleMember, CycleState
from appraisal.cycles.permissions import CYCLE_EDIT
from appraisal.schemes.permissions import SCHEME_VIEW
from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource

TAKING_PART = Count("members", filter=Q(members__included=True))


class CycleResource(Resource):
    """考核周期: newest first, with how far each one is."""

    key = "cycles"
    noun = gettext_lazy("考核周期")
    model = Cycle
    filterset = CycleFilterSet
    default_sort = ("-starts_on", "scheme_code")
    columns = (
        Column("period", gettext_lazy("期间"), lambda c: c.period, sort=("starts_on",)),
        Column("scheme", gettext_lazy("考核方案"), lambda c: c.scheme.name, sort=("scheme_code",)),
        Column("days", gettext_lazy("起止"), lambda c: days(c)),
        Column(
            "state", gettext_lazy("状态"), lambda c: c.get_state_display(), sort=("state",),
            tone=lambda c: "up" if c.state == CycleState.OPEN else "hold",
        ),
        Column("taking_part", gettext_lazy("参评"), lambda c: c.taking_part, numeric=True, kind="number"),
        Column("scored", gettext_lazy("已评"), lambda c: c.scored if c.graded_at else None, numeric=True, kind="number"),
        Column("promotions", gettext_lazy("建议晋升"), lambda c: c.promotions if c.graded_at else None, numeric=True, kind="number"),
        Column("demotions", gettext_lazy("建议降级"), lambda c: c.demotions if c.graded_at else None, numeric=True, kind="number"),
        Column(
            "graded_at", gettext_lazy("定级日期"), lambda c: c.graded_at and timezone.localdate(c.graded_at),
            sort=("graded_at",), kind="date",
        ),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).select_related("scheme").annotate(taking_part=TAKING_PART)

    def page_title(self) -> Text:
        return _("考核周期")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("开启时冻结参评名单；进行中可以评分、导入和重新定级，结束后不再改变")

    def list_actions(self, request: Any) -> list[Action]:
        if may(request.user, CYCLE_EDIT):
            return [Action(_("开启周期"), reverse("cycles_open"), primary=True, icon="plus")]
        return []

    def object_title(self, instance: Any) -> str:
        return f"{instance.period} {instance.scheme.name}"

    def object_subtitle(self, instance: Any) -> Text:
        return f"{days(instance)} · {instance.get_state_display()}"

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        if instance.state == CycleState.OPEN and instance.graded_at and may(request.user, CYCLE_EDIT):
            return [Action(_("结束周期"), reverse("cycles_close", args=[instance.pk]))]
        return []

    def figures(self, request: Any, instance: Any) -> Sequence[dict[str, Any]]:
        graded = instance.graded_at is not None
        at = timezone.localtime(instance.graded_at).strftime("%Y-%m-%d %H:%M") if graded else _("还没有定级")
        return (
            {"label": _("参评"), "value": instance.taking_part, "before": ""},
            {"label": _("已评"), "value": instance.scored if graded else None, "before": at},
            {"label": _("建议晋升"), "value": instance.promotions if graded else None, "before": ""},
            {"label": _("建议降级"), "value": instance.demotions if graded else None, "before": ""},
        )  # fmt: skip


class MemberResource(Resource):
    """参评名单: who takes part in a cycle, and why the others do not."""

    key = "cycle-members"
    noun = gettext_lazy("参评人员")
    model = CycleMember
    filterset = MemberFilterSet
    default_sort = ("included", "manager__employee_no")
    columns = (
        Column("name", gettext_lazy("姓名"), lambda m: m.manager.name, sort=("manager__name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda m: m.manager.employee_no, sort=("manager__employee_no",)),
        Column("cycle", gettext_lazy("考核周期"), lambda m: str(m.cycle)),
        Column("unit", gettext_lazy("机构"), lambda m: m.unit.name, sort=("unit__path",)),
        Column("grade", gettext_lazy("等级编码"), lambda m: m.grade_code, sort=("grade_code",)),
        Column("since", gettext_lazy("任现等级"), lambda m: m.grade_since, sort=("grade_since",), kind="date"),
        Column(
            "included", gettext_lazy("参评"), lambda m: _("参评") if m.included else _("不参评"), sort=("included",),
            tone=lambda m: "up" if m.included else "hold",
        ),
        Column("reason", gettext_lazy("不参评原因"), lambda m: m.reason),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).select_related("manager", "unit", "cycle")

    def page_title(self) -> Text:
        return _("参评名单")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("开启周期时冻结：机构为当时所在，等级为期末所任")

    def url(self, what: str, instance: Any = None) -> str:
        """A member's page is the person's."""
        if what == "detail":
            return reverse("managers_detail", args=[instance.manager.employee_no])
        return super().url(what, instance)


CYCLES = CycleResource()
MEMBERS = MemberResource()


def days(cycle: Cycle) -> str:
    """First and last day."""
    return f"{cycle.starts_on} — {cycle.ends_on - timedelta(days=1)}"


def members_card(request: SignedInRequest, cycle: Cycle) -> str:
    """How many take part, and how many are left out for which reason, within the reader's reach. Two queries."""
    seen = CycleMember.objects.visible_to(request.user).filter(cycle=cycle)
    url = f"{reverse('cycle_members_list')}?cycle={cycle.pk}"
    # 考核期结束后入职（2026-01-05）: the day in brackets is the person's own.
    reasons = Counter(
        reason.partition("（")[0] for reason in seen.filter(included=False).values_list("reason", flat=True)
    )
    context = {
        "included": seen.filter(included=True).count(),
        "reasons": [{"label": reason, "value": count} for reason, count in reasons.most_common()],
        "url": f"{url}&included=true",
        "excluded_url": f"{url}&included=false",
    }
    return render_to_string("cycles/cards/members.html", context, request=request)


def rules_card(request: SignedInRequest, cycle: Cycle) -> str:
    """Which version of which scheme, and the fingerprint of the results."""
    facts = [
        {
            "label": _("考核方案"),
            "value": str(cycle.scheme),
            "url": reverse("schemes_detail", args=[cycle.scheme_id])
            if may(request.user, SCHEME_VIEW)
            else "",
        },
        {"label": _("起止"), "value": days(cycle)},
        {"label": _("开启时间"), "value": timezone.localtime(cycle.opened_at).strftime("%Y-%m-%d %H:%M")},
        {
            "label": _("结束时间"),
            "value": cycle.closed_at and timezone.localtime(cycle.closed_at).strftime("%Y-%m-%d %H:%M"),
        },
        {"label": _("结果指纹"), "value": cycle.result_hash, "wide": True},
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)
