"""Conditions on targets and readings: the same for list, export and API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from appraisal.figures.known import normal_period
from appraisal.figures.models import Reading, Target
from appraisal.figures.widgets import CodeInput
from cmsys.org.choices import UnitFilter
from cmsys.org.models import OrgUnit


class PeriodFilter(django_filters.CharFilter):
    """One period, however it is written: `2025m3` finds `2025M03`. What is no period finds nothing."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(**{self.field_name: normal_period(value) or value}) if value else qs


class FigureFilterSet(django_filters.FilterSet):
    """Period, person, unit with all below it, indicator. Score sheets lead here with exactly these names."""

    period = PeriodFilter(label=_("期间"))
    employee_no = django_filters.CharFilter(label=_("工号"), field_name="manager__employee_no")
    indicator_code = django_filters.CharFilter(label=_("指标编码"), widget=CodeInput())
    q = django_filters.CharFilter(label=_("姓名/拼音"), method="search")
    unit = UnitFilter(label=_("机构"), empty_label=_("全部"), path_lookup="manager__unit__path")

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Every word must be found in the person's name or pinyin."""
        for word in value.split()[:5]:
            named = Q(manager__name__icontains=word) | Q(manager__name_pinyin__icontains=word)
            queryset = queryset.filter(named)
        return queryset


class OwnerUnitFilter(UnitFilter):
    """Targets of a unit, of the units below it, and of the people in all of them."""

    def filter(self, qs: QuerySet[Any], value: OrgUnit | None) -> QuerySet[Any]:
        return qs if value is None else qs.filter(under(value.path))


def under(path: str | None) -> Q:
    """Targets whose owner is in the subtree."""
    return Q(manager__unit__path__startswith=path) | Q(unit__path__startswith=path)


class TargetFilterSet(FigureFilterSet):
    """Targets; a unit finds its own and those of its people."""

    unit = OwnerUnitFilter(label=_("机构"), empty_label=_("全部"))

    class Meta:
        model = Target
        fields: tuple[str, ...] = ()


class ReadingFilterSet(FigureFilterSet):
    """Readings."""

    class Meta:
        model = Reading
        fields: tuple[str, ...] = ()
