"""What people are told of a plan on its way, each thing once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.inbox.sending import message_send
from customers.planning.models import AllocationPlan, PlanStep

KIND = "plan"


def page_of(plan: AllocationPlan) -> str:
    """The plan's own page."""
    return reverse("allocation_plans_detail", args=[plan.number])


def review_of(plan: AllocationPlan) -> str:
    """Where its lines are answered."""
    return reverse("allocation_reviews_detail", args=[plan.number])


def tell_reviewers(people: Iterable[int], plan: AllocationPlan, step: PlanStep, now: datetime) -> None:
    """A plan waits for the answer of their units."""
    title = _("分客方案 %(number)s 请您审核，%(due)s 前答复") % {"number": plan.number, "due": plan.due_on}
    body = _("%(unit)s · 移动 %(moves)d 户，首次分配 %(first)d 户") % {
        "unit": plan.unit.name, "moves": plan.moves, "first": plan.first,
    }  # fmt: skip
    message_send(people, kind=KIND, key=f"plan:{plan.pk}:review:{step.pk}", title=title, body=body, url=review_of(plan), now=now)  # fmt: skip


def tell_recalled(people: Iterable[int], plan: AllocationPlan, step: PlanStep, now: datetime) -> None:
    """Nothing is to be answered any more."""
    title = _("分客方案 %(number)s 已撤回，无需再审核") % {"number": plan.number}
    message_send(
        people,
        kind=KIND,
        key=f"plan:{plan.pk}:recall:{step.pk}",
        title=title,
        body=step.reason[:500],
        now=now,
    )


def tell_heads(people: Iterable[int], plan: AllocationPlan, step: PlanStep, now: datetime) -> None:
    """All units have answered; the head decides."""
    title = _("分客方案 %(number)s 请您审批") % {"number": plan.number}
    body = _("%(unit)s · 部门审核完毕：同意 %(agreed)d 户，不同意 %(refused)d 户") % {
        "unit": plan.unit.name, **{key: step.data[key] for key in ("agreed", "refused")},
    }  # fmt: skip
    message_send(people, kind=KIND, key=f"plan:{plan.pk}:decide:{step.pk}", title=title, body=body, url=page_of(plan), now=now)  # fmt: skip


def tell_planners(people: Iterable[int], plan: AllocationPlan, step: PlanStep, title: str, body: str) -> None:
    """What became of what they submitted."""
    message_send(people, kind=KIND, key=f"plan:{plan.pk}:{step.verb}:{step.pk}", title=title, body=body[:500], url=page_of(plan), now=step.at)  # fmt: skip


def remind_reviewers(people: Iterable[int], plan: AllocationPlan, now: datetime, today: date) -> None:
    """They have not answered; at most once a day."""
    title = _("催办：分客方案 %(number)s 等您审核（期限 %(due)s）") % {
        "number": plan.number,
        "due": plan.due_on,
    }
    message_send(people, kind=KIND, key=f"plan:{plan.pk}:remind:{today}", title=title, body=plan.unit.name, url=review_of(plan), now=now)  # fmt: skip


def remind_heads(people: Iterable[int], plan: AllocationPlan, now: datetime, today: date) -> None:
    """It waits for their decision; at most once a day."""
    title = _("催办：分客方案 %(number)s 等您审批") % {"number": plan.number}
    message_send(people, kind=KIND, key=f"plan:{plan.pk}:remind:{today}", title=title, body=plan.unit.name, url=page_of(plan), now=now)  # fmt: skip


def tell_late(people: Iterable[int], plan: AllocationPlan, waiting: int, now: datetime) -> None:
    """The units let their last day pass; once for a submission."""
    title = _("分客方案 %(number)s 逾期未审核完（期限 %(due)s）") % {
        "number": plan.number,
        "due": plan.due_on,
    }
    body = _("还有 %(n)d 项意见未答复，已提醒有关机构；您也可以退回方案。") % {"n": waiting}
    at = plan.submitted_at.isoformat() if plan.submitted_at else ""
    message_send(
        people, kind=KIND, key=f"plan:{plan.pk}:late:{at}", title=title, body=body, url=page_of(plan), now=now
    )
