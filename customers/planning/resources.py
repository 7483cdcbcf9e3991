"""The declared classes of plans and their lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import may
from cmsys.ui.context import covered
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource
from customers.planning.choices import SOLVED, LineState, PlanState
from customers.planning.filters import MoveFilterSet, PlanFilterSet
from customers.planning.models import AllocationMove, AllocationPlan
from customers.planning.permissions import PLAN_EDIT, PLAN_VIEW, REBALANCE
from customers.planning.transitions import PLAN
from customers.planning.words import cause_said, distance, reason

TONES = {
    PlanState.COMPUTING: "info", PlanState.DRAFT: "warn", PlanState.IMPOSSIBLE: "bad", PlanState.FAILED: "bad",
    PlanState.REVIEWING: "info", PlanState.DECIDING: "info", PlanState.APPROVED: "info", PlanState.APPLYING: "info",
    PlanState.APPLIED: "up", PlanState.REVERTING: "warn", PlanState.REVERTED: "hold", PlanState.DISCARDED: "hold",
}  # fmt: skip
LINE_TONES = {
    LineState.PROPOSED: "warn", LineState.AGREED: "info", LineState.REFUSED: "bad", LineState.APPROVED: "info",
    LineState.DROPPED: "hold", LineState.APPLIED: "up", LineState.SKIPPED: "warn", LineState.REVERTED: "hold",
}  # fmt: skip


def gap_said(plan: Any) -> str:
    """`≤ 0.11%`, a dash without a bound."""
    return "—" if plan.gap is None else f"≤ {plan.gap:.2%}"


def within(after: Mapping[str, Any], name: str, places: int) -> str:
    """What a figure is among those who share customers with one another, where areas differ: no plan can even those out."""
    found = after.get(f"area_{name}")
    if found is None or f"{found:.{places}f}" == f"{after[name]:.{places}f}":
        return ""
    return _(" · 统筹范围内 %(n)s") % {"n": f"{found:.{places}f}"}


class PlanResource(Resource):
    """分客方案."""

    key = "allocation-plans"
    noun = gettext_lazy("分客方案")
    model = AllocationPlan
    lookup = "number"
    filterset = PlanFilterSet
    default_sort = ("-created_at", "-pk")
    columns = (
        Column("number", gettext_lazy("方案编号"), lambda p: p.number, sort=("number",)),
        Column("unit", gettext_lazy("范围"), lambda p: p.unit.name, sort=("unit__path",)),
        Column("policy", gettext_lazy("政策"), lambda p: str(p.policy), sort=("policy__code", "policy__version")),
        Column("as_of", gettext_lazy("基准日"), lambda p: p.as_of, sort=("as_of",), kind="date"),
        Column("customers", gettext_lazy("客户数"), lambda p: p.customers, sort=("customers",), numeric=True, kind="number"),
        Column("moves", gettext_lazy("移动客户"), lambda p: p.moves, sort=("moves",), numeric=True, kind="number"),
        Column("forced", gettext_lazy("必须移动"), lambda p: p.forced, sort=("forced",), numeric=True, kind="number"),
        Column("first", gettext_lazy("首次分配"), lambda p: p.first, sort=("first",), numeric=True, kind="number"),
        Column("gap", gettext_lazy("离最优"), gap_said),
        Column("state", gettext_lazy("状态"), lambda p: p.get_state_display(), sort=("state",), tone=lambda p: TONES[p.state]),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).select_related("unit", "policy", "asked_by")

    def subtitle(self, request: Any, total: int) -> Text:
        return covered(request.user, PLAN_VIEW)

    def list_actions(self, request: Any) -> list[Action]:
        if not may(request.user, REBALANCE):
            return []
        return [Action(_("编制方案"), reverse("allocation_plans_rebalance"), primary=True, icon="scale")]

    def object_title(self, instance: Any) -> str:
        return _("分客方案 %(number)s · %(unit)s") % {"number": instance.number, "unit": instance.unit.name}

    def object_subtitle(self, instance: Any) -> Text:
        return _("%(policy)s · 基准日 %(day)s · %(cause)s · %(at)s 生成 · %(state)s") % {
            "cause": cause_said(instance),
            "policy": instance.policy, "day": instance.as_of, "state": instance.get_state_display(),
            "at": timezone.localtime(instance.created_at).strftime("%Y-%m-%d %H:%M"),
        }  # fmt: skip

    def figures(self, request: Any, instance: Any) -> list[dict[str, Any]]:
        """The five figures with what they are now."""
        if instance.state not in SOLVED:
            return []
        before, after = instance.before, instance.after
        share = f"{instance.moves / instance.held:.1%}" if instance.held else "—"
        budget = _("不限") if instance.budget is None else _("至多 %(n)d 户") % {"n": instance.budget}
        now = _("现状 %(n)s")
        return [
            {"label": _("移动客户"), "value": f"{instance.moves:,} / {instance.held:,}", "before": f"{share} · {budget}"},
            {"label": _("最大负荷 / 均值"), "value": f"{after['max_mean']:.2f}", "before": now % {"n": f"{before['max_mean']:.2f}"} + within(after, "max_mean", 2)},
            {"label": _("基尼系数"), "value": f"{after['gini']:.3f}", "before": now % {"n": f"{before['gini']:.3f}"} + within(after, "gini", 3)},
            {"label": _("专业匹配"), "value": f"{after['match'] / 1000:.2f}", "before": now % {"n": f"{before['match'] / 1000:.2f}"}},
            {"label": _("离最优"), "value": gap_said(instance), "before": _("已证明的上界")},
        ]  # fmt: skip

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        actions = []
        if instance.moves or instance.first:
            url = f"{reverse('allocation_moves_list')}?plan={instance.number}"
            actions.append(Action(_("全部方案行"), url, icon="columns"))
        if may(request.user, PLAN_EDIT) and instance.state in PLAN["discard"].sources:
            actions.append(
                Action(_("放弃"), reverse("allocation_plans_discard", args=[instance.number]), danger=True)
            )
        return actions


class MoveResource(Resource):
    """方案行."""

    key = "allocation-moves"
    noun = gettext_lazy("方案行")
    model = AllocationMove
    filterset = MoveFilterSet
    default_sort = ("-forced", "-effort", "customer__customer_no")
    columns = (
        Column("customer", gettext_lazy("客户"), lambda m: m.customer.masked_name),
        Column("customer_no", gettext_lazy("客户编号"), lambda m: m.customer.customer_no, sort=("customer__customer_no",)),
        Column("tier", gettext_lazy("分级"), lambda m: m.customer.tier.code if m.customer.tier else "", sort=("customer__tier__order",)),
        Column("present", gettext_lazy("现主办"), lambda m: m.present.name if m.present else _("（未分配）"), sort=("present__name_pinyin",)),
        Column("proposed", gettext_lazy("建议主办"), lambda m: m.proposed.name, sort=("proposed__name_pinyin",)),
        Column("reason", gettext_lazy("理由"), reason),
        Column("metres", gettext_lazy("距离"), lambda m: distance(m.metres), sort=("metres",), numeric=True),
        Column("effort", gettext_lazy("工作量（点）"), lambda m: m.effort, sort=("effort",), numeric=True, kind="number"),
        Column("match", gettext_lazy("匹配"), lambda m: f"{(1000 - m.fit[0]) / 1000:.2f}", numeric=True),
        Column("forced", gettext_lazy("性质"), lambda m: _("必须移动") if m.forced else _("优化"), sort=("forced",), tone=lambda m: "warn" if m.forced else "info"),
        Column("state", gettext_lazy("状态"), lambda m: m.get_state_display(), sort=("state",), tone=lambda m: LINE_TONES[m.state]),
        Column("note", gettext_lazy("说明"), lambda m: m.note),
        Column("plan", gettext_lazy("方案编号"), lambda m: m.plan.number, sort=("plan__number",), shown=False),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return (
            super()
            .queryset(actor, action)
            .select_related("plan", "customer__tier", "present", "proposed__unit")
        )

    def object_title(self, instance: Any) -> str:
        return _("%(customer)s → %(manager)s") % {"customer": instance.customer.masked_name, "manager": instance.proposed.name}  # fmt: skip

    def object_subtitle(self, instance: Any) -> Text:
        return _("方案 %(plan)s · %(reason)s") % {"plan": instance.plan.number, "reason": reason(instance)}


PLANS, MOVES = PlanResource(), MoveResource()
