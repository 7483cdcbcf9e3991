"""What waits in the to-do centre: appeals to hear and to comment on, plans to draw up, to check and to sign."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.appeals.choices import PlanState
from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.appeals.permissions import (
    APPEAL_COMMENT,
    APPEAL_HANDLE,
    APPEAL_LODGE,
    PLAN_EDIT,
    PLAN_SIGN,
)
from appraisal.appeals.selectors import (
    appeals_to_comment,
    appeals_to_handle,
    plans_to_sign,
    plans_to_work_on,
)
from cmsys.access.actors import Actor
from cmsys.inbox.items import InboxItem, InboxSource

PERSON = ("decision__manager", "decision__unit", "decision__cycle")


def register_sources(add: Any) -> None:
    """Hands the sources of the room to the to-do centre."""
    add(
        InboxSource(
            "appeals_hear", gettext_lazy("申诉"), 40, lambda actor, today: appeals_to_handle(actor, today),
            _to_handle, begun=_lodged, done=_answered, function=APPEAL_HANDLE,
        )
    )  # fmt: skip
    add(
        InboxSource(
            "appeals_lodged", gettext_lazy("我的申诉"), 41, lambda actor, today: 0, lambda actor, today, limit: [],
            begun=_lodged, function=APPEAL_LODGE,
        )
    )  # fmt: skip
    add(
        InboxSource(
            "appeals_comment", gettext_lazy("申诉说明"), 42,
            lambda actor, today: appeals_to_comment(actor, today), _to_comment, function=APPEAL_COMMENT,
        )
    )  # fmt: skip
    add(
        InboxSource(
            "improvement_plans", gettext_lazy("改进计划"), 45,
            lambda actor, today: plans_to_work_on(actor, today), _to_work_on, done=_closed,
            function=PLAN_EDIT,
        )
    )  # fmt: skip
    add(
        InboxSource(
            "improvement_plans_sign", gettext_lazy("签署改进计划"), 46,
            lambda actor, today: plans_to_sign(actor), _to_sign, function=PLAN_SIGN,
        )
    )  # fmt: skip


def _appeals(rows: QuerySet[Any], limit: int) -> list[InboxItem]:
    return [
        InboxItem(
            _("%(name)s的申诉（%(ground)s）") % {"name": row.decision.manager.name, "ground": row.get_ground_display()},
            f"{row.decision.cycle.period} · {row.decision.unit.name}", reverse("appeals_detail", args=[row.pk]),
            row.lodged_at, row.due_on, row.get_state_display(),
        )
        for row in rows.select_related(*PERSON)[:limit]
    ]  # fmt: skip


def _to_handle(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    return _appeals(appeals_to_handle(actor, today), limit)


def _to_comment(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    return _appeals(appeals_to_comment(actor, today), limit)


def _lodged(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows = GradeAppeal.objects.reached_by(actor, APPEAL_LODGE).order_by("-lodged_at", "-pk")
    return _appeals(rows, limit)


def _answered(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows = GradeAppeal.objects.reached_by(actor, APPEAL_HANDLE)
    return _appeals(
        rows.filter(state="decided", handler=actor.actor_id).order_by("-decided_at", "-pk"), limit
    )


def _plans(rows: QuerySet[Any], limit: int, today: date) -> list[InboxItem]:
    return [
        InboxItem(
            _("%(name)s的改进计划：%(what)s") % {"name": row.manager.name, "what": _to_do(row, today)},
            row.note, reverse("improvement_plans_detail", args=[row.pk]), row.moved_at or row.opened_at, _due(row, today),
            row.get_state_display(),
        )
        for row in rows.select_related("manager").prefetch_related("checks")[:limit]
    ]  # fmt: skip


def _to_do(plan: Any, today: date) -> str:
    if plan.state == PlanState.DRAFT:
        return _("拟定")
    if plan.state == PlanState.SIGNING:
        return _("签署")
    return _("登记检查情况") if _next_check(plan, today) is not None else _("认定结果")


def _next_check(plan: Any, today: date) -> date | None:
    days = [check.on for check in plan.checks.all() if check.recorded_at is None and check.on <= today]
    return min(days, default=None)


def _due(plan: Any, today: date) -> date:
    if plan.state != PlanState.ACTIVE:
        due: date = plan.due_on
        return due
    return _next_check(plan, today) or plan.ends_on


def _to_work_on(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    return _plans(plans_to_work_on(actor, today), limit, today)


def _to_sign(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    return _plans(plans_to_sign(actor), limit, today)


def _closed(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows = ImprovementPlan.objects.reached_by(actor, PLAN_EDIT).filter(closed_at__isnull=False)
    return _plans(rows.order_by("-closed_at", "-pk"), limit, today)
