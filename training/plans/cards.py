"""The cards of a plan's page, and what the pages of a sheet and of a person show of plans."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.permissions import SHEET_VIEW
from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from managers.profiles.models import RelationshipManager
from training.plans.adapters import lines_of
from training.plans.choices import ItemState, PlanState
from training.plans.engine import weak
from training.plans.models import TrainingPlan
from training.plans.permissions import PLAN_PROPOSE, PLAN_TRACK
from training.plans.resources import PLANS, TONES, overdue

NEWEST = 6


def items_card(request: SignedInRequest, plan: Any) -> str:
    """The courses with what made them necessary; scores only for who may open the sheet."""
    asked = {function for function in (PLAN_PROPOSE, PLAN_TRACK) if may(request.user, function)}
    reached = PLANS.within_reach(request.user, asked, plan)
    shown = ScoreSheet.objects.visible_to(request.user, "view").filter(pk=plan.sheet_id).exists()
    rows = []
    for item in plan.items.select_related("course__competency"):
        urls = {
            "remove": PLAN_PROPOSE in reached and plan.state == PlanState.PROPOSED,
            "result": PLAN_TRACK in reached
            and plan.state == PlanState.AGREED
            and item.state == ItemState.PLANNED,
        }
        rows.append(
            {
                "item": item,
                "tone": {"completed": "good", "failed": "bad", "cancelled": ""}.get(item.state, "info"),
                **{
                    name: reverse(f"training_plan_item_{name}", args=[plan.pk, item.pk]) if allowed else ""
                    for name, allowed in urls.items()
                },
            }
        )
    context = {"rows": rows, "plan": plan, "shown": shown and may(request.user, SHEET_VIEW)}
    return render_to_string("plans/cards/items.html", context, request=request)


def agreement_card(request: SignedInRequest, plan: Any) -> str:
    """Who has agreed, and when."""
    return render_to_string("plans/cards/agreement.html", {"plan": plan}, request=request)


def sheet_card(request: SignedInRequest, sheet: ScoreSheet) -> str:
    """The plan of a sheet; without one, what is weak and the button that proposes one, for those who may."""
    plan = (
        TrainingPlan.objects.visible_to(request.user, "view")
        .filter(sheet=sheet)
        .exclude(state=PlanState.DROPPED)
        .first()
    )
    weaknesses = weak(lines_of(sheet)) if plan is None else []
    allowed = (
        plan is None and bool(weaknesses) and may(request.user, PLAN_PROPOSE)
        and ScoreSheet.objects.reached_by(request.user, PLAN_PROPOSE).filter(pk=sheet.pk).exists()
    )  # fmt: skip
    if plan is None and not weaknesses:
        return ""
    context = {
        "plan": plan, "weaknesses": weaknesses, "tone": TONES[PlanState(plan.state)] if plan else "",
        "propose": reverse("training_plan_propose", args=[sheet.pk]) if allowed else "",
    }  # fmt: skip
    return render_to_string("plans/cards/sheet.html", context, request=request)


def manager_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """The newest plans of a person."""
    rows: Any = TrainingPlan.objects.visible_to(request.user, "view").filter(manager=manager)
    plans = rows.select_related("sheet__cycle").order_by("-starts_on", "-pk")[:NEWEST]
    items = [
        {
            "plan": plan, "url": reverse("training_plans_detail", args=[plan.pk]),
            "tone": "bad" if overdue(plan) else TONES[plan.state], "overdue": overdue(plan),
        }
        for plan in plans
    ]  # fmt: skip
    return render_to_string("plans/cards/plans.html", {"items": items}, request=request) if items else ""
