"""Conditions on courses and competencies."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cmsys.org.models import BusinessLine
from training.courses.models import Competency, Course, CourseKind, Level


class CourseFilterSet(django_filters.FilterSet):
    """Name or code, competency, level, business line (with courses for all), kind, offered or not."""

    q = django_filters.CharFilter(label=_("名称/编码"), method="search")
    competency = django_filters.ModelChoiceFilter(
        label=_("胜任力"), queryset=Competency.objects.all(), to_field_name="code", empty_label=_("全部")
    )
    level = django_filters.ChoiceFilter(label=_("层级"), choices=Level.choices, empty_label=_("全部"))
    line = django_filters.ModelChoiceFilter(
        label=_("适用条线"), queryset=BusinessLine.objects.all(), to_field_name="code", method="for_line",
        empty_label=_("全部"),
    )  # fmt: skip
    kind = django_filters.ChoiceFilter(label=_("方式"), choices=CourseKind.choices, empty_label=_("全部"))
    offered = django_filters.BooleanFilter(label=_("在开"))

    class Meta:
        model = Course
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(code__icontains=value))

    def for_line(self, queryset: QuerySet[Any], name: str, value: BusinessLine) -> QuerySet[Any]:
        return queryset.filter(Q(line=value) | Q(line__isnull=True))


class CompetencyFilterSet(django_filters.FilterSet):
    """Name or code."""

    q = django_filters.CharFilter(label=_("名称/编码"), method="search")

    class Meta:
        model = Competency
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(code__icontains=value))
