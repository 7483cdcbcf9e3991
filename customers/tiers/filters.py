"""Conditions on rules, runs and changes."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitFilter
from customers.registry.models import CustomerTier
from customers.tiers.choices import Outcome, Purpose, RuleState, RunState, Settled
from customers.tiers.models import TierChange, TierRule, TierRun

NO_TIER = "none"
WAYS = (("up", _("上调")), ("down", _("下调")), ("first", _("首次分级")))


def tier_choices() -> list[tuple[str, Any]]:
    """Every tier, and none."""
    return [*CustomerTier.objects.order_by("order").values_list("code", "name"), (NO_TIER, _("未分级"))]


class RuleFilterSet(django_filters.FilterSet):
    """Name or code, state."""

    q = django_filters.CharFilter(label=_("名称/编码"), method="search")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=RuleState.choices, empty_label=_("全部"))

    class Meta:
        model = TierRule
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(code__icontains=value))


class RunFilterSet(django_filters.FilterSet):
    """Number, rule, what for, state."""

    q = django_filters.CharFilter(label=_("批次编号"), field_name="number", lookup_expr="icontains")
    rule = django_filters.CharFilter(label=_("规则编码"), field_name="rule__code")
    purpose = django_filters.ChoiceFilter(label=_("用途"), choices=Purpose.choices, empty_label=_("全部"))
    state = django_filters.ChoiceFilter(label=_("状态"), choices=RunState.choices, empty_label=_("全部"))

    class Meta:
        model = TierRun
        fields: tuple[str, ...] = ()


class ChangeFilterSet(django_filters.FilterSet):
    """Run, customer, from and to, which way, what became of it. `before=none` is for customers without a tier."""

    run = django_filters.CharFilter(label=_("批次编号"), field_name="run__number")
    customer = django_filters.CharFilter(label=_("客户编号"), field_name="customer__customer_no")
    unit = UnitFilter(field_name="customer__unit__path", label=_("机构"), empty_label=_("全部"))
    before = django_filters.ChoiceFilter(
        label=_("原分级"), choices=tier_choices, method="by_before", empty_label=_("全部")
    )
    after = django_filters.ModelChoiceFilter(
        label=_("按规则"), queryset=CustomerTier.objects.all(), to_field_name="code", empty_label=_("全部")
    )
    way = django_filters.ChoiceFilter(label=_("方向"), choices=WAYS, method="by_way", empty_label=_("全部"))
    outcome = django_filters.ChoiceFilter(label=_("结果"), choices=Outcome.choices, empty_label=_("全部"))
    settled = django_filters.ChoiceFilter(label=_("办理"), choices=Settled.choices, empty_label=_("全部"))

    class Meta:
        model = TierChange
        fields: tuple[str, ...] = ()

    def by_before(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == NO_TIER:
            return queryset.filter(before__isnull=True)
        return queryset.filter(before__code=value)

    def by_way(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "first":
            return queryset.filter(before__isnull=True)
        order = {"up": Q(after__order__lt=F("before__order")), "down": Q(after__order__gt=F("before__order"))}
        return queryset.filter(order[value])
