"""TierRule, TierRun, TierChange, and what a run has computed but not written yet."""

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
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from customers.registry.models import Customer, CustomerCategory, CustomerTier
from customers.tiers import permissions
from customers.tiers.choices import Outcome, Purpose, RuleState, RunState, Settled


class TierRule(models.Model):
    """分级规则: one version of a document (engine.document.RuleDocument). Only a draft can still be changed."""

    resource: ClassVar[str] = "tier-rules"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.RULE_VIEW,
        "edit": permissions.RULE_EDIT,
        "adopt": permissions.RULE_ADOPT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields()

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(_("规则编码"), max_length=40)
    version = models.PositiveSmallIntegerField(_("版本"))
    name = models.CharField(_("名称"), max_length=120)
    text = models.TextField(_("文档"))
    document: Any = models.JSONField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    state = models.CharField(_("状态"), max_length=12, choices=RuleState.choices, default=RuleState.DRAFT)
    adopted_at = models.DateTimeField(_("采用时间"), null=True, blank=True)
    adopted_by = models.CharField(_("采用人"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("录入时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("分级规则")
        ordering = ["code", "-version"]
        indexes = [models.Index(fields=["updated_at", "id"], name="tiers_rule_updated")]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="tiers_rule_version"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(state="active"), name="tiers_one_rule_in_force"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(adopted_at__isnull=False), name="tiers_rule_adopted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class TierRun(models.Model):
    """分级批次: a rule asked on a day about everybody it speaks of. A proposal waits for people; a trial only shows.

    `against`: compared with another version, asked on the same day, instead of with the tiers customers have. `flows` are
    (before, after, customers) over everybody, `held` and `waiting` (before, what the rule would give, customers); codes of
    tiers, "" for none. `lines` say where each tier began. `rule_digest`: the document as it was read.
    """

    resource: ClassVar[str] = "tier-runs"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.RUN_VIEW,
        "edit": permissions.RUN_START,
        "start": permissions.RUN_START,
        "decide": permissions.RUN_DECIDE,
    }
    scope: ClassVar[ScopeFields] = ScopeFields()

    id = models.BigAutoField(primary_key=True)
    number = models.CharField(_("批次编号"), max_length=20, unique=True)
    rule = models.ForeignKey(
        TierRule, verbose_name=_("分级规则"), on_delete=models.PROTECT, related_name="runs"
    )
    against = models.ForeignKey(
        TierRule, verbose_name=_("对照规则"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )  # fmt: skip
    purpose = models.CharField(_("用途"), max_length=10, choices=Purpose.choices)
    state = models.CharField(_("状态"), max_length=12, choices=RunState.choices, default=RunState.COMPUTING)
    as_of = models.DateField(_("基准日"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("发起人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    customers = models.PositiveIntegerField(_("客户数"), default=0)
    raised = models.PositiveIntegerField(_("上调"), default=0)
    lowered = models.PositiveIntegerField(_("下调"), default=0)
    first = models.PositiveIntegerField(_("首次分级"), default=0)
    held_count = models.PositiveIntegerField(_("手工评定"), default=0)
    waiting_count = models.PositiveIntegerField(_("继续观察"), default=0)
    near_count = models.PositiveIntegerField(_("缓冲区内"), default=0)
    recategorised = models.PositiveIntegerField(_("调整分类"), default=0)
    done_count = models.PositiveIntegerField(_("已写入"), default=0)
    skipped_count = models.PositiveIntegerField(_("未写入"), default=0)
    flows: Any = models.JSONField(default=list, blank=True)
    held: Any = models.JSONField(default=list, blank=True)
    waiting: Any = models.JSONField(default=list, blank=True)
    lines: Any = models.JSONField(default=list, blank=True)
    rule_digest = models.CharField(max_length=64, blank=True, editable=False)
    digest = models.CharField(_("批次指纹"), max_length=64, blank=True, editable=False)
    failure = models.CharField(_("失败原因"), max_length=300, blank=True)
    reason = models.CharField(_("决定理由"), max_length=300, blank=True)
    moved_at = models.DateTimeField(_("最近办理时间"), null=True, blank=True)
    moved_by = models.CharField(_("最近办理人"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("发起时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("分级批次")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["updated_at", "id"], name="tiers_run_updated")]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"], condition=Q(state="proposed"), name="tiers_one_proposal_of_a_rule"
            ),
            models.CheckConstraint(
                condition=Q(purpose="proposal", against__isnull=True)
                | Q(purpose="trial") & ~Q(state__in=("proposed", "applying", "applied")),
                name="tiers_only_proposals_are_applied",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def moves(self) -> int:
        return self.raised + self.lowered + self.first


class TierChange(models.Model):
    """分级变动: what a run says of one customer whose tier it would change, or would but for a hand or patience.

    `values`, `points`, `places` are in the order of the rule's measures: money in fen or a count, 0 to 100, place among all
    (0 where the measure goes by bands). `score` is in hundredths; Σ weight × points. `after` is what the rule would give;
    `streak` runs in a row beyond the line, upwards positive.
    """

    resource: ClassVar[str] = "tier-changes"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "list": permissions.CHANGE_LIST,
        "view": permissions.CHANGE_VIEW,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="customer__unit__path", employee_no="customer__owner__employee_no"
    )

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(
        TierRun, verbose_name=_("分级批次"), on_delete=models.PROTECT, related_name="changes", db_index=False
    )
    customer = models.ForeignKey(
        Customer, verbose_name=_("客户"), on_delete=models.PROTECT, related_name="tier_changes"
    )
    before = models.ForeignKey(
        CustomerTier, verbose_name=_("原分级"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_index=False,
    )  # fmt: skip
    after = models.ForeignKey(
        CustomerTier, verbose_name=_("按规则"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    category_before = models.CharField(
        _("原分类"), max_length=20, choices=CustomerCategory.choices, blank=True
    )
    category_after = models.CharField(
        _("新分类"), max_length=20, choices=CustomerCategory.choices, blank=True
    )
    outcome = models.CharField(_("结果"), max_length=6, choices=Outcome.choices)
    settled = models.CharField(_("办理"), max_length=8, choices=Settled.choices, default=Settled.OPEN)
    streak = models.SmallIntegerField(_("连续次数"), default=0)
    score = models.PositiveIntegerField(_("得分"))
    place = models.PositiveIntegerField(_("名次"))
    values = ArrayField(models.BigIntegerField())
    points = ArrayField(models.PositiveSmallIntegerField())
    places = ArrayField(models.PositiveIntegerField())
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("分级变动")
        ordering = ["-run", "pk"]
        indexes = [
            models.Index(fields=["run", "before", "after"], name="tiers_change_flow"),
            models.Index(fields=["updated_at", "id"], name="tiers_change_updated"),
        ]
        constraints = [models.UniqueConstraint(fields=["run", "customer"], name="tiers_change_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.customer_id}"


class TierContent(models.Model):
    """The lines of a run that are still to be written, compressed; gone when they are."""

    run = models.OneToOneField(TierRun, on_delete=models.CASCADE, related_name="content", primary_key=True)
    content = models.BinaryField()

    class Meta:
        verbose_name = _("分级批次内容")

    def __str__(self) -> str:
        return str(self.run_id)
