"""Conditions on schemes."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from appraisal.schemes.models import CycleLength, SchemeVersion


class SchemeFilterSet(django_filters.FilterSet):
    """Name or code, length of the period."""

    q = django_filters.CharFilter(label=_("名称/编码"), method="search")
    cycle = django_filters.ChoiceFilter(label=_("周期"), choices=CycleLength.choices, empty_label=_("全部"))

    class Meta:
        model = SchemeVersion
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(code__icontains=value))
