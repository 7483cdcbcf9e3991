"""Conditions on ratings: the same for list and export. None of them can divide a group of raters."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from appraisal.figures.filters import PeriodFilter
from appraisal.figures.widgets import CodeInput
from appraisal.ratings.models import RaterGroup, Rating, RatingLine
from cmsys.org.choices import UnitFilter
from managers.profiles.models import RelationshipManager


class PersonFilter(django_filters.CharFilter):
    """One person by number. The person is looked up first: the view then groups his ratings alone, not everybody's."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        found = RelationshipManager.objects.filter(employee_no=value).values_list("pk", flat=True).first()
        return qs.none() if found is None else qs.filter(manager_id=found)


class RatingFilterSet(django_filters.FilterSet):
    """Period, person, indicator, relation, unit with all below it. Score sheets lead here with exactly these names.

    Without a period or a person it is the period rated last: the groups of all periods are not computed for one page.
    """

    period = PeriodFilter(label=_("期间"))
    employee_no = PersonFilter(label=_("工号"))
    indicator_code = django_filters.CharFilter(label=_("指标编码"), widget=CodeInput())
    rater_group = django_filters.ChoiceFilter(
        label=_("评价关系"), choices=RaterGroup.choices, empty_label=_("全部")
    )
    q = django_filters.CharFilter(label=_("姓名/拼音"), method="search")
    unit = UnitFilter(label=_("机构"), empty_label=_("全部"), path_lookup="manager__unit__path")

    class Meta:
        model = RatingLine
        fields: tuple[str, ...] = ()

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        self.assumed: tuple[str, ...] = ()
        if data is not None and not data.get("period") and not data.get("employee_no"):
            newest = Rating.objects.order_by("-updated_at", "-id").values_list("period", flat=True).first()
            if newest is not None:
                data = data.copy()
                data["period"] = newest
                self.assumed = ("period",)
        super().__init__(data, *args, **kwargs)

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Every word must be found in the person's name or pinyin."""
        for word in value.split()[:5]:
            named = Q(manager__name__icontains=word) | Q(manager__name_pinyin__icontains=word)
            queryset = queryset.filter(named)
        return queryset
