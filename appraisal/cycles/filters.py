"""Conditions on cycles and on who takes part."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle, CycleMember, CycleState
from appraisal.schemes.models import SchemeVersion
from cmsys.org.choices import UnitFilter


def scheme_codes() -> list[tuple[str, str]]:
    """Codes of schemes with the name of their newest version; one query."""
    named: dict[str, str] = {}
    for code, name in SchemeVersion.objects.order_by("code", "-version").values_list("code", "name"):
        named.setdefault(code, name)
    return list(named.items())


class CycleFilterSet(django_filters.FilterSet):
    """Scheme, period, open or closed."""

    scheme = django_filters.ChoiceFilter(
        label=_("考核方案"), field_name="scheme_code", choices=scheme_codes, empty_label=_("全部")
    )
    period = django_filters.CharFilter(label=_("期间"), lookup_expr="istartswith")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=CycleState.choices, empty_label=_("全部"))

    class Meta:
        model = Cycle
        fields: tuple[str, ...] = ()


def cycles_by_label(request: Any) -> QuerySet[Cycle]:
    """The cycles the asker may see; none where nobody asks."""
    return Cycle.objects.none() if request is None else Cycle.objects.visible_to(request.user)


class MemberFilterSet(django_filters.FilterSet):
    """Cycle, name or number, unit with all below it, in or out."""

    cycle = django_filters.ModelChoiceFilter(
        label=_("考核周期"), queryset=cycles_by_label, empty_label=_("全部")
    )
    q = django_filters.CharFilter(label=_("姓名/工号"), method="search")
    unit = UnitFilter(label=_("机构"), empty_label=_("全部"))
    included = django_filters.BooleanFilter(
        label=_("参评"), widget=forms.Select(choices=(("", _("全部")), ("true", _("参评")), ("false", _("不参评"))))
    )  # fmt: skip

    class Meta:
        model = CycleMember
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(
            Q(manager__name__icontains=value) | Q(manager__employee_no__icontains=value)
            | Q(manager__name_pinyin__icontains=value)
        )  # fmt: skip
