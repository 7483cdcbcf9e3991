"""The declared classes of transactions, contracts, opportunities, and of the two lists behind figures on customers."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import Actor, may
from cmsys.access.functions import Function
from cmsys.transfers.kinds import kind_of
from cmsys.ui.context import covered
from cmsys.ui.pages import Action, Empty
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource, Total
from customers.engagement.filters import (
    CLOSED,
    ContractFilterSet,
    DevelopedListFilterSet,
    GrowthFilterSet,
    OpportunityFilterSet,
    TransactionListFilterSet,
)
from customers.engagement.models import Contract, Opportunity, Stage, Transaction
from customers.engagement.permissions import RECORDS_EXPORT, TRANSACTION_VIEW
from customers.engagement.ratios import ratio
from customers.engagement.selectors import customer_name, with_named_customer
from customers.registry.models import Assignment, Customer
from customers.registry.permissions import CUSTOMER_VIEW
from managers.profiles.models import RelationshipManager

STAGE_TONES = {Stage.WON: "up", Stage.LOST: "down", Stage.PROPOSAL: "info"}


def about(number: str, label: Any) -> tuple[Column, ...]:
    """The first columns of every dealing: its number, the customer, and the name to those who may see him."""
    return (
        Column(number, label, lambda row: getattr(row, number), sort=(number,)),
        Column("customer", gettext_lazy("客户编号"), lambda row: row.customer.customer_no, sort=("customer__customer_no",)),
        Column("customer_name", gettext_lazy("客户名称"), lambda row: customer_name(row, row.customer), function=CUSTOMER_VIEW),
    )  # fmt: skip


RESPONSIBLE = (
    Column("manager", gettext_lazy("责任客户经理"), lambda row: row.manager and row.manager.name, sort=("manager__name_pinyin",)),
    Column("employee_no", gettext_lazy("工号"), lambda row: row.manager and row.manager.employee_no, sort=("manager__employee_no",), shown=False),
    Column("unit", gettext_lazy("机构"), lambda row: row.manager and row.manager.unit.name, sort=("manager__unit__path",)),
)  # fmt: skip
AMOUNT = Column(
    "amount", gettext_lazy("金额"), lambda row: row.amount, sort=("amount",), numeric=True, kind="number"
)


class DealingResource(Resource):
    """What the lists of dealings share: whose rows, whose names, where rows come from."""

    keys_first = True
    import_kind: ClassVar[str] = ""

    def queryset(self, actor: Actor, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action).select_related("customer", "manager", "manager__unit")
        return with_named_customer(rows, actor)

    def subtitle(self, request: Any, total: int) -> Text:
        return covered(request.user, self.function("view"))

    def list_actions(self, request: Any) -> list[Action]:
        kind = kind_of(self.import_kind)
        if kind is None or not may(request.user, self.function("import")):
            return []
        return [Action(_("导入"), reverse("imports_new", args=[self.import_kind]), icon="upload")]


class TransactionResource(DealingResource):
    """交易: the list that may have ten million rows; without conditions it shows this month."""

    key = import_kind = "transactions"
    noun = gettext_lazy("交易")
    model = Transaction
    filterset = TransactionListFilterSet
    default_sort = ("-occurred_on", "-pk")
    columns = (
        *about("transaction_no", gettext_lazy("流水号")),
        Column("occurred_on", gettext_lazy("日期"), lambda t: t.occurred_on, sort=("occurred_on",), kind="date"),
        Column("product", gettext_lazy("产品"), lambda t: t.product),
        Column("quantity", gettext_lazy("数量"), lambda t: t.quantity, numeric=True, kind="number", shown=False),
        AMOUNT,
        *RESPONSIBLE,
    )  # fmt: skip
    totals = (
        Total("amount", gettext_lazy("金额合计"), Sum("amount", default=0), "money"),
        Total("transactions", gettext_lazy("笔数"), Count("pk")),
    )

    def empty(self, request: Any, filtered: bool) -> Empty:
        narrow = TransactionListFilterSet.narrow
        if any(request.GET.get(name) for name in narrow):
            return super().empty(request, filtered)
        return Empty(
            _("默认只列本月的交易，本月还没有符合条件的。请填写更早的“日期起”再查询。"),
            _("不限日期起"),
            f"{self.url('list')}?from=1900-01-01",
        )

    def object_subtitle(self, instance: Any) -> Text:
        return f"{instance.occurred_on.isoformat()} · {instance.customer.customer_no}"


class ContractResource(DealingResource):
    """合同."""

    key = import_kind = "contracts"
    noun = gettext_lazy("合同")
    model = Contract
    filterset = ContractFilterSet
    default_sort = ("-signed_on", "-pk")
    columns = (
        *about("contract_no", gettext_lazy("合同编号")),
        Column("signed_on", gettext_lazy("签订日期"), lambda c: c.signed_on, sort=("signed_on",), kind="date"),
        Column("starts_on", gettext_lazy("开始日期"), lambda c: c.starts_on, sort=("starts_on",), kind="date", shown=False),
        Column("ends_on", gettext_lazy("结束日期"), lambda c: c.ends_on, sort=("ends_on",), kind="date"),
        AMOUNT,
        *RESPONSIBLE,
    )  # fmt: skip
    totals = (
        Total("amount", gettext_lazy("金额合计"), Sum("amount", default=0), "money"),
        Total("contracts", gettext_lazy("份数"), Count("pk")),
    )

    def object_subtitle(self, instance: Any) -> Text:
        return _("签订 %(day)s") % {"day": instance.signed_on.isoformat()}


class OpportunityResource(DealingResource):
    """商机: with what was won, and the rate of winning among what was closed."""

    key = import_kind = "opportunities"
    noun = gettext_lazy("商机")
    model = Opportunity
    filterset = OpportunityFilterSet
    default_sort = ("-opened_on", "-pk")
    columns = (
        *about("opportunity_no", gettext_lazy("商机编号")),
        Column(
            "stage", gettext_lazy("阶段"), lambda o: o.get_stage_display(), sort=("stage",),
            tone=lambda o: STAGE_TONES.get(o.stage, "hold"),
        ),
        Column("opened_on", gettext_lazy("创建日期"), lambda o: o.opened_on, sort=("opened_on",), kind="date"),
        Column("closed_on", gettext_lazy("关闭日期"), lambda o: o.closed_on, sort=("closed_on",), kind="date"),
        AMOUNT,
        *RESPONSIBLE,
    )  # fmt: skip
    totals = (
        Total("amount", gettext_lazy("金额合计"), Sum("amount", default=0), "money"),
        Total("won_amount", gettext_lazy("赢单金额"), Sum("amount", filter=Q(stage=Stage.WON), default=0), "money"),
        Total("won", gettext_lazy("赢单"), Count("pk", filter=Q(stage=Stage.WON))),
        Total("lost", gettext_lazy("输单"), Count("pk", filter=Q(stage=Stage.LOST))),
        Total(
            "win_rate", gettext_lazy("赢单率"),
            ratio(Count("pk", filter=Q(stage=Stage.WON)), Count("pk", filter=Q(stage__in=CLOSED)), 100), "percent",
        ),
    )  # fmt: skip

    def object_subtitle(self, instance: Any) -> Text:
        return str(instance.get_stage_display())


class BehindResource(Resource):
    """A list of customers behind a figure: whoever may read a manager's results may read which customers they come from,
    by their numbers. Leads to the transactions with each."""

    model = Customer

    def function(self, action: str) -> Function:
        return RECORDS_EXPORT if action == "export" else TRANSACTION_VIEW

    def people(self, actor: Actor, action: str) -> QuerySet[RelationshipManager]:
        return RelationshipManager.objects.reached_by(actor, self.function(action))

    def subtitle(self, request: Any, total: int) -> Text:
        return covered(request.user, self.function("view"))

    def url(self, what: str, instance: Any = None) -> str:
        # There is no page of such a row; the number leads to the transactions.
        return "" if what == "detail" else super().url(what, instance)


def transactions_of(customer: Customer) -> str:
    """The customer's transactions of all time."""
    return f"{reverse('transactions_list')}?{urlencode({'customer': customer.customer_no})}"


