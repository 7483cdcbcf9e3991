"""AllocationPlan, PlanManager, AllocationMove, and what a plan is computed from and through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.models import OrgUnit
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from customers.allocation.models import AllocationPolicy, StaffEvaluation
from customers.planning import permissions
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager


class PlanState(models.TextChoices):
    """Where a plan stands."""

    COMPUTING = "computing", _("计算中")
    DRAFT = "draft", _("草案")
    IMPOSSIBLE = "impossible", _("无法满足")
    FAILED = "failed", _("计算失败")
    DISCARDED = "discarded", _("已放弃")


class AllocationPlan(models.Model):
    """分客方案: who should look after whom in a unit and below, under one version of a policy, as of a day.

    Costs are whole thousandths of a weight; `bound` is proven: no plan that keeps the rules costs less. `forced` moves are
    those the rules make unavoidable. `unmet` names what cannot be kept, and for whom. Shown to whoever reaches the unit.
    """

    resource: ClassVar[str] = "allocation-plans"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.PLAN_VIEW,
        "edit": permissions.PLAN_EDIT,
        "rebalance": permissions.REBALANCE,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="unit__path")

    id = models.BigAutoField(primary_key=True)
    number = models.CharField(_("方案编号"), max_length=20, unique=True)
    policy = models.ForeignKey(
        AllocationPolicy, verbose_name=_("分客政策"), on_delete=models.PROTECT, related_name="plans"
    )
    unit = models.ForeignKey(OrgUnit, verbose_name=_("范围"), on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("状态"), max_length=12, choices=PlanState.choices, default=PlanState.COMPUTING)
    as_of = models.DateField(_("基准日"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("发起人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    customers = models.PositiveIntegerField(_("客户数"), default=0)
    managers = models.PositiveIntegerField(_("客户经理数"), default=0)
    held = models.PositiveIntegerField(_("已有主办"), default=0)
    moves = models.PositiveIntegerField(_("移动客户"), default=0)
    forced = models.PositiveIntegerField(_("必须移动"), default=0)
    first = models.PositiveIntegerField(_("首次分配"), default=0)
    budget = models.PositiveIntegerField(_("移动上限"), null=True, blank=True)
    objective = models.BigIntegerField(_("目标值"), null=True, blank=True)
    bound = models.BigIntegerField(_("下界"), null=True, blank=True)
    # Σ load cost of a customer's points is a property of all lines together, the other parts are the lines'.
    parts: Any = models.JSONField(default=dict, blank=True)
    before: Any = models.JSONField(default=dict, blank=True)
    after: Any = models.JSONField(default=dict, blank=True)
    unmet: Any = models.JSONField(default=list, blank=True)
    notes: Any = models.JSONField(default=list, blank=True)
    input_digest = models.CharField(max_length=64, blank=True, editable=False)
    digest = models.CharField(_("方案指纹"), max_length=64, blank=True, editable=False)
    failure = models.CharField(_("失败原因"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("生成时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("分客方案")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["updated_at", "id"], name="planning_plan_updated")]
        constraints = [
            models.CheckConstraint(
                condition=Q(objective__isnull=True)
                | Q(bound__isnull=True)
                | Q(bound__lte=models.F("objective")),
                name="planning_bound_below",
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def gap(self) -> float | None:
        """(objective − bound) / |objective|, a fraction."""
        if self.objective is None or self.bound is None:
            return None
        return (self.objective - self.bound) / abs(self.objective) if self.objective else 0.0


class PlanManager(models.Model):
    """What a plan counted with for one manager, frozen: capacity, grade, merit with its sheet, load before and after."""

    plan = models.ForeignKey(AllocationPlan, on_delete=models.CASCADE, related_name="staff", db_index=False)
    manager = models.ForeignKey(RelationshipManager, on_delete=models.PROTECT, related_name="+")
    capacity = models.PositiveIntegerField(_("容量（点）"))
    merit = models.PositiveSmallIntegerField(_("综合评价（‰）"))
    evaluation = models.ForeignKey(
        StaffEvaluation,
        verbose_name=_("员工评估"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    intake = models.CharField(_("接收"), max_length=10)
    load_before = models.PositiveIntegerField(_("负荷（前）"), default=0)
    load_after = models.PositiveIntegerField(_("负荷（后）"), default=0)
    customers_before = models.PositiveIntegerField(_("客户（前）"), default=0)
    customers_after = models.PositiveIntegerField(_("客户（后）"), default=0)

    class Meta:
        verbose_name = _("方案人员")
        ordering = ["plan", "manager"]
        constraints = [models.UniqueConstraint(fields=["plan", "manager"], name="planning_manager_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.manager_id}"


class AllocationMove(models.Model):
    """方案行: one customer who gets another manager, or his first.

    `fit` and `fit_before` are how badly the new and the present manager fit, in permille by term, in the order of the
    engine's terms; `cost` is the line's part of the objective (weight × Σ weight × permille + continuity). `forced`: the
    rules leave the present manager no customer of this kind; `broken` names them.
    """

    resource: ClassVar[str] = "allocation-moves"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {"view": permissions.PLAN_VIEW}
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="plan__unit__path")

    id = models.BigAutoField(primary_key=True)
    plan = models.ForeignKey(AllocationPlan, on_delete=models.CASCADE, related_name="lines", db_index=False)
    customer = models.ForeignKey(Customer, verbose_name=_("客户"), on_delete=models.PROTECT, related_name="+")
    present = models.ForeignKey(
        RelationshipManager,
        verbose_name=_("现主办"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    proposed = models.ForeignKey(
        RelationshipManager, verbose_name=_("建议主办"), on_delete=models.PROTECT, related_name="+"
    )
    forced = models.BooleanField(_("必须移动"), default=False)
    broken = ArrayField(models.CharField(max_length=20), verbose_name=_("原因规则"), default=list, blank=True)
    effort = models.PositiveIntegerField(_("工作量（点）"))
    metres = models.PositiveIntegerField(_("距离（米）"))
    metres_before = models.PositiveIntegerField(_("原距离（米）"), null=True, blank=True)
    fit = ArrayField(models.PositiveSmallIntegerField(), size=5)
    fit_before = ArrayField(models.PositiveSmallIntegerField(), size=5, null=True, blank=True)
    continuity = models.BigIntegerField(_("动户代价"), default=0)
    cost = models.BigIntegerField(_("代价"))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("方案行")
        ordering = ["plan", "pk"]
        constraints = [models.UniqueConstraint(fields=["plan", "customer"], name="planning_line_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.customer_id}"


class PlanSnapshot(models.Model):
    """What a plan was computed from: the columns of its problem, compressed, as they were on its day, without the customers
    that could not be planned. Explanations read it, so that they speak of the same facts whatever has changed since."""

    plan = models.OneToOneField(
        AllocationPlan, on_delete=models.CASCADE, related_name="snapshot", primary_key=True
    )
    content = models.BinaryField()

    class Meta:
        verbose_name = _("方案输入")

    def __str__(self) -> str:
        return str(self.plan_id)


class PlanBundle(models.Model):
    """A part of a plan that one job solves; `result` is its answer, empty until there is one. Doing it twice is no harm."""

    plan = models.ForeignKey(AllocationPlan, on_delete=models.CASCADE, related_name="bundles", db_index=False)
    number = models.PositiveIntegerField()
    result = models.BinaryField(null=True)

    class Meta:
        verbose_name = _("方案分片")
        ordering = ["plan", "number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="planning_bundle_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.number}"
