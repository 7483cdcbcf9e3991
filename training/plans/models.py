"""TrainingPlan and PlanItem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.scoring.models import ScoreSheet
from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from managers.profiles.models import RelationshipManager
from training.courses.models import Course
from training.plans import permissions
from training.plans.choices import ItemState, PlanState


class TrainingPlan(models.Model):
    """培训计划: what one person is to learn by when, because of what his score sheet shows.

    It counts when both the person and his supervisor have agreed; changing an item takes both agreements back. The cost
    is the sum of its courses.
    """

    resource: ClassVar[str] = "training-plans"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "list": permissions.PLAN_LIST,
        "view": permissions.PLAN_VIEW,
        "propose": permissions.PLAN_PROPOSE,
        "sign": permissions.PLAN_SIGN,
        "accept": permissions.PLAN_ACCEPT,
        "track": permissions.PLAN_TRACK,
        "export": permissions.PLAN_EXPORT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="manager__unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    manager = models.ForeignKey(
        RelationshipManager,
        verbose_name=_("客户经理"),
        on_delete=models.PROTECT,
        related_name="training_plans",
    )
    sheet = models.ForeignKey(
        ScoreSheet, verbose_name=_("考核表"), on_delete=models.PROTECT, related_name="training_plans"
    )
    state = models.CharField(_("状态"), max_length=10, choices=PlanState.choices, default=PlanState.PROPOSED)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("完成期限"))
    accepted_at = models.DateTimeField(_("本人同意时间"), null=True, blank=True, editable=False)
    signed_at = models.DateTimeField(_("主管同意时间"), null=True, blank=True, editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("同意的主管"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", editable=False,
    )  # fmt: skip
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("培训计划")
        ordering = ["-starts_on", "manager"]
        indexes = [models.Index(fields=["updated_at", "id"], name="training_plan_updated")]
        constraints = [
            models.UniqueConstraint(
                fields=["sheet"], condition=~Q(state="dropped"), name="training_one_plan_a_sheet",
                violation_error_message=_("这张考核表已经有培训计划"),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gt=models.F("starts_on")), name="training_plan_period",
                violation_error_message=_("完成期限须晚于开始日期"),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("agreed", "done")) | Q(accepted_at__isnull=False, signed_at__isnull=False),
                name="training_plan_both_agreed",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.manager} {self.sheet.cycle.period}"


class PlanItem(models.Model):
    """One course of a plan, and the line of the sheet that made it necessary. `reason` is the engine's `why`."""

    plan = models.ForeignKey(TrainingPlan, on_delete=models.CASCADE, related_name="items")
    course = models.ForeignKey(Course, verbose_name=_("课程"), on_delete=models.PROTECT, related_name="+")
    indicator_code = models.CharField(_("指标编码"), max_length=60, blank=True)
    indicator_name = models.CharField(_("指标"), max_length=160, blank=True)
    score = models.DecimalField(_("得分"), max_digits=12, decimal_places=4, null=True, blank=True)
    limit = models.DecimalField(_("门槛"), max_digits=12, decimal_places=4, null=True, blank=True)
    lost = models.DecimalField(_("差距分"), max_digits=12, decimal_places=4, null=True, blank=True)
    state = models.CharField(_("结果"), max_length=10, choices=ItemState.choices, default=ItemState.PLANNED)
    finished_on = models.DateField(_("结果日期"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("培训项目")
        ordering = ["plan", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "course"], name="training_course_once_in_a_plan",
                violation_error_message=_("计划中已经有这门课程"),
            ),
            models.CheckConstraint(
                condition=Q(state="planned", finished_on__isnull=True)
                | (~Q(state="planned") & Q(finished_on__isnull=False)),
                name="training_item_finished",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.course)
