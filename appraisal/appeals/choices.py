"""States, grounds, outcomes and causes of appeals and improvement plans."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from appraisal.grading.choices import DecisionState


class AppealState(models.TextChoices):
    """Where an appeal stands (docs/states/appeal.md)."""

    LODGED = "lodged", _("待受理")
    HEARING = "hearing", _("办理中")
    DECIDED = "decided", _("已答复")
    WITHDRAWN = "withdrawn", _("已撤回")


OPEN_APPEALS = (AppealState.LODGED, AppealState.HEARING)


class Ground(models.TextChoices):
    """申诉理由的类别."""

    DATA = "data", _("数据有误")
    UNFAIR = "unfair", _("评分不公")
    PROCEDURE = "procedure", _("程序问题")
    OTHER = "other", _("其他")


class Outcome(models.TextChoices):
    """What became of it."""

    UPHELD = "upheld", _("成立")
    PARTLY = "partly", _("部分成立")
    REJECTED = "rejected", _("不成立")


class Remedy(models.TextChoices):
    """What follows from the outcome for the grade."""

    NONE = "none", _("维持原等级变更")
    OVERTURN = "overturn", _("撤销降级，恢复原等级")
    GRADE = "grade", _("改定为更高的等级")
    REVIEW = "review", _("退回重新复核")
    DATA = "data", _("更正数据后重新定级")


class PlanState(models.TextChoices):
    """Where an improvement plan stands (docs/states/improvement_plan.md)."""

    DRAFT = "draft", _("待拟定")
    SIGNING = "signing", _("待本人签署")
    ACTIVE = "active", _("执行中")
    PASSED = "passed", _("已通过")
    FAILED = "failed", _("未通过")
    CANCELLED = "cancelled", _("已取消")


OPEN_PLANS = (PlanState.DRAFT, PlanState.SIGNING, PlanState.ACTIVE)


class PlanCause(models.TextChoices):
    """Why a plan was opened."""

    DEMOTION = "demotion", _("降级")
    QUADRANT = "quadrant", _("矩阵位置")
    MANUAL = "manual", _("主管提出")


class Progress(models.TextChoices):
    """What a check-point found."""

    ON_TRACK = "on_track", _("达到进度")
    BEHIND = "behind", _("未达到进度")


# A decision the person has been told and that still stands: these can be appealed.
TOLD = (DecisionState.ON_NOTICE, DecisionState.SERVED, DecisionState.CLEARED, DecisionState.EFFECTIVE)
BEFORE_EFFECT = (DecisionState.ON_NOTICE, DecisionState.SERVED, DecisionState.CLEARED)

# Working days in which an appeal is to be answered, from the day it was lodged.
ANSWER_DAYS = 15
# Months a plan takes unless the supervisor sets another end.
PLAN_MONTHS = 3
# Working days in which the supervisor is to draw a plan up.
DRAFT_DAYS = 10
