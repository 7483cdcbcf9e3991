"""Who hears of a plan: the person, and the head of his unit."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from cmsys.accounts.models import User
from cmsys.inbox.sending import message_send
from training.plans.models import TrainingPlan


def tell_person(plan: TrainingPlan, what: str, title: str, now: datetime, body: str = "") -> None:
    """A message to the person's account, if he has one; one query and an insert."""
    _send(plan, what, title, now, body, list(_accounts(plan)))


def tell_both(plan: TrainingPlan, what: str, title: str, now: datetime, body: str = "") -> None:
    """A message to the person and to the head of his unit."""
    head = plan.manager.unit.head_id
    _send(plan, what, title, now, body, [*_accounts(plan), *([head] if head else [])])


def _accounts(plan: TrainingPlan) -> list[int]:
    return list(
        User.objects.filter(employee_no=plan.manager.employee_no, is_active=True).values_list("pk", flat=True)
    )


def _send(plan: TrainingPlan, what: str, title: str, now: datetime, body: str, to: list[int]) -> None:
    message_send(
        to, kind="training", key=f"training_plan.{plan.pk}.{what}.{now:%Y%m%d%H%M%S%f}", title=title, body=body,
        url=reverse("training_plans_detail", args=[plan.pk]), now=now,
    )  # fmt: skip
