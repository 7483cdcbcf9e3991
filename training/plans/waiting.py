"""What waits in training: plans to agree to, for the person and for his supervisor."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import Actor
from cmsys.inbox.items import InboxItem, InboxSource
from training.plans.choices import PlanState
from training.plans.models import TrainingPlan
from training.plans.permissions import PLAN_ACCEPT, PLAN_SIGN


def _to_accept(actor: Actor) -> Any:
    rows: Any = TrainingPlan.objects.reached_by(actor, PLAN_ACCEPT)
    return rows.filter(state=PlanState.PROPOSED, accepted_at__isnull=True)


def _to_sign(actor: Actor) -> Any:
    rows: Any = TrainingPlan.objects.reached_by(actor, PLAN_SIGN)
    number = getattr(actor, "employee_no", None)
    rows = rows.filter(state=PlanState.PROPOSED, signed_at__isnull=True)
    return rows.exclude(manager__employee_no=number) if number else rows


def _items(rows: Any, limit: int) -> list[InboxItem]:
    plans = rows.select_related("manager__unit", "sheet__cycle").order_by("ends_on", "pk")[:limit]
    return [
        InboxItem(
            title=_("%(name)s %(period)s 培训计划") % {"name": plan.manager.name, "period": plan.sheet.cycle.period},
            detail=plan.manager.unit.name, url=reverse("training_plans_detail", args=[plan.pk]), at=plan.updated_at,
            due_on=plan.ends_on, state=plan.get_state_display(),
        )
        for plan in plans
    ]  # fmt: skip


ACCEPT = InboxSource(
    "training.accept", gettext_lazy("待本人同意的培训计划"), 70,
    waits=lambda actor, today: _to_accept(actor),
    items=lambda actor, today, limit: _items(_to_accept(actor), limit), function=PLAN_ACCEPT,
)  # fmt: skip
SIGN = InboxSource(
    "training.sign", gettext_lazy("待主管同意的培训计划"), 71,
    waits=lambda actor, today: _to_sign(actor),
    items=lambda actor, today, limit: _items(_to_sign(actor), limit), function=PLAN_SIGN,
)  # fmt: skip
