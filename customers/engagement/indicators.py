"""Indicators computed from dealings: sales, deals, new customers, growth with the same customers, contracts, winning.

Every `compute` is one or two queries for everybody. Who is given 0 and who is left out is decided here, indicator by
indicator: a sum or a count is 0 for whoever has dealings or customers on record at all by the end of the span, and not
known for others; a rate or a mean without a base is never 0, it is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cmsys.ui.indicators import IndicatorSource, Records, Span
from customers.engagement.filters import CLOSED, quarter_begins
from customers.engagement.models import (
    Contract,
    CustomerQuarter,
    ManagerMonth,
    Opportunity,
    Stage,
    Transaction,
)
from customers.engagement.permissions import CONTRACT_VIEW, OPPORTUNITY_VIEW, TRANSACTION_VIEW
from customers.engagement.ratios import rounded
from customers.engagement.selectors import known_managers, primary_on, same_customers
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

Values = Iterable[tuple[int, Decimal]]
QUARTERS = frozenset({3, 6, 12})
CENT = Decimal("0.01")


def listed(url_name: str, span: Span, manager_id: int, person: str = "manager", **conditions: str) -> str:
    """The list's address for one person and the span, both ends included. `from` and `to` may be renamed; one query."""
    number = RelationshipManager.objects.values_list("employee_no", flat=True).get(pk=manager_id)
    first, last = conditions.pop("first", "from"), conditions.pop("last", "to")
    period = {first: span.starts_on.isoformat(), last: (span.ends_on - timedelta(days=1)).isoformat()}
    return f"{reverse(url_name)}?{urlencode({person: number, **period, **conditions})}"


def within(field: str, span: Span) -> dict[str, Any]:
    """Rows whose date lies in the span."""
    return {f"{field}__gte": span.starts_on, f"{field}__lt": span.ends_on}


def with_zeros(found: Mapping[int, Any], known: Iterable[int]) -> Values:
    """The figure of everybody known, 0 where there is none."""
    return [(manager, Decimal(found.get(manager) or 0)) for manager in known]


def is_known(manager_id: int, span: Span) -> bool:
    """Whether nothing means none for this manager; one query."""
    return known_managers(span.ends_on).filter(pk=manager_id).exists()


def added_up(rows: QuerySet[Any], span: Span, manager_id: int, what: Any) -> Decimal | None:
    """An aggregate over one manager's rows, 0 or None where there are none."""
    found = rows.filter(manager=manager_id).aggregate(found=what)["found"]
    if found:
        return Decimal(found)
    return Decimal(0) if is_known(manager_id, span) else None


def _months(span: Span, field: str) -> dict[int, Any]:
    rows = ManagerMonth.objects.filter(**within("month", span)).order_by().values_list("manager")
    return dict(rows.annotate(total=Sum(field)))


def _known(span: Span) -> Iterable[int]:
    return known_managers(span.ends_on).order_by().values_list("pk", flat=True)


# --- sales --------------------------------------------------------------------------------------------------------------
def sales(span: Span) -> Values:
    """Yuan of the transactions in the span, from the kept sums; two queries."""
    fen = _months(span, "amount_fen")
    return with_zeros({manager: Decimal(total) * CENT for manager, total in fen.items()}, _known(span))


def sales_records(span: Span, manager_id: Any) -> Records:
    rows = Transaction.objects.filter(**within("occurred_on", span))
    value = added_up(rows, span, manager_id, Sum("amount"))
    return Records(listed("transactions_list", span, manager_id), _("交易"), value, "amount")


def deals(span: Span) -> Values:
    """Transactions in the span, from the kept sums; two queries."""
    return with_zeros(_months(span, "transactions"), _known(span))


def deals_records(span: Span, manager_id: Any) -> Records:
    rows = Transaction.objects.filter(**within("occurred_on", span))
    value = added_up(rows, span, manager_id, Count("pk"))
    return Records(listed("transactions_list", span, manager_id), _("交易"), value, "transactions")


