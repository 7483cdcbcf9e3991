"""Contract, Transaction, Opportunity, and the sums kept of transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from customers.engagement import permissions
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

OF_MANAGER = ScopeFields(unit_path="manager__unit__path", line="manager__line_id", employee_no="manager__employee_no")  # fmt: skip


class Contract(models.Model):
    """合同: signed on a day for a customer; `manager` was responsible on that day."""

    resource: ClassVar[str] = "contracts"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.CONTRACT_VIEW,
        "export": permissions.RECORDS_EXPORT,
        "import": permissions.RECORDS_IMPORT,
    }
    scope: ClassVar[ScopeFields] = OF_MANAGER

    id = models.BigAutoField(primary_key=True)
    contract_no = models.CharField(_("合同编号"), max_length=60, unique=True)
    customer = models.ForeignKey(
        Customer, verbose_name=_("客户"), on_delete=models.PROTECT, related_name="contracts"
    )
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("责任客户经理"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="contracts",
    )  # fmt: skip
    amount = models.DecimalField(_("金额"), max_digits=18, decimal_places=2)
    signed_on = models.DateField(_("签订日期"))
    starts_on = models.DateField(_("开始日期"), null=True, blank=True)
    ends_on = models.DateField(_("结束日期"), null=True, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("合同")
        ordering = ["-signed_on", "-id"]
        indexes = [
            models.Index(fields=["manager", "signed_on"], name="engagement_contract_manager"),
            models.Index(fields=["signed_on", "id"], name="engagement_contract_day"),
            models.Index(fields=["updated_at", "id"], name="engagement_contract_updated"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(starts_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                name="engagement_contract_term",
                violation_error_message=_("结束日期须晚于开始日期"),
            ),
        ]

    def __str__(self) -> str:
        return self.contract_no


class Transaction(models.Model):
    """交易: one sale on a day. `manager` is stamped when the row arrives: whoever the source names, else the customer's
    primary manager of that day; it never moves when the customer does. Empty when nobody was responsible."""

    resource: ClassVar[str] = "transactions"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.TRANSACTION_VIEW,
        "export": permissions.RECORDS_EXPORT,
        "import": permissions.RECORDS_IMPORT,
    }
    scope: ClassVar[ScopeFields] = OF_MANAGER

    id = models.BigAutoField(primary_key=True)
    transaction_no = models.CharField(_("流水号"), max_length=60)
    customer = models.ForeignKey(
        Customer,
        verbose_name=_("客户"),
        on_delete=models.PROTECT,
        related_name="transactions",
        db_index=False,
    )
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("责任客户经理"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="transactions", db_index=False,
    )  # fmt: skip
    occurred_on = models.DateField(_("日期"))
    product = models.CharField(_("产品"), max_length=80, blank=True)
    amount = models.DecimalField(_("金额"), max_digits=18, decimal_places=2)
    quantity = models.DecimalField(_("数量"), max_digits=14, decimal_places=2, null=True, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("交易")
        ordering = ["-occurred_on", "-id"]
        indexes = [
            models.Index(fields=["manager", "occurred_on", "id"], name="engagement_tx_manager"),
            models.Index(fields=["customer", "occurred_on"], name="engagement_tx_customer"),
            # A day's or a month's rows of everybody, counted and added without touching the table.
            models.Index(fields=["occurred_on", "id"], include=["amount"], name="engagement_tx_day"),
            models.Index(fields=["updated_at", "id"], name="engagement_tx_updated"),
        ]
        # `unique=True` would bring a second index for prefixes, which nobody asks for and every row pays for.
        constraints = [
            models.UniqueConstraint(
                fields=["transaction_no"],
                name="engagement_tx_once",
                violation_error_message=_("流水号已存在"),
            )
        ]

    def __str__(self) -> str:
        return self.transaction_no


class Stage(models.TextChoices):
    """商机阶段."""

    PROSPECTING = "prospecting", _("线索")
    ENGAGING = "engaging", _("跟进中")
    PROPOSAL = "proposal", _("方案报价")
    WON = "won", _("赢单")
    LOST = "lost", _("输单")


class Opportunity(models.Model):
    """商机: a sale that may come about; `manager` as with transactions, by the day it was opened."""

    resource: ClassVar[str] = "opportunities"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.OPPORTUNITY_VIEW,
        "export": permissions.RECORDS_EXPORT,
        "import": permissions.RECORDS_IMPORT,
    }
    scope: ClassVar[ScopeFields] = OF_MANAGER

    id = models.BigAutoField(primary_key=True)
    opportunity_no = models.CharField(_("商机编号"), max_length=60, unique=True)
    customer = models.ForeignKey(
        Customer, verbose_name=_("客户"), on_delete=models.PROTECT, related_name="opportunities"
    )
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("责任客户经理"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="opportunities", db_index=False,
    )  # fmt: skip
    stage = models.CharField(_("阶段"), max_length=20, choices=Stage.choices)
    amount = models.DecimalField(_("金额"), max_digits=18, decimal_places=2, null=True, blank=True)
    opened_on = models.DateField(_("创建日期"), null=True, blank=True)
    closed_on = models.DateField(_("关闭日期"), null=True, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("商机")
        ordering = ["-opened_on", "-id"]
        indexes = [
            models.Index(fields=["manager", "stage", "closed_on"], name="engagement_opp_manager"),
            models.Index(fields=["opened_on", "id"], name="engagement_opp_day"),
            models.Index(fields=["updated_at", "id"], name="engagement_opp_updated"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(opened_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
                name="engagement_opp_closes_after_opening",
                violation_error_message=_("关闭日期不能早于创建日期"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.opportunity_no


class ManagerMonth(models.Model):
    """What a manager's transactions of a month add up to: kept by delta when rows arrive, change or are taken back.

    `amount_fen` is money in fen; `month` its first day. The nightly check recomputes a part from the rows.
    """

    id = models.BigAutoField(primary_key=True)
    manager = models.ForeignKey(
        RelationshipManager, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    month = models.DateField(_("月份"))
    amount_fen = models.BigIntegerField(_("金额（分）"))
    transactions = models.IntegerField(_("笔数"))

    class Meta:
        verbose_name = _("客户经理月汇总")
        ordering = ["manager", "month"]
        constraints = [
            models.UniqueConstraint(
                fields=["month", "manager"], include=["amount_fen", "transactions"], name="engagement_manager_month"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="engagement_manager_month_first"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.manager_id} {self.month}"


class CustomerQuarter(models.Model):
    """What a customer's transactions of a quarter add up to, whoever looked after it: the base of same-customer growth."""

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    quarter = models.DateField(_("季度首日"))
    amount_fen = models.BigIntegerField(_("金额（分）"))
    transactions = models.IntegerField(_("笔数"))

    class Meta:
        verbose_name = _("客户季汇总")
        ordering = ["customer", "quarter"]
        constraints = [
            models.UniqueConstraint(
                fields=["quarter", "customer"], include=["amount_fen", "transactions"],
                name="engagement_customer_quarter",
            ),
            models.CheckConstraint(
                condition=Q(quarter__day=1, quarter__month__in=(1, 4, 7, 10)), name="engagement_customer_quarter_first"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.customer_id} {self.quarter}"
