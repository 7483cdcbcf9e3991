"""Conditions of the three lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from appraisal.notices.choices import Method, NoticeState, ObjectionState, ServiceState
from appraisal.notices.models import NoticeObjection, PublicNotice, ServiceOfNotice
from cmsys.org.choices import UnitFilter


class NoticeFilterSet(django_filters.FilterSet):
    """By state and words of the title."""

    q = django_filters.CharFilter(label=_("标题"), field_name="title", lookup_expr="icontains")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=NoticeState.choices, empty_label=_("全部"))

    class Meta:
        model = PublicNotice
        fields: tuple[str, ...] = ()


class ObjectionFilterSet(django_filters.FilterSet):
    """By state and the person concerned."""

    q = django_filters.CharFilter(label=_("公示人员"), field_name="line__name", lookup_expr="icontains")
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=ObjectionState.choices, empty_label=_("全部")
    )

    class Meta:
        model = NoticeObjection
        fields: tuple[str, ...] = ()


class ServiceFilterSet(django_filters.FilterSet):
    """By person, unit, state and method."""

    q = django_filters.CharFilter(label=_("姓名/工号"), method="search")
    unit = UnitFilter(label=_("机构"), empty_label=_("全部"), path_lookup="decision__unit__path")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=ServiceState.choices, empty_label=_("全部"))
    method = django_filters.ChoiceFilter(label=_("方式"), choices=Method.choices, empty_label=_("全部"))

    class Meta:
        model = ServiceOfNotice
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        words = value.strip()
        named = Q(decision__manager__name__icontains=words) | Q(
            decision__manager__employee_no__icontains=words
        )
        return queryset.filter(named | Q(decision__manager__name_pinyin__icontains=words))
