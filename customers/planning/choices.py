"""Where a plan, a line, and a side of a line stand."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PlanState(models.TextChoices):
    """Where a plan stands."""

    COMPUTING = "computing", _("计算中")
    DRAFT = "draft", _("草案")
    IMPOSSIBLE = "impossible", _("无法满足")
    FAILED = "failed", _("计算失败")
    REVIEWING = "reviewing", _("部门审核")
    DECIDING = "deciding", _("领导审批")
    APPROVED = "approved", _("待执行")
    APPLYING = "applying", _("执行中")
    APPLIED = "applied", _("已执行")
    REVERTING = "reverting", _("撤回中")
    REVERTED = "reverted", _("已撤回")
    DISCARDED = "discarded", _("已放弃")


# States in which there is a plan with lines and figures.
SOLVED = (
    PlanState.DRAFT, PlanState.REVIEWING, PlanState.DECIDING, PlanState.APPROVED, PlanState.APPLYING, PlanState.APPLIED,
    PlanState.REVERTING, PlanState.REVERTED,
)  # fmt: skip


class Cause(models.TextChoices):
    """Why a plan was computed."""

    ASKED = "asked", _("人工发起")
    REVIEW = "review", _("定期复查")
    TRIGGER = "trigger", _("触发")


class LineState(models.TextChoices):
    """Where a line stands. Refused and dropped lines stay in the plan to be read; nothing is done with them."""

    PROPOSED = "proposed", _("待审")
    AGREED = "agreed", _("双方同意")
    REFUSED = "refused", _("不同意")
    APPROVED = "approved", _("已批准")
    DROPPED = "dropped", _("未批准")
    APPLIED = "applied", _("已执行")
    SKIPPED = "skipped", _("未执行")
    REVERTED = "reverted", _("已撤回")


class Side(models.TextChoices):
    """Who is asked about a line: the unit that gives the customer, the one that takes him; one unit may be both."""

    GIVING = "giving", _("移出方")
    TAKING = "taking", _("接收方")
    BOTH = "both", _("移出与接收方")


class Verdict(models.TextChoices):
    """What a side says."""

    AGREED = "agreed", _("同意")
    REFUSED = "refused", _("不同意")


class ChoiceKind(models.TextChoices):
    """What a planner has decided about a customer before the plan is computed again."""

    LOCK = "lock", _("锁定")
    BAR = "bar", _("驳回")
