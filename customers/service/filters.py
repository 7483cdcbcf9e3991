"""Conditions on tickets: whose, laid to whom, of which kind, opened when; the same for list, export and API."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.engagement.filters import AssumedPeriod, DealingFilterSet, PeriodForm, answers
from customers.service.models import Ticket, TicketKind

EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)


def midnight(day: date) -> datetime:
    """The moment at which the day begins in the bank's time zone; days before or after every ticket stand for their
    limit, since not each of them is a moment everywhere."""
    return timezone.make_aware(datetime.combine(min(max(day, EARLIEST), LATEST), time.min))


class TicketFilterSet(DealingFilterSet):
    """工单: days are those of the bank's calendar, compared as moments, so that the index on them is used."""

    kind = django_filters.ChoiceFilter(label=_("工单类型"), choices=TicketKind.choices, empty_label=_("全部"))
    upheld = django_filters.BooleanFilter(label=_("投诉认定"), widget=answers(_("成立"), _("不成立")))
    responsible = django_filters.CharFilter(field_name="responsible__employee_no", label=_("责任人工号"))
    rated = django_filters.BooleanFilter(
        field_name="rating", lookup_expr="isnull", exclude=True, label=_("客户评价"),
        widget=answers(_("有评价"), _("无评价")),
    )  # fmt: skip
    q = django_filters.CharFilter(field_name="ticket_no", label=_("工单编号"))

    class Meta:
        model = Ticket
        fields: tuple[str, ...] = ()
        form = PeriodForm

    @classmethod
    def get_filters(cls) -> Any:
        period = {
            "from": django_filters.DateFilter(method="from_day", label=_("受理日期起")),
            "to": django_filters.DateFilter(method="to_day", label=_("受理日期止")),
        }
        return {**period, **super().get_filters()}

    def from_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        return queryset.filter(opened_at__gte=midnight(value))

    def to_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """The day itself included."""
        return queryset.filter(opened_at__lt=midnight(min(value, LATEST) + timedelta(days=1)))


class TicketListFilterSet(AssumedPeriod, TicketFilterSet):
    """The conditions of the page."""

    narrow: ClassVar[tuple[str, ...]] = (*AssumedPeriod.narrow, "responsible")
