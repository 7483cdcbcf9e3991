"""Cards: what a customer's dealings are, on his page; a manager's sales by month; the facts of one dealing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.charts import Chart, Number, Series
from cmsys.ui.formats import money
from cmsys.ui.listing import shown
from customers.engagement.models import Contract, Opportunity, Transaction
from customers.engagement.resources import CONTRACTS, OPPORTUNITIES, STAGE_TONES, TRANSACTIONS
from customers.engagement.selectors import latest, sales_by_month
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

MONTHS = 12


def dealings(
    request: SignedInRequest, label: str, rows: list[Any], heads: tuple[str, ...], cells: Any, url: str
) -> str:
    """A small table of the latest rows with their number in all and the way to the rest.

    `cells(row)` gives what stands under `heads`: text, or a pair of text and tone; the first leads to the row's page.
    """
    first = rows[0] if rows else None
    lines = []
    for row in rows:
        texts = [cell if isinstance(cell, tuple) else (cell, "") for cell in cells(row)]
        lines.append({"url": row.page, "cells": [{"head": head, "text": text, "tone": tone} for head, (text, tone) in zip(heads, texts, strict=True)]})  # fmt: skip
    context = {
        "label": label, "heads": heads, "lines": lines, "url": url, "total": first.n if first else 0,
        "amount": money(first.amounts) if first is not None and hasattr(first, "amounts") else "",
    }  # fmt: skip
    return render_to_string("engagement/cards/dealings.html", context, request=request)


def _of(resource: Any, rows: list[Any]) -> list[Any]:
    for row in rows:
        row.page = resource.url("detail", row)
    return rows


def _listed(resource: Any, customer: Customer) -> str:
    return f"{resource.url('list')}?{urlencode({'customer': customer.customer_no})}"


def transactions_card(request: SignedInRequest, customer: Customer) -> str:
    """The latest transactions with the customer, as far as the reader sees their managers; one query."""
    rows = Transaction.objects.visible_to(request.user).filter(customer=customer)
    return dealings(
        request, _("交易"), _of(TRANSACTIONS, latest(rows, "-occurred_on", "-pk", amount="amount")),
        (_("流水号"), _("日期"), _("产品"), _("金额")),
        lambda row: (row.transaction_no, shown(row.occurred_on), row.product, money(row.amount)),
        _listed(TRANSACTIONS, customer),
    )  # fmt: skip


def contracts_card(request: SignedInRequest, customer: Customer) -> str:
    """The latest contracts; one query."""
    rows = Contract.objects.visible_to(request.user).filter(customer=customer)
    return dealings(
        request, _("合同"), _of(CONTRACTS, latest(rows, "-signed_on", "-pk", amount="amount")),
        (_("合同编号"), _("签订"), _("到期"), _("金额")),
        lambda row: (row.contract_no, shown(row.signed_on), shown(row.ends_on), money(row.amount)),
        _listed(CONTRACTS, customer),
    )  # fmt: skip


def opportunities_card(request: SignedInRequest, customer: Customer) -> str:
    """The latest opportunities; one query."""
    rows = Opportunity.objects.visible_to(request.user).filter(customer=customer)
    return dealings(
        request, _("商机"), _of(OPPORTUNITIES, latest(rows, "-opened_on", "-pk", amount="amount")),
        (_("商机编号"), _("创建"), _("阶段"), _("金额")),
        lambda row: (
            row.opportunity_no, shown(row.opened_on), (row.get_stage_display(), STAGE_TONES.get(row.stage, "hold")),
            money(row.amount),
        ),
        _listed(OPPORTUNITIES, customer),
    )  # fmt: skip


def months_back(day: date, count: int) -> list[date]:
    """The first days of the last `count` months up to the day's own, in order."""
    number = day.year * 12 + day.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(number - count + 1, number + 1)]


def sales_chart(months: list[date], kept: dict[date, tuple[int, int]]) -> Chart:
    """Sales of each month in yuan; a month without transactions is a zero, because the sums are kept for every row."""
    fen = [kept.get(month, (0, 0))[0] for month in months]
    best = max(range(len(months)), key=lambda place: fen[place])
    title = _("近 %(n)d 个月销售额 %(total)s，最高是 %(month)s 的 %(most)s") % {
        "n": len(months), "total": _money(sum(fen)), "month": f"{months[best]:%Y-%m}", "most": _money(fen[best]),
    }  # fmt: skip
    return Chart(
        kind="bar", key="sales", title=title, unit=_("元"), category_label=_("月份"),
        categories=tuple(f"{month:%Y-%m}" for month in months),
        series=(Series(_("销售额"), tuple(_yuan(value) for value in fen)),),
        note=_("按交易日期与当时的责任客户经理汇总"), n=sum(kept.get(month, (0, 0))[1] for month in months),
    )  # fmt: skip


def _money(fen: int) -> str:
    return money(Decimal(fen) / 100)


def _yuan(fen: int) -> Number:
    return fen // 100 if fen % 100 == 0 else fen / 100


def sales_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """Twelve months of sales from the kept sums, and the ways to the rows behind them; one query."""
    months = months_back(timezone.localdate(), MONTHS)
    kept = sales_by_month(manager.pk, months[0])
    person = {"manager": manager.employee_no}
    dated = person | {"from": months[0].isoformat()}
    links = [
        (_("交易"), "transactions_list", dated),
        (_("合同"), "contracts_list", person),
        (_("商机"), "opportunities_list", person),
        (_("新开发客户"), "developed_list", dated),
    ]
    context = {
        "chart": sales_chart(months, kept) if kept else None,
        "links": [{"label": label, "url": f"{reverse(name)}?{urlencode(query)}"} for label, name, query in links],
    }  # fmt: skip
    return render_to_string("engagement/cards/sales.html", context, request=request)


def facts_card(request: SignedInRequest, row: Any) -> str:
    """Every column of one dealing, the manager with a way to his page for those who may open it; one query at most."""
    resource = {Transaction: TRANSACTIONS, Contract: CONTRACTS, Opportunity: OPPORTUNITIES}[type(row)]
    return render_to_string(
        "components/facts.html", {"facts": facts_of(request, resource, row)}, request=request
    )


def facts_of(request: SignedInRequest, resource: Any, row: Any) -> list[dict[str, Any]]:
    """Label and value of every column the reader may have."""
    links = {"manager": manager_url(request, row.manager), "customer": customer_url(row)}
    return [
        {
            "label": column.label, "value": shown(column.value(row)), "url": links.get(column.key, ""),
            "tag": column.tone(row) if column.tone and column.value(row) not in (None, "") else "",
        }
        for column in resource.columns
        if (column.function is None or may(request.user, column.function))
        and not (column.key == "customer_name" and not row.named)
    ]  # fmt: skip


def customer_url(row: Any) -> str:
    """The customer's page for those who may open it."""
    return reverse("customers_detail", args=[row.customer.customer_no]) if row.named else ""


def manager_url(request: SignedInRequest, manager: RelationshipManager | None) -> str:
    """The manager's page for those who may open it; one query."""
    if (
        manager is None
        or not RelationshipManager.objects.visible_to(request.user).filter(pk=manager.pk).exists()
    ):
        return ""
    return reverse("managers_detail", args=[manager.employee_no])
