"""AllocationPolicy, StaffEvaluation and CustomerRule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.models import OrgUnit
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from customers.allocation import permissions
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager


class AllocationPolicy(models.Model):
    """分客政策: one version of a policy document (policy_document.PolicyDocument). A policy of a unit goes before that of
    the institution for the units below it. A version that a plan was made with never changes; it is succeeded."""

    resource: ClassVar[str] = "allocation-policies"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.POLICY_VIEW,
        "edit": permissions.POLICY_EDIT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="unit__path", common_when_empty="unit")

    code = models.CharField(_("政策编码"), max_length=40)
    version = models.PositiveSmallIntegerField(_("版本"))
    name = models.CharField(_("名称"), max_length=120)
    unit = models.ForeignKey(
        OrgUnit, verbose_name=_("适用机构"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    text = models.TextField(_("文档"))
    document: Any = models.JSONField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("录入时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("分客政策")
        ordering = ["code", "-version"]
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="allocation_policy_version")]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class EvaluationState(models.TextChoices):
    """A sheet counts when both sides have confirmed it, and until its last day."""

    DRAFT = "draft", _("待确认")
    CONFIRMED = "confirmed", _("已确认")
    SUPERSEDED = "superseded", _("已被取代")


class StaffEvaluation(models.Model):
    """员工评估 (004 五（三）): ability, experience and results of a manager, 0 to 100 each, confirmed by human resources and by
    the head; `merit` is their weighted sum. Plans freeze the sheets in force when they are made."""

    resource: ClassVar[str] = "staff-evaluations"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "list": permissions.EVALUATION_LIST,
        "view": permissions.EVALUATION_VIEW,
        "edit": permissions.EVALUATION_DRAFT,
        "confirm_hr": permissions.EVALUATION_HR,
        "confirm_head": permissions.EVALUATION_HEAD,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="manager__unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("客户经理"), on_delete=models.PROTECT, related_name="evaluations"
    )
    ability = models.DecimalField(_("能力"), max_digits=5, decimal_places=2)
    experience = models.DecimalField(_("经验"), max_digits=5, decimal_places=2)
    results = models.DecimalField(_("业绩"), max_digits=5, decimal_places=2)
    merit = models.DecimalField(_("综合评价"), max_digits=5, decimal_places=2)
    basis = models.CharField(_("依据"), max_length=200, blank=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=EvaluationState.choices, default=EvaluationState.DRAFT
    )
    valid_from = models.DateField(_("生效日期"), null=True, blank=True)
    valid_until = models.DateField(_("有效期至（不含）"), null=True, blank=True)
    hr_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("人力资源确认人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    hr_at = models.DateTimeField(_("人力资源确认时间"), null=True, blank=True)
    head_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("主管确认人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    head_at = models.DateTimeField(_("主管确认时间"), null=True, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("员工评估")
        ordering = ["manager", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["manager"], condition=Q(state="draft"), name="allocation_one_draft_evaluation"
            ),
            models.UniqueConstraint(
                fields=["manager"], condition=Q(state="confirmed"), name="allocation_one_evaluation_in_force"
            ),
            models.CheckConstraint(
                condition=Q(ability__range=(0, 100), experience__range=(0, 100), results__range=(0, 100), merit__range=(0, 100)),
                name="allocation_evaluation_range", violation_error_message=_("各项须在 0 到 100 之间"),
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed")
                | Q(hr_by__isnull=False, head_by__isnull=False, valid_from__isnull=False, valid_until__isnull=False),
                name="allocation_evaluation_both_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(hr_by__isnull=True) | Q(head_by__isnull=True) | ~Q(hr_by=F("head_by")),
                name="allocation_evaluation_four_eyes", violation_error_message=_("两方确认不得由同一人办理"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.manager} {self.merit}"


class RuleKind(models.TextChoices):
    """What is agreed for one customer."""

    PIN = "pin", _("固定由")
    EXCLUDE = "exclude", _("不得由")


class CustomerRule(models.Model):
    """客户特别约定: one customer stays with a manager, or must not come to him, from a day to a day, with a reason: a wish of
    the customer, a relative, a case under way. Plans obey it as a hard rule."""

    resource: ClassVar[str] = "customer-rules"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.RULE_VIEW,
        "edit": permissions.RULE_EDIT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="customer__unit__path")

    customer = models.ForeignKey(
        Customer, verbose_name=_("客户"), on_delete=models.PROTECT, related_name="allocation_rules"
    )
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("客户经理"), on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(_("约定"), max_length=10, choices=RuleKind.choices)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期（不含）"), null=True, blank=True)
    reason = models.CharField(_("原因"), max_length=200)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("客户特别约定")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="allocation_rule_period",
                violation_error_message=_("结束日期不能早于开始日期"),
            ),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(kind="pin", ends_on__isnull=True), name="allocation_one_pin",
                violation_error_message=_("该客户已经固定了客户经理"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.customer} {self.get_kind_display()} {self.manager}"
