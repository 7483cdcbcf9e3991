"""Who is told that a plan is there."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.inbox.sending import message_send
from cmsys.org.holders import accounts_everywhere
from customers.planning.choices import PlanState
from customers.planning.models import AllocationPlan
from customers.planning.permissions import PLAN_EDIT
from customers.planning.words import cause_said


def plan_told(plan: AllocationPlan, now: datetime) -> None:
    """Tells whoever asked for the plan, or the planners where nobody did, how it came out: also that nothing need move."""
    asked = (
        [plan.asked_by_id] if plan.asked_by_id else accounts_everywhere(PLAN_EDIT, timezone.localdate(now))
    )
    message_send(
        asked, kind="plan", key=f"plan:{plan.pk}:{plan.revision}:{plan.state}", now=now,
        title=_("分客方案 %(number)s：%(how)s") % {"number": plan.number, "how": _outcome(plan)},
        body=cause_said(plan), url=reverse("allocation_plans_detail", args=[plan.number]),
    )  # fmt: skip


def _outcome(plan: AllocationPlan) -> str:
    if plan.state == PlanState.FAILED:
        return _("计算失败")
    if plan.state == PlanState.IMPOSSIBLE:
        return _("无法满足")
    if not plan.moves + plan.first:
        return _("无需移动")
    return _("建议移动 %(moves)d 户，首次分配 %(first)d 户") % {"moves": plan.moves, "first": plan.first}
