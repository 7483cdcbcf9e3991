"""The states of a grade decision and what clients call them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RoundState(models.TextChoices):
    """A round collects proposals, is reviewed, and is closed when nothing of it is pending any more."""

    DRAFT = "draft", _("待提交")
    REVIEW = "review", _("复核中")
    CLOSED = "closed", _("已办结")


class DecisionState(models.TextChoices):
    """Where a decision stands (docs/states/grade_decision.md)."""

    DRAFTED = "drafted", _("待提交")
    IN_REVIEW = "in_review", _("待复核")
    RETURNED = "returned", _("已退回")
    REVIEWED = "reviewed", _("待审定")
    CONFIRMED = "confirmed", _("已审定")
    ON_NOTICE = "on_notice", _("公示中")
    SERVED = "served", _("已送达")
    CLEARED = "cleared", _("公示期满")
    EFFECTIVE = "effective", _("已生效")
    SUPERSEDED = "superseded", _("已被取代")
    WITHDRAWN = "withdrawn", _("已撤销")


# Still being decided: before any of the last three.
PENDING = (
    DecisionState.DRAFTED, DecisionState.IN_REVIEW, DecisionState.RETURNED, DecisionState.REVIEWED,
    DecisionState.CONFIRMED, DecisionState.ON_NOTICE, DecisionState.SERVED, DecisionState.CLEARED,
)  # fmt: skip


class GradeStatus(models.TextChoices):
    """What REST clients read (interfaces 5)."""

    PROPOSED = "proposed", _("已建议")
    REVIEWED = "reviewed", _("已复核")
    CONFIRMED = "confirmed", _("已审定")
    PUBLISHED = "published", _("已公示")
    EFFECTIVE = "effective", _("已生效")
    SUPERSEDED = "superseded", _("已被取代")
    WITHDRAWN = "withdrawn", _("已撤销")


STATUS_OF: dict[str, str] = {
    DecisionState.DRAFTED.value: GradeStatus.PROPOSED.value,
    DecisionState.IN_REVIEW.value: GradeStatus.PROPOSED.value,
    DecisionState.RETURNED.value: GradeStatus.PROPOSED.value,
    DecisionState.REVIEWED.value: GradeStatus.REVIEWED.value,
    DecisionState.CONFIRMED.value: GradeStatus.CONFIRMED.value,
    # A demotion is served, never published: clients without the second scope meet it when it is in effect.
    DecisionState.SERVED.value: GradeStatus.CONFIRMED.value,
    DecisionState.ON_NOTICE.value: GradeStatus.PUBLISHED.value,
    DecisionState.CLEARED.value: GradeStatus.PUBLISHED.value,
    DecisionState.EFFECTIVE.value: GradeStatus.EFFECTIVE.value,
    DecisionState.SUPERSEDED.value: GradeStatus.SUPERSEDED.value,
    DecisionState.WITHDRAWN.value: GradeStatus.WITHDRAWN.value,
}
PUBLIC = (GradeStatus.PUBLISHED, GradeStatus.EFFECTIVE, GradeStatus.SUPERSEDED, GradeStatus.WITHDRAWN)


class Flag(models.TextChoices):
    """Why somebody must look at a case by itself, as far as it comes from what was done with it; flags that come from
    its figures are worked out by flags.py. Stored as {"code": …}."""

    FAR = "far", _("建议跨级调整")
    NO_GRADE = "no_grade", _("现在没有等级")
    UNKNOWN_GRADE = "unknown_grade", _("方案里的等级没有在系统里定义")
    VOIDED = "voided", _("数据变动，原意见作废，按新结果重新办理")
    RETURNED = "returned", _("曾被退回")
    AMENDED = "amended", _("已调整，与系统建议不同")
    EXCEPTIONAL = "exceptional", _("破格")
    UPHELD = "upheld", _("异议或申诉成立，重新办理")
    TROUBLE = "trouble", _("到期未能生效")
