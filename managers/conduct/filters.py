"""Conditions on declarations."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from managers.conduct.models import InterestDeclaration, RelationKind


class DeclarationFilterSet(django_filters.FilterSet):
    """Either side's name, in force or ended, kind of relation."""

    q = django_filters.CharFilter(label=_("姓名/工号"), method="search")
    state = django_filters.ChoiceFilter(
        label=_("状态"),
        choices=(("current", _("有效")), ("ended", _("已解除"))),
        method="by_state",
        empty_label=_("全部"),
    )
    kind = django_filters.ChoiceFilter(label=_("关系"), choices=RelationKind.choices, empty_label=_("全部"))

    class Meta:
        model = InterestDeclaration
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        for word in value.split()[:5]:
            queryset = queryset.filter(
                Q(declarant__name__icontains=word) | Q(manager__name__icontains=word)
                | Q(declarant__employee_no__iexact=word) | Q(manager__employee_no__iexact=word)
            )  # fmt: skip
        return queryset

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(ends_on__isnull=value == "current")
