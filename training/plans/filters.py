"""Conditions on training plans."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitFilter
from training.courses.models import Course
from training.plans.choices import PlanState
from training.plans.models import PlanItem, TrainingPlan


class PlanFilterSet(django_filters.FilterSet):
    """Person, unit with all below it, period, state, course, overdue or not."""

    q = django_filters.CharFilter(label=_("姓名/工号"), method="search")
    unit = UnitFilter(field_name="manager__unit__path", label=_("所属机构"), empty_label=_("全部"))
    period = django_filters.CharFilter(label=_("考核期间"), field_name="sheet__cycle__period")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=PlanState.choices, empty_label=_("全部"))
    course = django_filters.ModelChoiceFilter(
        label=_("课程"),
        queryset=Course.objects.all(),
        to_field_name="code",
        method="with_course",
        empty_label=_("全部"),
    )
    overdue = django_filters.BooleanFilter(label=_("已逾期"), method="late")

    class Meta:
        model = TrainingPlan
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(
            Q(manager__name__icontains=value) | Q(manager__employee_no__icontains=value)
            | Q(manager__name_pinyin__icontains=value.lower())
        )  # fmt: skip

    def with_course(self, queryset: QuerySet[Any], name: str, value: Course) -> QuerySet[Any]:
        return queryset.filter(Exists(PlanItem.objects.filter(plan=OuterRef("pk"), course=value)))

    def late(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        past = Q(state__in=(PlanState.PROPOSED, PlanState.AGREED), ends_on__lt=timezone.localdate())
        return queryset.filter(past) if value else queryset.exclude(past)
