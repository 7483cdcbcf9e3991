"""Conditions on policies, evaluation sheets and rules for single customers."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitFilter
from customers.allocation.models import (
    AllocationPolicy,
    CustomerRule,
    EvaluationState,
    RuleKind,
    StaffEvaluation,
)
from customers.allocation.selectors import in_force


class PolicyFilterSet(django_filters.FilterSet):
    """Name or code."""

    q = django_filters.CharFilter(label=_("名称/编码"), method="search")

    class Meta:
        model = AllocationPolicy
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(code__icontains=value))


class EvaluationFilterSet(django_filters.FilterSet):
    """Person, unit with all below it, state; those whose confirmation of one side is missing; those that run out."""

    q = django_filters.CharFilter(label=_("姓名/工号"), method="search")
    unit = UnitFilter(field_name="manager__unit__path", label=_("所属机构"), empty_label=_("全部"))
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=EvaluationState.choices, empty_label=_("全部")
    )
    waiting = django_filters.ChoiceFilter(
        label=_("待谁确认"),
        choices=(("hr", _("人力资源")), ("head", _("部门主管"))),
        method="waits",
        empty_label=_("全部"),
    )

    class Meta:
        model = StaffEvaluation
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(
            Q(manager__name__icontains=value) | Q(manager__employee_no__icontains=value)
            | Q(manager__name_pinyin__icontains=value.lower())
        )  # fmt: skip

    def waits(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(state=EvaluationState.DRAFT, **{f"{value}_by__isnull": True})


class RuleFilterSet(django_filters.FilterSet):
    """Customer, manager, kind, in force today or not."""

    customer = django_filters.CharFilter(label=_("客户编号"), field_name="customer__customer_no")
    manager = django_filters.CharFilter(label=_("客户经理工号"), field_name="manager__employee_no")
    kind = django_filters.ChoiceFilter(label=_("约定"), choices=RuleKind.choices, empty_label=_("全部"))
    holding = django_filters.BooleanFilter(label=_("今日有效"), method="holds")

    class Meta:
        model = CustomerRule
        fields: tuple[str, ...] = ()

    def holds(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        today = in_force(timezone.localdate())
        return queryset.filter(today) if value else queryset.exclude(today)
