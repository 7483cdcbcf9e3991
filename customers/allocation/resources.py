"""The declared classes of policies, evaluation sheets and rules for single customers."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import may
from cmsys.access.functions import Reach
from cmsys.ui.context import covered
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource
from customers.allocation.filters import EvaluationFilterSet, PolicyFilterSet, RuleFilterSet
from customers.allocation.models import (
    AllocationPolicy,
    CustomerRule,
    EvaluationState,
    RuleKind,
    StaffEvaluation,
)
from customers.allocation.permissions import (
    EVALUATION_DRAFT,
    EVALUATION_HEAD,
    EVALUATION_HR,
    EVALUATION_LIST,
    POLICY_EDIT,
    RULE_EDIT,
)

TONES = {EvaluationState.DRAFT: "warn", EvaluationState.CONFIRMED: "good", EvaluationState.SUPERSEDED: ""}


class PolicyResource(Resource):
    """分客政策: every version, newest first."""

    key = "allocation-policies"
    noun = gettext_lazy("分客政策")
    model = AllocationPolicy
    filterset = PolicyFilterSet
    default_sort = ("code", "-version")
    columns = (
        Column("name", gettext_lazy("政策名称"), lambda p: p.name, sort=("name",)),
        Column("code", gettext_lazy("政策编码"), lambda p: p.code, sort=("code",)),
        Column("version", gettext_lazy("版本"), lambda p: p.version, sort=("version",), numeric=True, kind="number"),
        Column("unit", gettext_lazy("适用机构"), lambda p: p.unit.name if p.unit else _("全行"), sort=("unit__path",)),
        Column(
            "used", gettext_lazy("状态"), lambda p: _("已用于 %(n)s 个方案") % {"n": p.used} if p.used else _("未使用"),
            tone=lambda p: "up" if p.used else "hold",
        ),
        Column("created_at", gettext_lazy("录入日期"), lambda p: timezone.localdate(p.created_at), sort=("created_at",), kind="date"),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).select_related("unit").annotate(used=Count("plans"))

    def subtitle(self, request: Any, total: int) -> Text:
        return _("四项原则写成权重与硬性规则；用过的版本不再改动，只能由新版本接替")

    def list_actions(self, request: Any) -> list[Action]:
        if not may(request.user, POLICY_EDIT):
            return []
        return [Action(_("导入政策"), reverse("allocation_policies_import"), primary=True, icon="upload")]

    def object_title(self, instance: Any) -> str:
        return str(instance.name)

    def object_subtitle(self, instance: Any) -> Text:
        return _("%(policy)s · %(unit)s") % {
            "policy": instance,
            "unit": instance.unit.name if instance.unit else _("全行"),
        }

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        actions = [
            Action(_("下载"), reverse("allocation_policies_download", args=[instance.pk]), icon="download")
        ]
        if may(request.user, POLICY_EDIT):
            url = f"{reverse('allocation_policies_import')}?from={instance.pk}"
            actions.append(Action(_("由此编写新版本"), url, primary=True, icon="copy"))
        return actions


class EvaluationResource(Resource):
    """员工评估."""

    key = "staff-evaluations"
    noun = gettext_lazy("员工评估")
    model = StaffEvaluation
    filterset = EvaluationFilterSet
    list_action = "list"
    default_sort = ("state", "manager__unit__path", "manager__employee_no", "-pk")
    columns = (
        Column("name", gettext_lazy("姓名"), lambda e: e.manager.name, sort=("manager__name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda e: e.manager.employee_no, sort=("manager__employee_no",)),
        Column("unit", gettext_lazy("所属机构"), lambda e: e.manager.unit.name, sort=("manager__unit__path",)),
        Column("ability", gettext_lazy("能力"), lambda e: e.ability, sort=("ability",), numeric=True, kind="number"),
        Column("experience", gettext_lazy("经验"), lambda e: e.experience, sort=("experience",), numeric=True, kind="number"),
        Column("results", gettext_lazy("业绩"), lambda e: e.results, sort=("results",), numeric=True, kind="number"),
        Column("merit", gettext_lazy("综合评价"), lambda e: e.merit, sort=("merit",), numeric=True, kind="number"),
        Column("state", gettext_lazy("状态"), lambda e: standing(e), tone=lambda e: TONES[e.state]),
        Column("valid_until", gettext_lazy("有效期至"), lambda e: e.valid_until, sort=("valid_until",), kind="date"),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).select_related("manager__unit", "hr_by", "head_by")

    def subtitle(self, request: Any, total: int) -> Text:
        reached = request.user.access.reaches(EVALUATION_LIST)
        return (
            _("本人")
            if all(one.reach is Reach.SELF for one in reached)
            else covered(request.user, EVALUATION_LIST)
        )

    def list_actions(self, request: Any) -> list[Action]:
        if not may(request.user, EVALUATION_DRAFT):
            return []
        return [Action(_("编制评估"), reverse("staff_evaluations_draft"), primary=True, icon="plus")]

    def object_title(self, instance: Any) -> str:
        return _("%(name)s的员工评估") % {"name": instance.manager.name}

    def object_subtitle(self, instance: Any) -> Text:
        return f"{instance.manager.employee_no} · {instance.manager.unit.name} · {standing(instance)}"

    def figures(self, request: Any, instance: Any) -> list[dict[str, Any]]:
        return [
            {"label": _("综合评价"), "value": instance.merit},
            {"label": _("能力"), "value": instance.ability},
            {"label": _("经验"), "value": instance.experience},
            {"label": _("业绩"), "value": instance.results},
        ]

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        """What this reader can do with this very sheet; one query."""
        if instance.state != EvaluationState.DRAFT:
            return []
        asked = {one for one in (EVALUATION_DRAFT, EVALUATION_HR, EVALUATION_HEAD) if may(request.user, one)}
        reached, actions = self.within_reach(request.user, asked, instance), []
        if EVALUATION_DRAFT in reached:
            actions.append(
                Action(_("调整"), reverse("staff_evaluations_change", args=[instance.pk]), icon="edit")
            )
        if EVALUATION_HR in reached and instance.hr_by_id is None and instance.head_by_id != request.user.pk:
            url = reverse("staff_evaluations_confirm_hr", args=[instance.pk])
            actions.append(Action(_("人力资源确认"), url, primary=True))
        if (
            EVALUATION_HEAD in reached
            and instance.head_by_id is None
            and instance.hr_by_id != request.user.pk
        ):
            url = reverse("staff_evaluations_confirm_head", args=[instance.pk])
            actions.append(Action(_("主管确认"), url, primary=True))
        return actions


def standing(sheet: Any) -> str:
    """The state, and whose confirmation is missing."""
    if sheet.state != EvaluationState.DRAFT:
        return str(sheet.get_state_display())
    missing = [
        str(label)
        for label, given in ((_("人力资源"), sheet.hr_by_id), (_("主管"), sheet.head_by_id))
        if given is None
    ]
    return _("待%(who)s确认") % {"who": _("、").join(missing)}


class RuleResource(Resource):
    """客户特别约定."""

    key = "customer-rules"
    noun = gettext_lazy("客户特别约定")
    model = CustomerRule
    filterset = RuleFilterSet
    default_sort = ("-starts_on", "-pk")
    columns = (
        Column("customer", gettext_lazy("客户"), lambda r: r.customer.masked_name, url=lambda r: reverse("customers_detail", args=[r.customer.customer_no])),
        Column("customer_no", gettext_lazy("客户编号"), lambda r: r.customer.customer_no, sort=("customer__customer_no",)),
        Column("kind", gettext_lazy("约定"), lambda r: r.get_kind_display(), sort=("kind",), tone=lambda r: "info" if r.kind == RuleKind.PIN else "warn"),
        Column("manager", gettext_lazy("客户经理"), lambda r: f"{r.manager.name} {r.manager.employee_no}", sort=("manager__employee_no",)),
        Column("starts_on", gettext_lazy("开始日期"), lambda r: r.starts_on, sort=("starts_on",), kind="date"),
        Column("ends_on", gettext_lazy("结束日期（不含）"), lambda r: r.ends_on, sort=("ends_on",), kind="date"),
        Column("reason", gettext_lazy("原因"), lambda r: r.reason),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).select_related("customer", "manager")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("固定或排除某位客户经理；分客方案把它当作硬性规则")

    def list_actions(self, request: Any) -> list[Action]:
        if not may(request.user, RULE_EDIT):
            return []
        return [Action(_("登记约定"), reverse("customer_rules_begin"), primary=True, icon="plus")]

    def object_title(self, instance: Any) -> str:
        return _("%(customer)s %(kind)s %(manager)s") % {
            "customer": instance.customer.masked_name, "kind": instance.get_kind_display(), "manager": instance.manager.name,
        }  # fmt: skip

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        today = timezone.localdate()
        if not may(request.user, RULE_EDIT) or (instance.ends_on is not None and instance.ends_on <= today):
            return []
        return [Action(_("结束约定"), reverse("customer_rules_end", args=[instance.pk]), danger=True)]


POLICIES, EVALUATIONS, RULES = PolicyResource(), EvaluationResource(), RuleResource()
