"""Cycle and CycleMember."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.cycles import permissions
from appraisal.schemes.models import SchemeVersion
from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.models import OrgUnit
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from managers.profiles.models import RelationshipManager


class CycleState(models.TextChoices):
    """Open cycles take figures, ratings and regrading; a closed one stays as it is."""

    OPEN = "open", _("进行中")
    CLOSED = "closed", _("已结束")


class Cycle(models.Model):
    """考核周期: one version of a scheme for one period, `[starts_on, ends_on)`.

    `result_hash` and the counts are those of the sheets that are published; `graded_at` is the last regrading of everybody
    that changed anything.
    """

    resource: ClassVar[str] = "cycles"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.CYCLE_VIEW,
        "edit": permissions.CYCLE_EDIT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields()

    scheme = models.ForeignKey(
        SchemeVersion, verbose_name=_("考核方案"), on_delete=models.PROTECT, related_name="cycles"
    )
    scheme_code = models.CharField(max_length=40, editable=False)
    period = models.CharField(_("期间"), max_length=7)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期（不含）"))
    state = models.CharField(_("状态"), max_length=10, choices=CycleState.choices, default=CycleState.OPEN)
    graded_at = models.DateTimeField(_("定级时间"), null=True, blank=True, editable=False)
    result_hash = models.CharField(_("结果指纹"), max_length=64, blank=True, editable=False)
    scored = models.PositiveIntegerField(_("已评人数"), default=0, editable=False)
    promotions = models.PositiveIntegerField(_("建议晋升"), default=0, editable=False)
    demotions = models.PositiveIntegerField(_("建议降级"), default=0, editable=False)
    holds = models.PositiveIntegerField(_("建议保持"), default=0, editable=False)
    opened_at = models.DateTimeField(_("开启时间"), auto_now_add=True)
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("考核周期")
        ordering = ["-starts_on", "scheme_code"]
        indexes = [models.Index(fields=["updated_at", "id"], name="cycles_cycle_updated")]
        constraints = [
            models.UniqueConstraint(fields=["scheme_code", "period"], name="cycles_one_a_period"),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="cycles_cycle_period"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | Q(state="closed", closed_at__isnull=False),
                name="cycles_cycle_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme_code} {self.period}"


class CycleMember(models.Model):
    """参评人员: the population of a cycle as it was frozen when the cycle was opened, with unit and grade of that day;
    whoever is left out has the reason beside the name."""

    resource: ClassVar[str] = "cycle-members"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {"view": permissions.MEMBER_VIEW}
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="members", db_index=False)
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("客户经理"), on_delete=models.PROTECT, related_name="memberships"
    )
    unit = models.ForeignKey(OrgUnit, verbose_name=_("机构"), on_delete=models.PROTECT, related_name="+")
    # Codes, not keys: a scheme names grades by code.
    grade_code = models.CharField(_("等级"), max_length=40, blank=True)
    grade_since = models.DateField(_("任现等级日期"), null=True, blank=True)
    included = models.BooleanField(_("参评"))
    reason = models.CharField(_("不参评原因"), max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("参评人员")
        ordering = ["cycle", "manager"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "manager"], name="cycles_member_once"),
            models.CheckConstraint(
                condition=Q(included=True, reason="") | (Q(included=False) & ~Q(reason="")),
                name="cycles_member_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.manager_id}"
