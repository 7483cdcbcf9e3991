"""AllocationPlan with its people, lines, sides and steps, and what a plan is computed from and through."""

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
from customers.planning.choices import Cause, ChoiceKind, LineState, PlanState, Side, Verdict
from customers.registry.models import Assignment, Customer
from managers.profiles.models import RelationshipManager


class AllocationPlan(models.Model):
    """分客方案: who should look after whom in a unit and below, under one version of a policy, as of a day.

    Costs are whole thousandths of a weight; `bound` is proven: no plan that keeps the rules costs less. `forced` moves are
    those the rules make unavoidable. `unmet` names what cannot be kept, and for whom. Shown to whoever reaches the unit.

    `percent` takes the place of the policy's move budget. `revision` counts how often it was computed. `curve` are the
    points of fairness against moves, each {"moves", "objective", "bound", "max_mean", "gini", "match"}. What people do with
    a plan is a step of `transitions.PLAN`; `effective_on` is the first day of the new owners.
    """

    resource: ClassVar[str] = "allocation-plans"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.PLAN_VIEW,
        "edit": permissions.PLAN_EDIT,
        "rebalance": permissions.REBALANCE,
        "approve": permissions.PLAN_APPROVE,
        "apply": permissions.PLAN_APPLY,
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
    cause = models.CharField(_("起因"), max_length=8, choices=Cause.choices, default=Cause.ASKED)
    # What a trigger found: code of words.TRIGGERS → customers (overload: managers).
    causes: Any = models.JSONField(default=dict, blank=True)
    percent = models.PositiveSmallIntegerField(_("移动上限（%）"), null=True, blank=True)
    revision = models.PositiveIntegerField(_("修订"), default=1)
    curve: Any = models.JSONField(default=list, blank=True)
    # What each rule costs everything else: {"rule", "least", "most", "without", "moves"}, objectives in cost units.
    prices: Any = models.JSONField(default=list, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("提交人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    due_on = models.DateField(_("答复期限"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("批准人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    approved_at = models.DateTimeField(_("批准时间"), null=True, blank=True)
    effective_on = models.DateField(_("生效日期"), null=True, blank=True)
    applied_at = models.DateTimeField(_("执行完成时间"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("逾期催办时间"), null=True, blank=True, editable=False)
    moved_at = models.DateTimeField(_("最近办理时间"), null=True, blank=True, editable=False)
    moved_by = models.CharField(_("最近办理人"), max_length=120, blank=True, editable=False)
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
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "applying", "applied", "reverting", "reverted"))
                | Q(approved_by__isnull=False, approved_at__isnull=False, effective_on__isnull=False),
                name="planning_plan_approved",
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(percent__lte=100), name="planning_plan_percent"
            ),
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
    rules leave the present manager no customer of this kind; `broken` names them. `holds` says why the customer should
    rather stay for now (words.HOLDS): such a line needs the head's own word.

    Once applied, `former` is the assignment that ended and `assignment` the one that began; `unit_before` where the customer
    stood if it went with its manager to another unit. `note` says why a line was not carried out.
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
    state = models.CharField(_("状态"), max_length=10, choices=LineState.choices, default=LineState.PROPOSED)
    holds = ArrayField(models.CharField(max_length=20), verbose_name=_("暂留原因"), default=list, blank=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    former = models.ForeignKey(
        Assignment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    assignment = models.ForeignKey(
        Assignment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    unit_before = models.ForeignKey(
        OrgUnit, verbose_name=_("原所属机构"), null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        editable=False,
    )  # fmt: skip
    done_at = models.DateTimeField(_("执行时间"), null=True, blank=True, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("方案行")
        ordering = ["plan", "pk"]
        indexes = [models.Index(fields=["plan", "state", "customer"], name="planning_line_state")]
        constraints = [models.UniqueConstraint(fields=["plan", "customer"], name="planning_line_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.customer_id}"


class LineSide(models.Model):
    """What the unit that gives a customer, or the one that takes him, says of a line; `verdict` is empty while it is asked.

    Made when the plan is submitted. Shown to whoever reaches the unit, whatever unit the plan is of.
    """

    resource: ClassVar[str] = "allocation-reviews"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.PLAN_VIEW,
        "agree": permissions.PLAN_AGREE,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="unit__path")

    id = models.BigAutoField(primary_key=True)
    plan = models.ForeignKey(AllocationPlan, on_delete=models.CASCADE, related_name="sides", db_index=False)
    line = models.ForeignKey(AllocationMove, on_delete=models.CASCADE, related_name="sides", db_index=False)
    side = models.CharField(_("哪一方"), max_length=8, choices=Side.choices)
    unit = models.ForeignKey(OrgUnit, verbose_name=_("机构"), on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(_("意见"), max_length=8, choices=Verdict.choices, blank=True)
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("审核人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    by_name = models.CharField(_("审核人"), max_length=120, blank=True)
    on_behalf = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(_("时间"), null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("方案行意见")
        ordering = ["plan", "line", "side"]
        indexes = [models.Index(fields=["plan", "verdict", "unit"], name="planning_side_waiting")]
        constraints = [
            models.UniqueConstraint(fields=["line", "side"], name="planning_side_once"),
            models.CheckConstraint(
                condition=Q(verdict="", by__isnull=True, at__isnull=True)
                | ~Q(verdict="") & Q(by__isnull=False, at__isnull=False),
                name="planning_side_said",
            ),
            models.CheckConstraint(
                condition=~Q(verdict="refused") | ~Q(reason=""), name="planning_side_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.side}"


class PlanChoice(models.Model):
    """工作台选择: who must look after a customer, or must not, when the plan is computed again; with the reason."""

    plan = models.ForeignKey(AllocationPlan, on_delete=models.CASCADE, related_name="choices", db_index=False)
    customer = models.ForeignKey(Customer, verbose_name=_("客户"), on_delete=models.PROTECT, related_name="+")
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("客户经理"), on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(_("选择"), max_length=5, choices=ChoiceKind.choices)
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    by_name = models.CharField(_("操作人"), max_length=120)
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("工作台选择")
        ordering = ["plan", "customer", "manager"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "customer", "manager"], name="planning_choice_once"),
            models.UniqueConstraint(
                fields=["plan", "customer"], condition=Q(kind="lock"), name="planning_choice_one_lock"
            ),
            models.CheckConstraint(condition=Q(kind="lock") | ~Q(reason=""), name="planning_choice_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.customer_id} {self.kind}"


class PlanStep(models.Model):
    """One act on a plan, as its page shows them in order (经过). The same form (`nonce`) sent twice is one step."""

    plan = models.ForeignKey(AllocationPlan, on_delete=models.CASCADE, related_name="steps", db_index=False)
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
    data: Any = models.JSONField(default=dict, blank=True)
    nonce = models.CharField(max_length=40, null=True, blank=True, unique=True)
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("方案经过")
        ordering = ["plan", "pk"]
        indexes = [models.Index(fields=["plan", "id"], name="planning_step_order")]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%Y-%m-%d %H:%M}"


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
