"""States of a plan and of its items, and the machine between them (docs/states/training_plan.md)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cmsys.workflow.transitions import Machine, Transition
from training.plans.permissions import PLAN_ACCEPT, PLAN_PROPOSE, PLAN_SIGN, PLAN_TRACK


class PlanState(models.TextChoices):
    """A plan counts when both have agreed."""

    PROPOSED = "proposed", _("待商定")
    AGREED = "agreed", _("执行中")
    DONE = "done", _("已完成")
    DROPPED = "dropped", _("已终止")


class ItemState(models.TextChoices):
    """How a course of a plan went."""

    PLANNED = "planned", _("待参加")
    COMPLETED = "completed", _("已完成")
    FAILED = "failed", _("未通过")
    CANCELLED = "cancelled", _("已取消")


S = PlanState
PLAN = Machine(
    "training_plan",
    dict(S.choices),
    Transition("accept", _("本人同意"), frozenset({S.PROPOSED}), S.PROPOSED, PLAN_ACCEPT),
    Transition("sign", _("主管同意"), frozenset({S.PROPOSED}), S.PROPOSED, PLAN_SIGN),
    Transition("agree", _("双方已同意"), frozenset({S.PROPOSED}), S.AGREED, None),
    Transition("result", _("登记结果"), frozenset({S.AGREED}), S.AGREED, PLAN_TRACK),
    Transition("finish", _("全部完成"), frozenset({S.AGREED}), S.DONE, None),
    Transition("drop", _("终止"), frozenset({S.PROPOSED, S.AGREED}), S.DROPPED, PLAN_PROPOSE, reason=True),
)
