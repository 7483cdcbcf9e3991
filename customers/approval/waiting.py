"""What the to-do centre is told: lines to answer, plans to decide, plans that came back; and what people have sent on its way
or decided."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import Actor
from cmsys.inbox.items import InboxItem, InboxSource, InPlace
from customers.approval.forms import AnswerForm
from customers.approval.selectors import (
    plans_returned,
    plans_to_decide,
    plans_with_sides,
    waiting_sides,
)
from customers.planning.choices import Verdict
from customers.planning.models import AllocationPlan, LineSide, PlanStep
from customers.planning.permissions import PLAN_AGREE, PLAN_APPROVE, PLAN_EDIT
from customers.planning.transitions import PLAN


def _review_url(plan: Any) -> str:
    return reverse("allocation_reviews_detail", args=[plan.number])


def _plan_url(plan: Any) -> str:
    return reverse("allocation_plans_detail", args=[plan.number])


def to_answer(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """待我处理 of a reviewer, a plan each; agreeing in place only where nothing at all is flagged. Two queries."""
    plans = list(plans_with_sides(actor, today).select_related("unit")[:limit])
    counted = waiting_sides(actor, today).filter(plan__in=plans).order_by().values("plan")
    counts = {
        row["plan"]: row for row in counted.annotate(n=Count("pk"), odd=Count("pk", filter=Q(flagged=True)))
    }
    return [_answer_item(plan, counts[plan.pk]) for plan in plans if plan.pk in counts]


def _answer_item(plan: Any, count: dict[str, int]) -> InboxItem:
    in_place = None
    if not count["odd"]:
        fields = (("verdict", AnswerForm.ALL), ("version", plan.submitted_at.isoformat()))
        in_place = InPlace(_("同意全部"), reverse("allocation_reviews_answer", args=[plan.number]), fields)
    detail = _("%(unit)s · 待审核 %(n)d 户") % {"unit": plan.unit.name, "n": count["n"]}
    if count["odd"]:
        detail += _("，其中 %(n)d 户有提示") % {"n": count["odd"]}
    return InboxItem(
        title=_("审核分客方案 %(number)s") % {"number": plan.number}, detail=detail, url=_review_url(plan),
        at=plan.submitted_at, due_on=plan.due_on, state=str(plan.get_state_display()), in_place=in_place,
    )  # fmt: skip


def to_decide(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """待我处理 of the head: one query."""
    rows = plans_to_decide(actor, today).select_related("unit")[:limit]
    return [
        InboxItem(
            title=_("审批分客方案 %(number)s") % {"number": plan.number},
            detail=_("%(unit)s · 移动 %(moves)d 户，首次分配 %(first)d 户") % {"unit": plan.unit.name, "moves": plan.moves, "first": plan.first},
            url=reverse("allocation_plans_approve", args=[plan.number]), at=plan.moved_at or plan.updated_at,
            state=str(plan.get_state_display()),
        )
        for plan in rows
    ]  # fmt: skip


def to_mend(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """待我处理 of the planners: plans the head has sent back; one query."""
    rows = plans_returned(actor).select_related("unit").order_by("-moved_at", "-pk")[:limit]
    return [_plan_item(_("分客方案 %(number)s 被退回，请调整"), plan) for plan in rows]


def submitted(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """我发起 of a planner: what he has submitted, newest first; one query."""
    rows = AllocationPlan.objects.reached_by(actor, PLAN_EDIT).filter(submitted_by=actor.actor_id)
    rows = rows.select_related("unit").order_by(F("submitted_at").desc(nulls_last=True), "-pk")[:limit]
    return [_plan_item(_("分客方案 %(number)s"), plan) for plan in rows]


def _plan_item(title: str, plan: Any) -> InboxItem:
    return InboxItem(
        title=title % {"number": plan.number}, detail=f"{plan.unit.name} · {plan.moved_by}", url=_plan_url(plan),
        at=plan.moved_at or plan.updated_at, due_on=plan.due_on, state=str(plan.get_state_display()),
    )  # fmt: skip


def answered(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """已办 of a reviewer: his own answers, newest first; only plans he still sees. One query."""
    seen = LineSide.objects.visible_to(actor).values("plan")
    return [
        _step_item(step, _review_url(step.plan), _answer_said(step))
        for step in _steps(actor, ("answer",)).filter(plan__in=seen)[:limit]
    ]


def decided(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """已办 of the head: what he has approved and sent back; one query."""
    seen = AllocationPlan.objects.reached_by(actor, PLAN_APPROVE).values("pk")
    steps = _steps(actor, ("approve", "return")).filter(plan__in=seen)[:limit]
    return [_step_item(step, _plan_url(step.plan), str(PLAN[step.verb].label)) for step in steps]


def _steps(actor: Actor, verbs: tuple[str, ...]) -> QuerySet[Any]:
    rows = PlanStep.objects.filter(actor=actor.actor_id, verb__in=verbs).select_related("plan__unit")
    return rows.order_by("-at", "-pk")


def _answer_said(step: Any) -> str:
    return _("%(what)s %(n)d 户") % {"what": Verdict(step.data["verdict"]).label, "n": step.data["lines"]}


def _step_item(step: Any, url: str, said: str) -> InboxItem:
    return InboxItem(
        title=_("分客方案 %(number)s：%(said)s") % {"number": step.plan.number, "said": said},
        detail=" · ".join(part for part in (step.plan.unit.name, step.reason) if part), url=url, at=step.at,
        state=str(step.plan.get_state_display()),
    )  # fmt: skip


SOURCES = (
    InboxSource(
        "plan_review", gettext_lazy("方案审核"), 60, plans_with_sides, to_answer, done=answered, function=PLAN_AGREE
    ),
    InboxSource(
        "plan_approve", gettext_lazy("方案审批"), 61, plans_to_decide, to_decide, done=decided, function=PLAN_APPROVE
    ),
    InboxSource(
        "plan_returned", gettext_lazy("退回的方案"), 62, lambda actor, today: plans_returned(actor), to_mend,
        begun=submitted, function=PLAN_EDIT,
    ),
)  # fmt: skip
