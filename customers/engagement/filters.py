"""Conditions on dealings: whose, with whom, when; the same for lists, exports and the API."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.org.choices import UnitFilter
from cmsys.ui.indicators import Span
from customers.engagement.models import Contract, Opportunity, Stage, Transaction
from customers.engagement.permissions import TRANSACTION_VIEW
from customers.engagement.selectors import same_customers, with_named_customer
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

YEARS = (1900, 2999)
CLOSED = (Stage.WON, Stage.LOST)
# `from` cannot be the name of a class attribute, and is what people and programs expect in an address.
PERIODS = (("from", "to"), ("closed_from", "closed_to"))


def answers(yes: Any, no: Any) -> forms.Select:
    """A choice between two answers and none."""
    return forms.Select(choices=(("", gettext_lazy("全部")), ("true", yes), ("false", no)))


class PeriodForm(forms.Form):
    """A period lies within what a calendar of ours holds, and does not end before it begins."""

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        for first, last in PERIODS:
            for name in (first, last):
                if values.get(name) and not YEARS[0] <= values[name].year <= YEARS[1]:
                    message = _("请填写 %(first)d 到 %(last)d 年之间的日期。") % {
                        "first": YEARS[0],
                        "last": YEARS[1],
                    }
                    self.add_error(name, ValidationError(message, code="bad_period"))
            values = self.cleaned_data
            begins, ends = values.get(first), values.get(last)
            if begins and ends and ends < begins:
                self.add_error(last, ValidationError(_("结束日期不能早于开始日期。"), code="bad_period"))
        return values


class DealingFilterSet(django_filters.FilterSet):
    """Whose record it is, which customer's, in which unit, and a period whose both ends count.

    `day` is the row's date, `day_label` what it is called.
    """

    day: ClassVar[str] = ""
    day_label: ClassVar[Any] = ""
    manager = django_filters.CharFilter(
        field_name="manager__employee_no", label=gettext_lazy("客户经理工号"), strip=True
    )
    customer = django_filters.CharFilter(
        field_name="customer__customer_no", label=gettext_lazy("客户编号"), strip=True
    )
    unit = UnitFilter(
        label=gettext_lazy("机构"), empty_label=gettext_lazy("全部"), path_lookup="manager__unit__path"
    )

    owned = django_filters.BooleanFilter(
        field_name="manager", lookup_expr="isnull", exclude=True, label=gettext_lazy("责任客户经理"),
        widget=answers(gettext_lazy("有"), gettext_lazy("无")),
    )  # fmt: skip

    @classmethod
    def get_filters(cls) -> Any:
        """The period stands first: it is what a list is asked for."""
        period = {
            "from": django_filters.DateFilter(
                field_name=cls.day,
                lookup_expr="gte",
                label=format_lazy(gettext_lazy("{day}起"), day=cls.day_label),
            ),
            "to": django_filters.DateFilter(
                field_name=cls.day,
                lookup_expr="lte",
                label=format_lazy(gettext_lazy("{day}止"), day=cls.day_label),
            ),
        }
        return {**(period if cls.day else {}), **super().get_filters()}


class AssumedPeriod(django_filters.FilterSet):
    """Without a period, a person or a number the list begins with this month: millions of rows are not read for a page.

    The assumed day stands in the query form and among the conditions; another one can be put in its place.
    """

    narrow: ClassVar[tuple[str, ...]] = ("from", "to", "manager", "customer", "q")

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        self.assumed: tuple[str, ...] = ()
        if data is not None and not any(data.get(name) for name in self.narrow):
            data = data.copy()
            data["from"] = timezone.localdate().replace(day=1).isoformat()
            self.assumed = ("from",)
        super().__init__(data, *args, **kwargs)


class TransactionFilterSet(DealingFilterSet):
    """交易: also by number and by product."""

    day = "occurred_on"
    day_label = gettext_lazy("日期")
    q = django_filters.CharFilter(field_name="transaction_no", label=gettext_lazy("流水号"))
    product = django_filters.CharFilter(label=gettext_lazy("产品"))

    class Meta:
        model = Transaction
        fields: tuple[str, ...] = ()
        form = PeriodForm


class TransactionListFilterSet(AssumedPeriod, TransactionFilterSet):
    """The conditions of the page."""


class ContractFilterSet(DealingFilterSet):
    """合同: also by number."""

    day = "signed_on"
    day_label = gettext_lazy("签订日期")
    q = django_filters.CharFilter(
        field_name="contract_no", label=gettext_lazy("合同编号"), lookup_expr="icontains"
    )

    class Meta:
        model = Contract
        fields: tuple[str, ...] = ()
        form = PeriodForm


STAGES: list[tuple[str, Any]] = [
    ("open", gettext_lazy("未关闭")),
    ("closed", gettext_lazy("已关闭（赢单与输单）")),
    *Stage.choices,
]


class OpportunityFilterSet(DealingFilterSet):
    """商机: also by stage and by when it was closed; a closing counts only for what was won or lost."""

    day = "opened_on"
    day_label = gettext_lazy("创建日期")
    stage = django_filters.ChoiceFilter(
        label=gettext_lazy("阶段"), choices=STAGES, method="in_stage", empty_label=gettext_lazy("全部")
    )
    closed_from = django_filters.DateFilter(
        field_name="closed_on", lookup_expr="gte", label=gettext_lazy("关闭日期起")
    )
    closed_to = django_filters.DateFilter(
        field_name="closed_on", lookup_expr="lte", label=gettext_lazy("关闭日期止")
    )
    q = django_filters.CharFilter(
        field_name="opportunity_no", label=gettext_lazy("商机编号"), lookup_expr="icontains"
    )

    class Meta:
        model = Opportunity
        fields: tuple[str, ...] = ()
        form = PeriodForm

    def in_stage(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value in ("open", "closed"):
            closed = Q(stage__in=CLOSED)
            return queryset.filter(closed if value == "closed" else ~closed)
        return queryset.filter(stage=value)


class DevelopedFilterSet(django_filters.FilterSet):
    """Newly developed customers: by whom, in which unit, in which period."""

    manager = django_filters.CharFilter(
        field_name="developed_by__employee_no", label=gettext_lazy("开发人工号")
    )
    unit = UnitFilter(
        label=gettext_lazy("机构"), empty_label=gettext_lazy("全部"), path_lookup="developed_by__unit__path"
    )

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()
        form = PeriodForm

    @classmethod
    def get_filters(cls) -> Any:
        period = {
            "from": django_filters.DateFilter("since", "gte", label=gettext_lazy("建立合作日期起")),
            "to": django_filters.DateFilter("since", "lte", label=gettext_lazy("建立合作日期止")),
        }
        return {**period, **super().get_filters()}


class DevelopedListFilterSet(AssumedPeriod, DevelopedFilterSet):
    """The conditions of the page."""

    narrow = ("from", "to", "manager")


BASES = (
    ("previous", gettext_lazy("环比：紧接着的上一个等长期间")),
    ("year_ago", gettext_lazy("同比：上一年同期")),
)


class QuartersForm(forms.Form):
    """A period of one, two or four whole quarters, in which quarters' sums can be compared."""

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("from"), values.get("to")
        if first and not quarter_begins(first):
            self.add_error(
                "from", ValidationError(_("请填写季度的第一天，如 2025-10-01。"), code="bad_period")
            )
        elif first and last and whole_span(first, last) is None:
            message = _("请填写季度的最后一天，与起始日之间是一、二或四个整季度。")
            self.add_error("to", ValidationError(message, code="bad_period"))
        return values


