"""Conditions on posts."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitFilter
from managers.careers.models import Post, Series


class PostFilterSet(django_filters.FilterSet):
    """Name or code, unit with all below it, series."""

    q = django_filters.CharFilter(label=_("名称/编码"), method="search")
    unit = UnitFilter(label=_("所属机构"), empty_label=_("全部"))
    series = django_filters.ChoiceFilter(label=_("序列"), choices=Series.choices, empty_label=_("全部"))

    class Meta:
        model = Post
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(code__icontains=value))
