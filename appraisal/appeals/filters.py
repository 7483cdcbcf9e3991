"""Conditions of the lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appraisal.appeals.choices import OPEN_APPEALS, AppealState, Ground, Outcome, PlanCause, PlanState
from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from cmsys.org.choices import UnitFilter

ALL = _("全部")


def named(queryset: QuerySet[Any], value: str, manager: str) -> QuerySet[Any]:
    """Every word must be found in the person's name, number or pinyin."""
    for word in value.split()[:5]:
        found = Q(**{f"{manager}__name__icontains": word}) | Q(**{f"{manager}__employee_no__icontains": word})
        queryset = queryset.filter(found | Q(**{f"{manager}__name_pinyin__icontains": word}))
    return queryset


class AppealFilterSet(django_filters.FilterSet):
    """Person, unit with all below it, state, ground, outcome, and what is late."""

    q = django_filters.CharFilter(label=_("姓名/工号/拼音"), method="search")
    unit = UnitFilter(label=_("机构"), empty_label=ALL, path_lookup="decision__unit__path")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=AppealState.choices, empty_label=ALL)
    ground = django_filters.ChoiceFilter(label=_("理由类别"), choices=Ground.choices, empty_label=ALL)
    outcome = django_filters.ChoiceFilter(label=_("结论"), choices=Outcome.choices, empty_label=ALL)
    overdue = django_filters.ChoiceFilter(
        label=_("期限"), choices=[("yes", _("已逾期"))], empty_label=ALL, method="late"
    )

    class Meta:
        model = GradeAppeal
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return named(queryset, value, "decision__manager")

    def late(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Open, and the answer was due before today."""
        return queryset.filter(state__in=OPEN_APPEALS, due_on__lt=timezone.localdate())


class PlanFilterSet(django_filters.FilterSet):
    """Person, unit with all below it, state, cause, and what ends within a month."""

    q = django_filters.CharFilter(label=_("姓名/工号/拼音"), method="search")
    unit = UnitFilter(label=_("机构"), empty_label=ALL, path_lookup="manager__unit__path")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=PlanState.choices, empty_label=ALL)
    cause = django_filters.ChoiceFilter(label=_("起因"), choices=PlanCause.choices, empty_label=ALL)
    ends = django_filters.ChoiceFilter(
        label=_("到期"), choices=[("soon", _("30 天内到期"))], empty_label=ALL, method="ending"
    )

    class Meta:
        model = ImprovementPlan
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return named(queryset, value, "manager")

    def ending(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Running, and the last day is within thirty days or past."""
        last = timezone.localdate() + timedelta(days=30)
        return queryset.filter(state=PlanState.ACTIVE, ends_on__lte=last)
