"""Indicators computed from tickets: satisfaction, upheld complaints, time to respond. Days are the bank's own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from cmsys.ui.indicators import IndicatorSource, Records, Span
from customers.engagement.indicators import is_known, listed
from customers.engagement.ratios import rounded
from customers.engagement.selectors import known_managers
from customers.service.filters import midnight
from customers.service.models import Ticket
from customers.service.permissions import TICKET_VIEW
from customers.service.resources import UPHELD, WAITED

Values = Iterable[tuple[int, Decimal]]
HOUR = 3600 * 10**6


def opened(span: Span) -> QuerySet[Any]:
    """Tickets opened in the span."""
    return Ticket.objects.filter(
        opened_at__gte=midnight(span.starts_on), opened_at__lt=midnight(span.ends_on)
    ).order_by()


# --- satisfaction -------------------------------------------------------------------------------------------------------
def satisfaction(span: Span) -> Values:
    """Mean rating of the tickets opened in the span; nobody without a rating. One query."""
    rows = opened(span).filter(manager__isnull=False, rating__isnull=False).values_list("manager")
    return [
        (manager, rounded(Fraction(total) / count))
        for manager, total, count in rows.annotate(total=Sum("rating"), count=Count("rating"))
    ]


def satisfaction_records(span: Span, manager_id: Any) -> Records:
    given = opened(span).filter(manager=manager_id, rating__isnull=False).values_list("rating", flat=True)
    ratings = [Fraction(rating) for rating in given]
    value = rounded(sum(ratings, Fraction(0)) / len(ratings)) if ratings else None
    return Records(listed("tickets_list", span, manager_id), _("服务工单"), value, "mean_rating")


# --- complaints ---------------------------------------------------------------------------------------------------------
def complaints(span: Span) -> Values:
    """Upheld complaints opened in the span, by whom they are laid to; 0 for whoever has dealings, customers or an earlier
    one on record. Nobody has a figure as long as the bank has no tickets at all. Three queries."""
    if not _any_tickets(span):
        return []
    charged = opened(span).filter(UPHELD, responsible__isnull=False)
    counts = dict(charged.values_list("responsible").annotate(n=Count("pk")))
    known = set(known_managers(span.ends_on).values_list("pk", flat=True)) | set(counts)
    return [(manager, Decimal(counts.get(manager, 0))) for manager in sorted(known)]


def complaint_records(span: Span, manager_id: Any) -> Records:
    count = opened(span).filter(UPHELD, responsible=manager_id).count()
    none_is_zero = _any_tickets(span) and is_known(manager_id, span)
    url = listed("tickets_list", span, manager_id, "responsible", kind="complaint", upheld="true")
    return Records(url, _("成立的投诉"), Decimal(count) if count or none_is_zero else None, "upheld")


def _any_tickets(span: Span) -> bool:
    return Ticket.objects.filter(opened_at__lt=midnight(span.ends_on)).exists()


# --- time to respond ----------------------------------------------------------------------------------------------------
def response_hours(span: Span) -> Values:
    """Mean hours from opening to response of the tickets opened in the span and responded to. One query."""
    rows = opened(span).filter(manager__isnull=False, responded_at__isnull=False).values_list("manager")
    return [
        (manager, _hours(total, count))
        for manager, total, count in rows.annotate(total=Sum(WAITED), count=Count("pk"))
    ]


def response_records(span: Span, manager_id: Any) -> Records:
    rows = opened(span).filter(manager=manager_id, responded_at__isnull=False)
    waits = [responded - received for received, responded in rows.values_list("opened_at", "responded_at")]
    value = _hours(sum(waits, timedelta()), len(waits)) if waits else None
    return Records(listed("tickets_list", span, manager_id), _("服务工单"), value, "response_hours")


def _hours(total: timedelta, count: int) -> Decimal:
    return rounded(Fraction(total // timedelta(microseconds=1), HOUR * count))


SOURCES = (
    IndicatorSource(
        "SATISFACTION", _("客户满意度"), _("分"),
        _("本期受理的工单中客户评价（1 至 5 分）的平均分，按受理当日的责任客户经理。没有评价的不计值。"),
        satisfaction, satisfaction_records, function=TICKET_VIEW, source=_("服务工单"),
    ),
    IndicatorSource(
        "COMPLAINT", _("成立的投诉"), _("件"),
        _("本期受理、认定成立的投诉件数，按认定的责任人。期末前有过交易、商机、合同或主办客户而没有被认定的记 0；全行尚无工单时都不计值。"),
        complaints, complaint_records, better="lower", kind="event", function=TICKET_VIEW, source=_("服务工单"),
    ),
    IndicatorSource(
        "RESPONSE_HOURS", _("平均响应时长"), _("小时"),
        _("本期受理的工单从受理到响应的平均小时数，按受理当日的责任客户经理。没有已响应工单的不计值。"),
        response_hours, response_records, better="lower", function=TICKET_VIEW, source=_("服务工单"),
    ),
)  # fmt: skip
