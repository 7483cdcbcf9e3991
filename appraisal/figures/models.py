"""Target and Reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.figures import permissions
from cmsys.access.actors import Actor
from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.models import OrgUnit
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from managers.profiles.models import RelationshipManager


class TargetQuerySet(ScopedQuerySet):
    """Targets of people are reached as the people are; those of a unit as the unit is. Both follow a move at once."""

    def _reach(self, user: Actor, function: Function) -> Q:
        units = OrgUnit.objects.reached_by(user, function).order_by()
        return super()._reach(user, function) | Q(unit__in=units.values("pk"))


class Target(models.Model):
    """目标: what a person (or a unit) is to reach in a period for an indicator. `period` is written `2025Q4`."""

    resource: ClassVar[str] = "targets"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.TARGET_VIEW,
        "edit": permissions.FIGURES_EDIT,
        "export": permissions.FIGURES_EXPORT,
        "import": permissions.FIGURES_IMPORT,
    }
    # Of people's targets; TargetQuerySet adds those of units.
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="manager__unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    period = models.CharField(_("期间"), max_length=7)
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("客户经理"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="targets",
    )  # fmt: skip
    unit = models.ForeignKey(
        OrgUnit,
        verbose_name=_("机构"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="targets",
    )
    indicator_code = models.CharField(_("指标编码"), max_length=40)
    value = models.DecimalField(_("目标值"), max_digits=24, decimal_places=6)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = TargetQuerySet.as_manager()

    class Meta:
        verbose_name = _("目标")
        ordering = ["-period", "indicator_code", "id"]
        indexes = [models.Index(fields=["updated_at", "id"], name="figures_target_updated")]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "indicator_code", "manager"], condition=Q(manager__isnull=False),
                name="figures_target_of_manager",
            ),
            models.UniqueConstraint(
                fields=["period", "indicator_code", "unit"], condition=Q(unit__isnull=False),
                name="figures_target_of_unit",
            ),
            models.CheckConstraint(
                condition=Q(manager__isnull=False, unit__isnull=True) | Q(manager__isnull=True, unit__isnull=False),
                name="figures_target_one_owner", violation_error_message=_("目标须属于一名客户经理或一个机构"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.period} {self.indicator_code}"


class Reading(models.Model):
    """指标值 brought in by people. Where there is one it stands for what the system would compute, and the sheet says so."""

    resource: ClassVar[str] = "readings"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.READING_VIEW,
        "edit": permissions.FIGURES_EDIT,
        "export": permissions.FIGURES_EXPORT,
        "import": permissions.FIGURES_IMPORT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="manager__unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    period = models.CharField(_("期间"), max_length=7)
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("客户经理"), on_delete=models.PROTECT, related_name="readings"
    )
    indicator_code = models.CharField(_("指标编码"), max_length=40)
    value = models.DecimalField(_("实际值"), max_digits=24, decimal_places=6)
    source = models.CharField(_("来源"), max_length=120, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("指标值")
        ordering = ["-period", "indicator_code", "id"]
        indexes = [models.Index(fields=["updated_at", "id"], name="figures_reading_updated")]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "indicator_code", "manager"], name="figures_reading_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.indicator_code}"
