"""GradeAppeal, ImprovementPlan, and the steps taken on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.appeals import permissions
from appraisal.appeals.choices import (
    AppealState,
    Ground,
    Outcome,
    PlanCause,
    PlanState,
    Progress,
    Remedy,
)
from appraisal.grading.models import GradeDecision
from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from managers.careers.models import Grade
from managers.profiles.models import RelationshipManager


def hidden(_value: str) -> str:
    """What somebody pleads stays in his case; the ledger says only that he did."""
    return "***"


class CaseStep(models.Model):
    """One act on a case, as its page shows them in order (经过). `on_behalf` is the principal when a deputy acted;
    the same form (`nonce`) sent twice is one step."""

    verb = models.CharField(_("动作"), max_length=20)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_name = models.CharField(_("操作人"), max_length=120)
    on_behalf = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    from_state = models.CharField(max_length=12)
    to_state = models.CharField(max_length=12)
    reason = models.CharField(_("内容"), max_length=2000, blank=True)
    nonce = models.CharField(max_length=40, null=True, blank=True, unique=True)
    at = models.DateTimeField(_("时间"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%Y-%m-%d %H:%M}"


class GradeAppeal(models.Model):
    """申诉: the person himself pleads against a decision about his grade, once it is known to him and within the window.

    `told_on` and `window_ends_on` are the days the window was reckoned from and to when it was lodged. Whoever hears it
    has decided nothing before, and what he decides is never worse than the decision was. `suspended`: the decision waits
    for the answer although its day has come.
    """

    resource: ClassVar[str] = "appeals"
    audit_masks: ClassVar[Mapping[str, Mask]] = {"text": hidden, "wish": hidden, "answer": hidden}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.APPEAL_VIEW,
        "lodge": permissions.APPEAL_LODGE,
        "comment": permissions.APPEAL_COMMENT,
        "handle": permissions.APPEAL_HANDLE,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="decision__unit__path",
        line="decision__manager__line_id",
        employee_no="decision__manager__employee_no",
    )

    id = models.BigAutoField(primary_key=True)
    decision = models.ForeignKey(
        GradeDecision, verbose_name=_("等级变更"), on_delete=models.PROTECT, related_name="appeals"
    )
    # The grade the decision gave when it was appealed against: nothing that follows may be lower.
    against = models.ForeignKey(
        Grade,
        verbose_name=_("申诉时的结果"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    ground = models.CharField(_("理由类别"), max_length=12, choices=Ground.choices)
    text = models.CharField(_("事实与理由"), max_length=2000)
    wish = models.CharField(_("请求"), max_length=500)
    state = models.CharField(
        _("状态"), max_length=12, choices=AppealState.choices, default=AppealState.LODGED
    )
    told_on = models.DateField(_("知悉日期"))
    window_ends_on = models.DateField(_("申诉截止日"))
    lodged_at = models.DateTimeField(_("提出时间"))
    due_on = models.DateField(_("答复期限"))
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("办理人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="handled_appeals",
    )  # fmt: skip
    suspended = models.BooleanField(_("暂缓生效"), default=False)
    outcome = models.CharField(_("结论"), max_length=10, choices=Outcome.choices, blank=True)
    remedy = models.CharField(_("处理"), max_length=10, choices=Remedy.choices, blank=True)
    new_grade = models.ForeignKey(
        Grade, verbose_name=_("改定等级"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answer = models.CharField(_("答复理由"), max_length=2000, blank=True)
    decided_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("逾期催办时间"), null=True, blank=True, editable=False)
    moved_at = models.DateTimeField(_("最近办理时间"), null=True, blank=True, editable=False)
    moved_by = models.CharField(_("最近办理人"), max_length=120, blank=True, editable=False)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("申诉")
        ordering = ["-lodged_at", "-pk"]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="appeals_appeal_updated"),
            models.Index(
                fields=["due_on"], name="appeals_appeal_due", condition=Q(state__in=("lodged", "hearing"))
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["decision"], condition=Q(state__in=("lodged", "hearing")), name="appeals_one_open",
                violation_error_message=_("对这项等级变更已经提出申诉，正在办理"),
            ),
            models.CheckConstraint(
                condition=Q(state="decided", decided_at__isnull=False)
                & ~Q(outcome="")
                & ~Q(remedy="")
                & ~Q(answer="")
                | ~Q(state="decided") & Q(outcome="", remedy="", decided_at__isnull=True),
                name="appeals_appeal_decided",
            ),
            models.CheckConstraint(
                condition=Q(state="hearing", handler__isnull=False)
                | Q(state="lodged", handler__isnull=True, suspended=False)
                | Q(state__in=("decided", "withdrawn"), suspended=False),
                name="appeals_appeal_handler",
            ),
            models.CheckConstraint(
                condition=Q(window_ends_on__gte=F("told_on")), name="appeals_appeal_window"
            ),
            models.CheckConstraint(
                condition=Q(remedy="grade", new_grade__isnull=False)
                | Q(remedy="overturn")
                | Q(remedy__in=("", "none", "review", "data"), new_grade__isnull=True),
                name="appeals_appeal_grade",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.decision.manager} {self.decision.cycle}"


class AppealStep(CaseStep):
    """One act on an appeal."""

    case = models.ForeignKey(GradeAppeal, on_delete=models.CASCADE, related_name="steps", db_index=False)

    class Meta:
        verbose_name = _("申诉经过")
        ordering = ["case", "pk"]
        indexes = [models.Index(fields=["case", "id"], name="appeals_step_order")]


class ImprovementPlan(models.Model):
    """改进计划: what somebody is to reach by when, who helps him, what the check-points found, and the result.

    Opened by itself when a demotion takes effect or the decision leaves the person in a cell whose strategy is
    improvement; by the supervisor at any time. One at a time for a person. `ends_on` is the last day.
    """

    resource: ClassVar[str] = "improvement-plans"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.PLAN_VIEW,
        "edit": permissions.PLAN_EDIT,
        "sign": permissions.PLAN_SIGN,
        "cancel": permissions.PLAN_CANCEL,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="manager__unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    id = models.BigAutoField(primary_key=True)
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("客户经理"), on_delete=models.PROTECT,
        related_name="improvement_plans",
    )  # fmt: skip
    decision = models.OneToOneField(
        GradeDecision, verbose_name=_("等级变更"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="improvement_plan",
    )  # fmt: skip
    cause = models.CharField(_("起因"), max_length=10, choices=PlanCause.choices)
    note = models.CharField(_("起因说明"), max_length=300)
    state = models.CharField(_("状态"), max_length=12, choices=PlanState.choices, default=PlanState.DRAFT)
    goal = models.CharField(_("改进目标"), max_length=500, blank=True)
    coach = models.CharField(_("辅导人"), max_length=80, blank=True)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"))
    due_on = models.DateField(_("拟定期限"))
    supervisor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("签字主管"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    issued_at = models.DateTimeField(_("主管签字时间"), null=True, blank=True)
    signed_at = models.DateTimeField(_("本人签署时间"), null=True, blank=True)
    opinion = models.CharField(_("本人意见"), max_length=500, blank=True)
    # Who saw that the person would not sign; empty where he signed.
    witness = models.CharField(_("见证人"), max_length=80, blank=True)
    result = models.CharField(_("认定理由"), max_length=2000, blank=True)
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    opened_at = models.DateTimeField(_("建立时间"))
    moved_at = models.DateTimeField(_("最近办理时间"), null=True, blank=True, editable=False)
    moved_by = models.CharField(_("最近办理人"), max_length=120, blank=True, editable=False)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("改进计划")
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="appeals_plan_updated"),
            models.Index(fields=["state", "ends_on"], name="appeals_plan_state"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["manager"], condition=Q(state__in=("draft", "signing", "active")),
                name="appeals_one_open_plan", violation_error_message=_("已有一份未办结的改进计划"),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")), name="appeals_plan_period",
                violation_error_message=_("结束日期须晚于开始日期"),
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "cancelled"))
                | Q(state="signing", issued_at__isnull=False)
                | Q(state__in=("active", "passed", "failed"), issued_at__isnull=False)
                & (Q(signed_at__isnull=False) | ~Q(witness="")),
                name="appeals_plan_signed",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("passed", "failed", "cancelled"), closed_at__isnull=False)
                | Q(state__in=("draft", "signing", "active"), closed_at__isnull=True),
                name="appeals_plan_closed",
            ),
            models.CheckConstraint(
                condition=~Q(cause="demotion") | Q(decision__isnull=False), name="appeals_plan_cause"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.manager} {self.starts_on}"


class PlanMeasure(models.Model):
    """改进措施: what is to be done until when, and how one sees that it was."""

    plan = models.ForeignKey(ImprovementPlan, on_delete=models.CASCADE, related_name="measures")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(_("措施"), max_length=300)
    how = models.CharField(_("衡量办法"), max_length=300)
    due_on = models.DateField(_("完成期限"))

    class Meta:
        verbose_name = _("改进措施")
        ordering = ["plan", "position"]
        constraints = [models.UniqueConstraint(fields=["plan", "position"], name="appeals_measure_position")]

    def __str__(self) -> str:
        return self.text


class PlanCheck(models.Model):
    """检查点: a day on which the supervisor looks how far it has come, and what he found."""

    plan = models.ForeignKey(ImprovementPlan, on_delete=models.CASCADE, related_name="checks")
    on = models.DateField(_("检查日期"))
    progress = models.CharField(_("结果"), max_length=10, choices=Progress.choices, blank=True)
    note = models.CharField(_("检查情况"), max_length=1000, blank=True)
    recorded_at = models.DateTimeField(_("登记时间"), null=True, blank=True)
    recorded_by = models.CharField(_("登记人"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("检查点")
        ordering = ["plan", "on"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "on"], name="appeals_check_once"),
            models.CheckConstraint(
                condition=Q(recorded_at__isnull=True, progress="")
                | Q(recorded_at__isnull=False) & ~Q(progress="") & ~Q(note=""),
                name="appeals_check_recorded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on}"


class PlanStep(CaseStep):
    """One act on an improvement plan."""

    case = models.ForeignKey(ImprovementPlan, on_delete=models.CASCADE, related_name="steps", db_index=False)

    class Meta:
        verbose_name = _("改进计划经过")
        ordering = ["case", "pk"]
        indexes = [models.Index(fields=["case", "id"], name="appeals_plan_step_order")]
