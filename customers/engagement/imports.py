"""The kinds contracts, transactions and opportunities (interfaces 2, CUS-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _lazy

from cmsys.access.functions import Function
from cmsys.facts.rules import Flaw, Named
from cmsys.facts.sql import literal
from cmsys.transfers.engine.columns import Column, Type, choices_of
from cmsys.transfers.engine.problems import Code, _
from cmsys.transfers.kinds import Context
from customers.engagement import rollups
from customers.engagement.arrivals import DealingKind, date_customers, owners, stamp
from customers.engagement.models import Contract, Opportunity, Stage, Transaction
from customers.engagement.permissions import RECORDS_IMPORT
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

# Below this, in yuan and in pieces, a number is believed.
MOST = 10**15
MOST_PIECES = 10**11

CUSTOMER = Column(
    "customer_no",
    _lazy("客户编号"),
    Type.REFERENCE,
    required=True,
    max_length=60,
    aliases=("客户号", "客户"),
    refers_to="customers",
    example="C000123",
)
EMPLOYEE = Column(
    "employee_no",
    _lazy("工号"),
    Type.REFERENCE,
    max_length=40,
    aliases=("责任客户经理", "客户经理工号", "责任人工号"),
    refers_to="managers",
    help=_lazy("不填时取客户当天的主办客户经理"),
    example="100086",
)
NAMES: Mapping[str, Named] = {
    "customer_no": Named(Customer, "customer_no"),
    "employee_no": Named(RelationshipManager, "employee_no"),
}


def _amount(**more: Any) -> Column:
    return Column(
        "amount", _lazy("金额"), Type.DECIMAL, low=-MOST, high=MOST, places=2, example="120000.00", **more
    )


class ContractKind(DealingKind):
    """Contracts by their number; the manager is the customer's primary manager on the day of signing."""

    code = "contracts"
    label = _lazy("合同")
    order = 60
    function: ClassVar[Function] = RECORDS_IMPORT
    model = Contract
    noun = "contract"
    columns = (
        Column("contract_no", _lazy("合同编号"), key=True, required=True, max_length=60, aliases=("合同号",), example="HT-2025-001"),
        CUSTOMER,
        _amount(required=True, aliases=("合同金额",)),
        Column("signed_on", _lazy("签订日期"), Type.DATE, required=True, aliases=("签约日期", "签订日"), example="2025-03-01"),
        Column("starts_on", _lazy("开始日期"), Type.DATE, aliases=("生效日期", "起始日期"), example="2025-03-01"),
        Column(
            "ends_on", _lazy("结束日期"), Type.DATE, aliases=("到期日期", "终止日期"), help=_lazy("不含这一天"), example="2026-03-01"
        ),
    )  # fmt: skip
    fields: ClassVar[Mapping[str, str]] = {
        "contract_no": "contract_no", "customer_no": "customer", "amount": "amount", "signed_on": "signed_on",
        "starts_on": "starts_on", "ends_on": "ends_on",
    }  # fmt: skip
    references: ClassVar[Mapping[str, Named]] = {"customer_no": NAMES["customer_no"]}
    derived: ClassVar[Mapping[str, str]] = {"manager": stamp("{}_signed_on", stated="NULL::bigint")}

    def joins(self, context: Context) -> str:
        return owners("{}_signed_on")

    def flaws(self, context: Context) -> Sequence[Flaw]:
        return [
            *super().flaws(context),
            Flaw("ends_on", Code.CONFLICT, _("结束日期须晚于开始日期"), "y.a_ends_on <= y.a_starts_on"),
        ]

    def moved(self, delta: str, context: Context) -> None:
        date_customers(delta, "signed_on", context, decides=True)


class TransactionKind(DealingKind):
    """Transactions by their number; they make up the sums of managers and customers."""

    code = "transactions"
    label = _lazy("交易")
    order = 70
    function: ClassVar[Function] = RECORDS_IMPORT
    model = Transaction
    noun = "transaction"
    columns = (
        Column("transaction_no", _lazy("流水号"), key=True, required=True, max_length=60, aliases=("交易流水号", "交易编号"), example="T202503010001"),
        CUSTOMER,
        EMPLOYEE,
        Column("occurred_on", _lazy("日期"), Type.DATE, required=True, aliases=("交易日期", "发生日期"), example="2025-03-01"),
        Column("product", _lazy("产品"), max_length=80, aliases=("产品名称",), example="流动资金贷款"),
        _amount(required=True, aliases=("交易金额",)),
        Column("quantity", _lazy("数量"), Type.DECIMAL, low=-MOST_PIECES, high=MOST_PIECES, places=2, example="1"),
    )  # fmt: skip
    fields: ClassVar[Mapping[str, str]] = {
        "transaction_no": "transaction_no", "customer_no": "customer", "occurred_on": "occurred_on",
        "product": "product", "amount": "amount", "quantity": "quantity",
    }  # fmt: skip
    references: ClassVar[Mapping[str, Named]] = NAMES
    derived: ClassVar[Mapping[str, str]] = {"manager": stamp("{}_occurred_on")}

    def joins(self, context: Context) -> str:
        return owners("{}_occurred_on")

    def moved(self, delta: str, context: Context) -> None:
        rollups.add(delta)
        date_customers(delta, "occurred_on", context, decides=False)


class OpportunityKind(DealingKind):
    """Opportunities by their number."""

    code = "opportunities"
    label = _lazy("商机")
    order = 80
    function: ClassVar[Function] = RECORDS_IMPORT
    model = Opportunity
    noun = "opportunity"
    columns = (
        Column("opportunity_no", _lazy("商机编号"), key=True, required=True, max_length=60, aliases=("商机号",), example="SJ-2025-001"),
        CUSTOMER,
        EMPLOYEE,
        Column(
            "stage", _lazy("阶段"), Type.CHOICE, required=True, aliases=("商机阶段",),
            choices=choices_of(
                Stage.choices, prospecting=("潜在", "初步接触"), engaging=("跟进", "洽谈中"),
                proposal=("报价", "方案"), won=("成交", "已成交"), lost=("失败", "丢单"),
            ),
            example="跟进中",
        ),
        _amount(aliases=("商机金额", "预计金额")),
        Column("opened_on", _lazy("创建日期"), Type.DATE, aliases=("开始日期",), example="2025-03-01"),
        Column("closed_on", _lazy("关闭日期"), Type.DATE, aliases=("结束日期",), example="2025-06-30"),
    )  # fmt: skip
    fields: ClassVar[Mapping[str, str]] = {
        "opportunity_no": "opportunity_no", "customer_no": "customer", "stage": "stage", "amount": "amount",
        "opened_on": "opened_on", "closed_on": "closed_on",
    }  # fmt: skip
    references: ClassVar[Mapping[str, Named]] = NAMES
    derived: ClassVar[Mapping[str, str]] = {"manager": stamp("{}_opened_on")}

    def joins(self, context: Context) -> str:
        """One without a day of opening belongs to whoever has the customer when it comes in."""
        return owners(f"coalesce({{}}_opened_on, {literal(context.today)}::date)")

    def flaws(self, context: Context) -> Sequence[Flaw]:
        return [
            *super().flaws(context),
            Flaw("closed_on", Code.CONFLICT, _("关闭日期不能早于创建日期"), "y.a_closed_on < y.a_opened_on"),
        ]