class GrowthFilterSet(django_filters.FilterSet):
    """Same customers of one manager in a span and in its base. Left out, the period is the last whole quarter, and the
    manager the reader himself where he is one."""

    manager = django_filters.CharFilter(label=gettext_lazy("客户经理工号"), required=True)
    base = django_filters.ChoiceFilter(
        label=gettext_lazy("对比口径"), choices=BASES, empty_label=None, required=True
    )

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()
        form = QuartersForm

    @classmethod
    def get_filters(cls) -> Any:
        period = {
            "from": django_filters.DateFilter(label=gettext_lazy("本期起"), required=True),
            "to": django_filters.DateFilter(label=gettext_lazy("本期止"), required=True),
        }
        return {**period, **super().get_filters()}

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        self.assumed: tuple[str, ...] = ()
        if data is not None:
            data, self.assumed = self._completed(data.copy(), kwargs["request"])
        super().__init__(data, *args, **kwargs)

    @staticmethod
    def _completed(data: Any, request: Any) -> tuple[Any, tuple[str, ...]]:
        last = last_quarter(timezone.localdate())
        left_out = {"base": "previous", "manager": getattr(request.user, "employee_no", None)}
        if not data.get("from") and not data.get("to"):
            left_out |= {
                "from": last.starts_on.isoformat(),
                "to": (last.ends_on - timedelta(days=1)).isoformat(),
            }
        assumed = {name: value for name, value in left_out.items() if value and not data.get(name)}
        for name, value in assumed.items():
            data[name] = value
        return data, tuple(assumed)

    def span(self) -> tuple[Span, Span]:
        """The span and its base. Only for valid conditions."""
        values = self.form.cleaned_data
        span = whole_span(values["from"], values["to"])
        assert span is not None
        return span, span.year_ago if values["base"] == "year_ago" else span.previous

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        people = RelationshipManager.objects.reached_by(self.request.user, TRANSACTION_VIEW)
        people = people.filter(employee_no=self.form.cleaned_data["manager"])
        chosen = same_customers(people, *self.span()).filter(pk__in=queryset.values("pk"))
        return with_named_customer(chosen, self.request.user, "pk")


def last_quarter(today: date) -> Span:
    """The last quarter that is over."""
    begun = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return Span(Span(begun, begun).back(3).starts_on, begun)


def quarter_begins(day: date) -> bool:
    """Whether a quarter begins on that day."""
    return day.day == 1 and day.month in (1, 4, 7, 10)


def whole_span(first: date, last: date) -> Span | None:
    """The span from the first to the last day when these are one, two or four whole quarters."""
    if not (YEARS[0] <= first.year and last.year <= YEARS[1]):
        return None
    after = last + timedelta(days=1)
    if not quarter_begins(first) or not quarter_begins(after):
        return None
    span = Span(first, after)
    return span if span.months in (3, 6, 12) else None
