"""Conditions on plans and their lines."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitFilter
from customers.planning.choices import LineState, PlanState
from customers.planning.models import AllocationMove, AllocationPlan, PlanChoice
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


class LineFilterSet(django_filters.FilterSet):
    """Conditions on the lines of one plan, as its page offers them."""

    KINDS = (("forced", _("必须移动")), ("better", _("优化")), ("first", _("首次分配")))
    MARKS = (("lock", _("已锁定")), ("bar", _("已驳回")), ("none", _("未选择")), ("held", _("建议暂留")))

    customer = django_filters.CharFilter(label=_("客户编号"), field_name="customer__customer_no")
    present = django_filters.CharFilter(label=_("现主办工号"), field_name="present__employee_no")
    proposed = django_filters.CharFilter(label=_("建议主办工号"), field_name="proposed__employee_no")
    kind = django_filters.ChoiceFilter(
        label=_("性质"), choices=KINDS, method="by_kind", empty_label=_("全部")
    )
    mark = django_filters.ChoiceFilter(
        label=_("选择与提示"), choices=MARKS, method="by_mark", empty_label=_("全部")
    )
    state = django_filters.ChoiceFilter(label=_("状态"), choices=LineState.choices, empty_label=_("全部"))
    tier = django_filters.ModelChoiceFilter(
        label=_("客户分级"), queryset=CustomerTier.objects.all(), field_name="customer__tier", to_field_name="code",
        empty_label=_("全部"),
    )  # fmt: skip

    class Meta:
        model = AllocationMove
        fields: tuple[str, ...] = ()

    def by_kind(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "first":
            return queryset.filter(present__isnull=True)
        return queryset.filter(present__isnull=False, forced=value == "forced")

    def by_mark(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "held":
            return queryset.exclude(holds=[])
        chosen = PlanChoice.objects.filter(plan=OuterRef("plan"), customer=OuterRef("customer"))
        if value == "none":
            return queryset.exclude(Exists(chosen))
        return queryset.filter(Exists(chosen.filter(kind=value)))
