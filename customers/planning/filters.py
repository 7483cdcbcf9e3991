"""Conditions on plans and their lines."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitFilter
from customers.planning.choices import LineState, PlanState
from customers.planning.models import AllocationMove, AllocationPlan
from customers.registry.models import CustomerTier


class PlanFilterSet(django_filters.FilterSet):
    """Number, unit with all below it, state."""

    q = django_filters.CharFilter(label=_("方案编号"), field_name="number", lookup_expr="icontains")
    unit = UnitFilter(field_name="unit__path", label=_("范围"), empty_label=_("全部"))
    state = django_filters.ChoiceFilter(label=_("状态"), choices=PlanState.choices, empty_label=_("全部"))

    class Meta:
        model = AllocationPlan
        fields: tuple[str, ...] = ()


class MoveFilterSet(django_filters.FilterSet):
    """Plan, customer, who gives and who takes, forced or not, first assignments, tier."""

    plan = django_filters.CharFilter(label=_("方案编号"), field_name="plan__number")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=LineState.choices, empty_label=_("全部"))
    customer = django_filters.CharFilter(label=_("客户编号"), field_name="customer__customer_no")
    present = django_filters.CharFilter(label=_("现主办工号"), field_name="present__employee_no")
    proposed = django_filters.CharFilter(label=_("建议主办工号"), field_name="proposed__employee_no")
    forced = django_filters.BooleanFilter(label=_("必须移动"))
    first = django_filters.BooleanFilter(label=_("首次分配"), field_name="present", lookup_expr="isnull")
    tier = django_filters.ModelChoiceFilter(
        label=_("客户分级"), queryset=CustomerTier.objects.all(), field_name="customer__tier", to_field_name="code",
        empty_label=_("全部"),
    )  # fmt: skip
    person = django_filters.CharFilter(label=_("客户经理工号（任一方）"), method="either")

    class Meta:
        model = AllocationMove
        fields: tuple[str, ...] = ()

    def either(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(present__employee_no=value) | Q(proposed__employee_no=value))
