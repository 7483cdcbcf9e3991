"""The cards and the buttons on a plan's page."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import Action
from customers.approval.choosing import chosen_of
from customers.approval.figures import Effect
from customers.approval.pages import steps_of
from customers.approval.selectors import UNDER_WAY, lines_by_state, progress_of
from customers.planning.choices import LineState, PlanState
from customers.planning.models import AllocationPlan, LineSide
from customers.planning.permissions import PLAN_AGREE
from customers.planning.transitions import PLAN

DECIDED = (PlanState.APPROVED, PlanState.APPLYING, PlanState.APPLIED, PlanState.REVERTING, PlanState.REVERTED)


def approval_card(request: SignedInRequest, plan: AllocationPlan) -> str:
    """Who has answered what, and what the head would be approving or has approved; why a draft came back. Empty for a draft
    that was never submitted."""
    today = timezone.localdate()
    context: dict[str, Any] = {"plan": plan}
    if plan.state in UNDER_WAY:
        context["progress"] = progress_of(plan, today)
        context["late"] = bool(plan.due_on and plan.due_on < today and plan.state == PlanState.REVIEWING)
        if plan.state == PlanState.DECIDING:
            chosen = chosen_of(plan, (), ())
            context |= {
                "figures": effect_figures(chosen.effect),
                "held": len(chosen.held),
                "over": chosen.effect.over,
                "broken": chosen.broken,
            }
    elif plan.state in DECIDED:
        counts = lines_by_state(plan)
        context["counts"] = {
            "dropped": counts[LineState.DROPPED], "refused": counts[LineState.REFUSED],
            "approved": sum(counts.values()) - counts[LineState.DROPPED] - counts[LineState.REFUSED],
        }  # fmt: skip
    elif plan.state == PlanState.DRAFT and plan.submitted_at is not None:
        context["back"] = plan.steps.filter(verb__in=("return", "recall")).last()
    else:
        return ""
    return render_to_string("approval/cards/approval.html", context, request=request)


def effect_figures(effect: Effect) -> list[dict[str, Any]]:
    """The figures of a subset of lines, each with what it is now."""
    now = _("现状 %(n)s")
    first = _("首次分配 %(n)d 户") % {"n": effect.first}
    return [
        {"label": _("可批准"), "value": f"{effect.lines:,}", "before": first},
        {"label": _("移动客户"), "value": f"{effect.moves:,}", "before": _("原有主办的")},
        {"label": _("最大负荷 / 均值"), "value": f"{effect.max_mean[1]:.2f}", "before": now % {"n": f"{effect.max_mean[0]:.2f}"}},
        {"label": _("基尼系数"), "value": f"{effect.gini[1]:.3f}", "before": now % {"n": f"{effect.gini[0]:.3f}"}},
    ]  # fmt: skip


def steps_card(request: SignedInRequest, plan: AllocationPlan) -> str:
    """经过: every act with names, times, in whose place and why."""
    labels = {verb: transition.label for verb, transition in PLAN.transitions.items()}
    entries = steps_of(plan, labels)
    if not entries:
        return ""
    return render_to_string("components/timeline.html", {"entries": entries}, request=request)


# --- buttons ----------------------------------------------------------------------------------------------------------------
def planner_buttons(request: SignedInRequest, plan: AllocationPlan) -> list[Action]:
    """提交审批 for a draft with lines; 催办 and 撤回 while it is looked at."""
    found = []
    if plan.state == PlanState.DRAFT and plan.moves + plan.first:
        found.append(Action(_("提交审批"), _url("submit", plan), primary=True, icon="arrow-right"))
    if plan.state in UNDER_WAY:
        found.append(Action(_("催办"), _url("remind", plan), icon="bell"))
        found.append(Action(_("撤回"), _url("recall", plan), danger=True))
    return found


def head_buttons(request: SignedInRequest, plan: AllocationPlan) -> list[Action]:
    """审批 once all units have answered; 退回 before and after."""
    found = []
    if plan.state == PlanState.DECIDING:
        found.append(Action(_("审批"), _url("approve", plan), primary=True, icon="check"))
    if plan.state in UNDER_WAY:
        found.append(Action(_("退回"), _url("return", plan), danger=True))
    return found


def review_buttons(request: SignedInRequest, plan: AllocationPlan) -> list[Action]:
    """The way to the lines of the reader's units; one query."""
    if plan.state not in UNDER_WAY:
        return []
    if not LineSide.objects.visible_to(request.user).filter(plan=plan).exists():
        return []
    label = _("审核") if may(request.user, PLAN_AGREE) else _("各方意见")
    return [Action(label, reverse("allocation_reviews_detail", args=[plan.number]), icon="tasks")]


def _url(verb: str, plan: AllocationPlan) -> str:
    return reverse(f"allocation_plans_{verb}", args=[plan.number])


def days_said(plan: AllocationPlan, today: date) -> str:
    """The last day of a plan the units are asked about, and whether it is over; empty for every other one."""
    if plan.due_on is None or plan.state != PlanState.REVIEWING:
        return ""
    if plan.due_on < today:
        return _("期限 %(day)s，已逾期") % {"day": plan.due_on}
    return _("期限 %(day)s") % {"day": plan.due_on}