# --- customers ----------------------------------------------------------------------------------------------------------
def new_customers(span: Span) -> Values:
    """Customers whose first contract or transaction lies in the span, by who was responsible on that day; two queries."""
    rows = Customer.objects.filter(developed_by__isnull=False, **within("since", span)).order_by()
    return with_zeros(dict(rows.values_list("developed_by").annotate(n=Count("pk"))), _known(span))


def new_customers_records(span: Span, manager_id: Any) -> Records:
    count = Customer.objects.filter(developed_by=manager_id, **within("since", span)).count()
    value = Decimal(count) if count or is_known(manager_id, span) else None
    return Records(listed("developed_list", span, manager_id), _("新开发客户"), value, "customers")


def growth(which: str) -> Callable[[Span], Values]:
    """Percent by which the customers of before the base brought more in the span than in the base; one query."""

    def compute(span: Span) -> Values:
        if span.months not in QUARTERS or not quarter_begins(span.starts_on):
            return []
        base = base_of(span, which)
        held = primary_on(span.ends_on - timedelta(days=1), "customer__assignments")
        of_span, of_base = Q(**within("quarter", span)), Q(**within("quarter", base))
        rows = CustomerQuarter.objects.filter(of_span | of_base, held, customer__since__lt=base.starts_on)
        sums = (
            rows.order_by()
            .values_list("customer__assignments__manager")
            .annotate(
                now=Sum("amount_fen", filter=of_span, default=0), then=Sum("amount_fen", filter=of_base)
            )
        )
        rates = ((manager, growth_rate(now, then)) for manager, now, then in sums)
        return [(manager, rate) for manager, rate in rates if rate is not None]

    return compute


def base_of(span: Span, which: str) -> Span:
    """What the span is compared with: the span just before, or the same one a year earlier."""
    return span.year_ago if which == "year_ago" else span.previous


def growth_records(which: str) -> Callable[[Span, Any], Records]:
    """The page that lists the same customers with both amounts."""

    def records(span: Span, manager_id: Any) -> Records:
        base = base_of(span, which)
        people = RelationshipManager.objects.filter(pk=manager_id)
        rows = same_customers(people, span, base)
        sums = rows.aggregate(now=Sum("amount"), then=Sum("base_amount"))
        return Records(
            listed("growth_list", span, manager_id, base=which), _("同一客户业绩对比"),
            growth_rate(sums["now"], sums["then"]), "growth",
        )  # fmt: skip

    return records


def growth_rate(now: Any, then: Any) -> Decimal | None:
    """Percent to six decimals; None without a base to grow from."""
    return rounded((Fraction(now) - Fraction(then)) / Fraction(then) * 100) if then and then > 0 else None


# --- contracts and opportunities ----------------------------------------------------------------------------------------
def contract_amount(span: Span) -> Values:
    """Yuan of the contracts signed in the span; two queries."""
    rows = Contract.objects.filter(manager__isnull=False, **within("signed_on", span)).order_by()
    return with_zeros(dict(rows.values_list("manager").annotate(total=Sum("amount"))), _known(span))


def contract_records(span: Span, manager_id: Any) -> Records:
    rows = Contract.objects.filter(**within("signed_on", span))
    value = added_up(rows, span, manager_id, Sum("amount"))
    return Records(listed("contracts_list", span, manager_id), _("合同"), value, "amount")


def _closed(span: Span) -> QuerySet[Any]:
    return Opportunity.objects.filter(
        manager__isnull=False, stage__in=CLOSED, **within("closed_on", span)
    ).order_by()


WON = Q(stage=Stage.WON)


def won_amount(span: Span) -> Values:
    """Yuan of the opportunities won in the span; two queries."""
    rows = _closed(span).filter(WON).values_list("manager")
    return with_zeros(dict(rows.annotate(total=Sum("amount"))), _known(span))


