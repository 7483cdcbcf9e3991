"""Conditions on customers: the same for list, export and API. None of them asks what is masked in the rows."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitFilter
from cmsys.org.grants import NOWHERE
from cmsys.org.models import OrgUnit
from customers.registry.expressions import name_characters
from customers.registry.models import (
    Customer,
    CustomerCategory,
    CustomerKind,
    CustomerNature,
    CustomerTier,
    RelationState,
)

OWNED = (("yes", _("有主办")), ("no", _("无主办")))


def found_by(word: str) -> Q:
    """Rows (with `characters`) whose key holds the word, each kind of word by the index that finds it.

    Latin letters and digits by an index of three letters; fewer than three count at the beginning of number, name or
    pinyin only. Chinese words by their characters.
    """
    low = word.lower()
    if low.isascii():
        if len(low) >= 3:
            return Q(search_key__contains=low)
        return Q(search_key__startswith=low) | Q(search_key__contains=f" {low}")
    named = Q(characters__contains=sorted(set(low))) & Q(search_key__contains=low)
    return named | Q(customer_no__startswith=word)


class WithinUnitFilter(UnitFilter):
    """Rows of a unit and all below it, asked for by the units' ids: the database then knows how many there are, and
    does not read a million rows to find those of one branch. One query more."""

    def filter(self, qs: QuerySet[Any], value: OrgUnit | None) -> QuerySet[Any]:
        if value is None:
            return qs
        below = OrgUnit.objects.filter(path__startswith=value.path or NOWHERE).values_list("pk", flat=True)
        return qs.filter(unit__in=list(below))


class CustomerFilterSet(django_filters.FilterSet):
    """Name, number or pinyin; unit with all below it; tier; then the rest."""

    q = django_filters.CharFilter(label=_("名称/编号/拼音"), method="search")
    unit = WithinUnitFilter(label=_("机构"), empty_label=_("全部"))
    tier = django_filters.ModelChoiceFilter(
        label=_("客户分级"), queryset=CustomerTier.objects.all(), to_field_name="code", empty_label=_("全部")
    )
    owner = django_filters.CharFilter(label=_("主办工号"), field_name="owner__employee_no")
    owned = django_filters.ChoiceFilter(
        label=_("归属"), choices=OWNED, method="by_owned", empty_label=_("全部")
    )
    kind = django_filters.ChoiceFilter(
        label=_("客户类型"), choices=CustomerKind.choices, empty_label=_("全部")
    )
    nature = django_filters.ChoiceFilter(
        label=_("客户属性"), choices=CustomerNature.choices, empty_label=_("全部")
    )
    category = django_filters.ChoiceFilter(
        label=_("客户分类"), choices=CustomerCategory.choices, empty_label=_("全部")
    )
    state = django_filters.ChoiceFilter(
        label=_("合作状态"), choices=RelationState.choices, method="by_state", empty_label=_("全部")
    )
    industry_code = django_filters.CharFilter(label=_("行业代码"), lookup_expr="startswith")
    region_code = django_filters.CharFilter(label=_("行政区划代码"), lookup_expr="startswith")
    group_no = django_filters.CharFilter(label=_("集团编号"))

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Every word must be found. People are found by name only among the reader's own customers (`clear`)."""
        readable = "clear" in queryset.query.annotations
        queryset = queryset.alias(characters=name_characters())
        for word in value.split()[:5]:
            found = found_by(word)
            if readable:
                own = Q(name__icontains=word) | Q(name_pinyin__icontains=word)
                if word.isascii() and word.isalpha() and len(word) <= 30:
                    # Letters may stand for whole syllables or for their beginnings, in order.
                    own |= Q(name_pinyin__iregex=r"\m" + r"[a-z]*\s*".join(word.lower()))
                found |= Q(clear=True) & own
            queryset = queryset.filter(found)
        return queryset

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(since__isnull=value == RelationState.PROSPECT)

    def by_owned(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(owner__isnull=value == "no")