CUSTOMER = (
    Column(
        "customer", gettext_lazy("客户编号"), lambda c: c.customer_no, sort=("customer_no",), url=transactions_of
    ),
    Column("customer_name", gettext_lazy("客户名称"), lambda c: customer_name(c, c), function=CUSTOMER_VIEW),
    Column("since", gettext_lazy("建立合作日期"), lambda c: c.since, sort=("since",), kind="date"),
)  # fmt: skip


class DevelopedResource(BehindResource):
    """新开发客户: customers by the day of their first contract or transaction, and who was responsible then."""

    key = "developed"
    noun = gettext_lazy("新开发客户")
    filterset = DevelopedListFilterSet
    default_sort = ("-since", "-pk")
    columns = (
        *CUSTOMER,
        Column("kind", gettext_lazy("客户类型"), lambda c: c.get_kind_display(), sort=("kind",)),
        Column("manager", gettext_lazy("开发人"), lambda c: c.developed_by.name, sort=("developed_by__name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda c: c.developed_by.employee_no, sort=("developed_by__employee_no",)),
        Column("unit", gettext_lazy("机构"), lambda c: c.developed_by.unit.name, sort=("developed_by__unit__path",)),
    )  # fmt: skip
    totals = (Total("customers", gettext_lazy("客户数量"), Count("pk")),)

    def queryset(self, actor: Actor, action: str) -> QuerySet[Any]:
        rows = Customer.objects.filter(developed_by__in=self.people(actor, action))
        return with_named_customer(rows.select_related("developed_by__unit"), actor, "pk")


class GrowthResource(BehindResource):
    """同一客户业绩对比: what a manager's customers of long standing brought in a span and in its base, from the rows."""

    key = "growth"
    noun = gettext_lazy("同一客户业绩对比")
    filterset = GrowthFilterSet
    default_sort = ("-amount",)
    columns = (
        *CUSTOMER,
        Column("base", gettext_lazy("基期金额"), lambda c: c.base_amount, sort=("base_amount",), numeric=True, kind="number"),
        Column("amount", gettext_lazy("本期金额"), lambda c: c.amount, sort=("amount",), numeric=True, kind="number"),
        Column("change", gettext_lazy("变动"), lambda c: c.change, sort=("change",), numeric=True, kind="number"),
    )  # fmt: skip
    totals = (
        Total("base", gettext_lazy("基期合计"), Sum("base_amount", default=0), "money"),
        Total("amount", gettext_lazy("本期合计"), Sum("amount", default=0), "money"),
        Total("growth", gettext_lazy("增长率"), ratio(Sum("change"), Sum("base_amount"), 100), "percent"),
    )

    def queryset(self, actor: Actor, action: str) -> QuerySet[Any]:
        held = Assignment.objects.filter(customer=OuterRef("pk"), manager__in=self.people(actor, action))
        return Customer.objects.filter(Exists(held))

    def subtitle(self, request: Any, total: int) -> Text:
        return _("基期开始前已是客户、本期最后一天由该客户经理主办的客户")

    def empty(self, request: Any, filtered: bool) -> Empty:
        return Empty(_("没有可比的客户：基期开始前已建立合作、本期最后一天由该客户经理主办的客户才在内。"))


TRANSACTIONS = TransactionResource()
CONTRACTS = ContractResource()
OPPORTUNITIES = OpportunityResource()
DEVELOPED = DevelopedResource()
GROWTH = GrowthResource()