def win_rate(span: Span) -> Values:
    """Percent of the opportunities closed in the span that were won; nobody without a closed one. One query."""
    rows = _closed(span).values_list("manager").annotate(won=Count("pk", filter=WON), closed=Count("pk"))
    return [(manager, rounded(Fraction(100 * won, closed))) for manager, won, closed in rows]


def _closed_list(span: Span, manager_id: Any) -> str:
    return listed(
        "opportunities_list", span, manager_id, first="closed_from", last="closed_to", stage="closed"
    )


def won_records(span: Span, manager_id: Any) -> Records:
    value = added_up(_closed(span).filter(WON), span, manager_id, Sum("amount"))
    return Records(_closed_list(span, manager_id), _("已关闭的商机"), value, "won_amount")


def win_rate_records(span: Span, manager_id: Any) -> Records:
    stages = list(_closed(span).filter(manager=manager_id).values_list("stage", flat=True))
    value = rounded(Fraction(100 * stages.count(Stage.WON), len(stages))) if stages else None
    return Records(_closed_list(span, manager_id), _("已关闭的商机"), value, "win_rate")


ZERO = _("期末前有过交易、商机、合同或主办客户而本期没有的记 0，从未有过的不计值。")
GROWTH_RULE = _(
    "基期开始前已建立合作、本期最后一天由其主办的客户，本期交易额之和比基期之和增长的百分比，无论当时由谁负责；"
    "只用于整季度、半年、年度。基期之和不大于 0 时不计值。"
)
SOURCES = (
    IndicatorSource(
        "SALES", _("销售额"), _("元"), format_lazy("{}{}", _("本期交易金额之和，按交易当日的责任客户经理。"), ZERO),
        sales, sales_records, function=TRANSACTION_VIEW, source=_("交易"),
    ),
    IndicatorSource(
        "DEALS", _("成交笔数"), _("笔"), format_lazy("{}{}", _("本期交易笔数，按交易当日的责任客户经理。"), ZERO),
        deals, deals_records, function=TRANSACTION_VIEW, source=_("交易"),
    ),
    IndicatorSource(
        "NEW_CUSTOMERS", _("客户数量（本期新开发）"), _("户"),
        format_lazy("{}{}", _("首份合同（没有合同的按首笔交易）在本期的客户数，归当日的责任客户经理，不含存量。"), ZERO),
        new_customers, new_customers_records, function=TRANSACTION_VIEW, source=_("合同、交易"),
    ),
    IndicatorSource(
        "GROWTH", _("业务增长率（同一客户，环比）"), "%", format_lazy("{}{}", _("基期为紧接着的上一个等长期间。"), GROWTH_RULE),
        growth("previous"), growth_records("previous"), months=QUARTERS, function=TRANSACTION_VIEW, source=_("交易、客户归属"),
    ),
    IndicatorSource(
        "GROWTH_YOY", _("业务增长率（同一客户，同比）"), "%", format_lazy("{}{}", _("基期为上一年同期。"), GROWTH_RULE),
        growth("year_ago"), growth_records("year_ago"), months=QUARTERS, function=TRANSACTION_VIEW, source=_("交易、客户归属"),
    ),
    IndicatorSource(
        "CONTRACT_AMOUNT", _("签约金额"), _("元"),
        format_lazy("{}{}", _("本期签订的合同金额之和，按签订当日的责任客户经理。"), ZERO),
        contract_amount, contract_records, function=CONTRACT_VIEW, source=_("合同"),
    ),
    IndicatorSource(
        "WON_AMOUNT", _("赢单金额"), _("元"), format_lazy("{}{}", _("本期关闭且赢单的商机金额之和，没有金额的按 0。"), ZERO),
        won_amount, won_records, function=OPPORTUNITY_VIEW, source=_("商机"),
    ),
    IndicatorSource(
        "WIN_RATE", _("赢单率"), "%", _("本期关闭的商机中赢单的百分比。本期没有关闭商机的不计值。"),
        win_rate, win_rate_records, function=OPPORTUNITY_VIEW, source=_("商机"),
    ),
)  # fmt: skip
