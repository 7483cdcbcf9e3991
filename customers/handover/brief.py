"""What a customer is at the cut-off: the figures fixed with each line, and what there is to talk about at the joint visit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from cmsys.ui.formats import money
from customers.engagement.filters import CLOSED
from customers.engagement.models import Contract, CustomerQuarter, Opportunity
from customers.handover.choices import RENEWAL_DAYS
from customers.registry.models import Contact
from customers.service.models import Ticket, TicketKind

QUARTERS = 4
Snapshot = dict[str, Any]


def last_quarters(day: date) -> list[date]:
    """First days of the four whole quarters before the one in which `day` lies, the earliest first."""
    year, index = day.year, (day.month - 1) // 3
    found = []
    for _place in range(QUARTERS):
        year, index = (year, index - 1) if index else (year - 1, 3)
        found.append(date(year, 3 * index + 1, 1))
    return found[::-1]


def in_force(day: date) -> Q:
    """Contracts in force on a day: begun (signed, where no beginning is known) and not yet ended."""
    begun = Q(starts_on__lte=day) | Q(starts_on__isnull=True, signed_on__lte=day)
    return begun & (Q(ends_on__isnull=True) | Q(ends_on__gt=day))


def renewing(day: date) -> Q:
    """Contracts in force on a day that end within the next ninety."""
    return in_force(day) & Q(ends_on__lte=day + timedelta(days=RENEWAL_DAYS))


def being_sold(day: date) -> Q:
    """Opportunities opened by a day and neither won nor lost."""
    return ~Q(stage__in=CLOSED) & (Q(opened_on__isnull=True) | Q(opened_on__lte=day))


def snapshots(customers: Collection[int], day: date) -> dict[int, Snapshot]:
    """For each customer (keys), as of a day:

    contracts {n, fen} in force; renewals {n, fen} of them that end within 90 days; revenue, fen of each of the four whole
    quarters before, [{quarter, fen}]; opportunities {n, fen} open, those without an amount counted with none; tickets
    {n, complaints} unresolved as the books stand; contacts, how many. Five queries, however many customers.
    """
    asked = list(customers)
    contracts = {
        row["customer_id"]: row
        for row in Contract.objects.filter(in_force(day), customer__in=asked).order_by().values("customer_id").annotate(
            n=Count("pk"), total=Sum("amount"), ending=Count("pk", filter=renewing(day)),
            ending_total=Sum("amount", filter=renewing(day)),
        )
    }  # fmt: skip
    opportunities = {
        row["customer_id"]: row
        for row in Opportunity.objects.filter(being_sold(day), customer__in=asked).order_by().values("customer_id").annotate(
            n=Count("pk"), total=Sum("amount")
        )
    }  # fmt: skip
    complaint = Q(kind=TicketKind.COMPLAINT)
    tickets = {
        row["customer_id"]: row
        for row in Ticket.objects.filter(customer__in=asked, resolved_at__isnull=True).order_by().values("customer_id").annotate(
            n=Count("pk"), complaints=Count("pk", filter=complaint)
        )
    }  # fmt: skip
    quarters = last_quarters(day)
    revenue: dict[tuple[int, date], int] = {
        (customer, quarter): fen
        for customer, quarter, fen in CustomerQuarter.objects.filter(
            customer__in=asked, quarter__in=quarters
        ).values_list("customer_id", "quarter", "amount_fen")
    }
    contacts = dict(
        Contact.objects.filter(customer__in=asked).order_by().values_list("customer_id").annotate(n=Count("pk"))
    )  # fmt: skip
    return {
        key: {
            "contracts": _pair(contracts.get(key), "n", "total"),
            "renewals": _pair(contracts.get(key), "ending", "ending_total"),
            "revenue": [{"quarter": day_.isoformat(), "fen": revenue.get((key, day_), 0)} for day_ in quarters],
            "opportunities": _pair(opportunities.get(key), "n", "total"),
            "tickets": {name: (tickets.get(key) or {}).get(name, 0) for name in ("n", "complaints")},
            "contacts": contacts.get(key, 0),
        }
        for key in asked
    }  # fmt: skip


def _pair(row: Mapping[str, Any] | None, count: str, amount: str) -> dict[str, int]:
    return {"n": row[count] if row else 0, "fen": _fen(row[amount]) if row else 0}


def _fen(value: Decimal | None) -> int:
    return int((value or 0) * 100)


# --- in words -----------------------------------------------------------------------------------------------------------
def yuan(fen: int) -> str:
    """`¥1,234.50` of 123450 fen."""
    return money(Decimal(fen) / 100)


def revenue_of(snapshot: Mapping[str, Any]) -> int:
    """Fen of the four quarters together."""
    return sum(row["fen"] for row in snapshot.get("revenue", ()))


def quarter_name(text: str) -> str:
    """`2026Q3` of 2026-07-01."""
    day = date.fromisoformat(text)
    return f"{day.year}Q{(day.month - 1) // 3 + 1}"


def agenda(
    snapshot: Mapping[str, Any], *, taker: str, cutoff_on: date, contacts: Sequence[str] = ()
) -> list[str]:
    """What the joint visit has to settle, the most pressing first; each sentence comes from a figure of the line."""
    points = []
    tickets, renewals = snapshot["tickets"], snapshot["renewals"]
    if tickets["complaints"]:
        points.append(
            _("未办结投诉 %(n)d 件：当面说明处理进展，确认客户诉求和答复时间") % {"n": tickets["complaints"]}
        )
    named = {"taker": taker, "day": cutoff_on.isoformat()}
    points.append(_("介绍接交人%(taker)s，说明自 %(day)s 起由其管户；客户有异议的，记下原因") % named)
    if tickets["n"] > tickets["complaints"]:
        points.append(
            _("其他未办结工单 %(n)d 件：交代进度和下一步") % {"n": tickets["n"] - tickets["complaints"]}
        )
    if renewals["n"]:
        words = {"n": renewals["n"], "amount": yuan(renewals["fen"]), "days": RENEWAL_DAYS}
        points.append(_("%(days)d 天内到期合同 %(n)d 份，%(amount)s：商定续签安排") % words)
    if snapshot["opportunities"]["n"]:
        words = {"n": snapshot["opportunities"]["n"], "amount": yuan(snapshot["opportunities"]["fen"])}
        points.append(_("在谈商机 %(n)d 个，%(amount)s：确认需求、竞争情况和下一步") % words)
    going_on = snapshot["contracts"]["n"] - renewals["n"]
    if going_on:
        points.append(_("其余在执行合同 %(n)d 份：核对履约和收款") % {"n": going_on})
    if (said := _trend(snapshot)) is not None:
        points.append(said)
    if snapshot["contacts"]:
        who = _("（%(names)s）") % {"names": _("、").join(contacts)} if contacts else ""
        points.append(
            _("联系人 %(n)d 位%(who)s：核对联系方式，介绍接交人") % {"n": snapshot["contacts"], "who": who}
        )
    else:
        points.append(_("没有登记联系人：请客户指定联系人并登记"))
    return points


def _trend(snapshot: Mapping[str, Any]) -> str | None:
    """A sentence where the last whole quarter brought less than half of what the three before it did on average."""
    *before, last = (row["fen"] for row in snapshot["revenue"])
    if sum(before) > 0 and last * 2 * len(before) < sum(before):
        return _("最近一个季度业绩 %(last)s，不到此前季均的一半：了解原因") % {"last": yuan(last)}
    return None
