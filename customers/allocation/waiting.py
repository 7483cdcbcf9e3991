"""Evaluation sheets that wait for a confirmation: of human resources, of the head."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import Actor
from cmsys.access.functions import Function
from cmsys.inbox.items import InboxItem, InboxSource
from customers.allocation.models import EvaluationState, StaffEvaluation
from customers.allocation.permissions import EVALUATION_HEAD, EVALUATION_HR


def _rows(actor: Actor, function: Function, side: str) -> Any:
    """Within reach, not confirmed by that side, not confirmed by the reader for the other one, not his own."""
    rows: Any = StaffEvaluation.objects.reached_by(actor, function)
    other = "head_by" if side == "hr_by" else "hr_by"
    rows = rows.filter(state=EvaluationState.DRAFT, **{f"{side}__isnull": True}).exclude(
        **{other: actor.actor_id}
    )
    number = getattr(actor, "employee_no", None)
    return rows.exclude(manager__employee_no=number) if number else rows


def _items(rows: Any, limit: int) -> list[InboxItem]:
    found = rows.select_related("manager__unit").order_by("updated_at", "pk")[:limit]
    return [
        InboxItem(
            title=_("%(name)s的员工评估") % {"name": sheet.manager.name}, at=sheet.updated_at,
            detail=_("%(unit)s · 综合评价 %(merit)s") % {"unit": sheet.manager.unit.name, "merit": sheet.merit},
            url=reverse("staff_evaluations_detail", args=[sheet.pk]),
        )
        for sheet in found
    ]  # fmt: skip


PERSONNEL = InboxSource(
    "allocation.evaluation_hr", gettext_lazy("待人力资源确认的员工评估"), 60,
    waits=lambda actor, today: _rows(actor, EVALUATION_HR, "hr_by"),
    items=lambda actor, today, limit: _items(_rows(actor, EVALUATION_HR, "hr_by"), limit), function=EVALUATION_HR,
)  # fmt: skip
HEAD = InboxSource(
    "allocation.evaluation_head", gettext_lazy("待主管确认的员工评估"), 61,
    waits=lambda actor, today: _rows(actor, EVALUATION_HEAD, "head_by"),
    items=lambda actor, today, limit: _items(_rows(actor, EVALUATION_HEAD, "head_by"), limit), function=EVALUATION_HEAD,
)  # fmt: skip
