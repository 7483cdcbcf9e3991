"""Conditions on relationship managers: the same for list, composition, export and API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitFilter
from cmsys.org.models import BusinessLine
from managers.careers.models import Grade
from managers.profiles.models import Education, ManagerCategory, RelationshipManager, Status

# Years of experience, from (included) to (excluded); None is open. The order is the order shown.
EXPERIENCE_BANDS: dict[str, tuple[str, int, int | None]] = {
    "0-2": ("3 年以下", 0, 3),
    "3-5": ("3–5 年", 3, 6),
    "6-10": ("6–10 年", 6, 11),
    "11-15": ("11–15 年", 11, 16),
    "16-": ("16 年及以上", 16, None),
}


class ManagerFilterSet(django_filters.FilterSet):
    """Name, number or pinyin; unit with all below it; grade; then the rest of MGR-2."""

    q = django_filters.CharFilter(label=_("姓名/工号/拼音"), method="search")
    unit = UnitFilter(label=_("机构"), empty_label=_("全部"))
    grade = django_filters.ModelChoiceFilter(
        label=_("等级"), queryset=Grade.objects.all(), to_field_name="code", empty_label=_("全部")
    )
    line = django_filters.ModelChoiceFilter(
        label=_("条线"), queryset=BusinessLine.objects.all(), to_field_name="code", empty_label=_("全部")
    )
    category = django_filters.ModelChoiceFilter(
        label=_("类别"), queryset=ManagerCategory.objects.all(), to_field_name="code", empty_label=_("全部")
    )
    status = django_filters.ChoiceFilter(label=_("状态"), choices=Status.choices, empty_label=_("全部"))
    education = django_filters.ChoiceFilter(label=_("学历"), choices=Education.choices, empty_label=_("全部"))
    major = django_filters.CharFilter(label=_("专业"), lookup_expr="icontains")
    experience = django_filters.ChoiceFilter(
        label=_("从业年限"), method="in_band", empty_label=_("全部"),
        choices=[(key, label) for key, (label, _low, _high) in EXPERIENCE_BANDS.items()],
    )  # fmt: skip
    region_code = django_filters.CharFilter(label=_("服务区域"), lookup_expr="startswith")

    class Meta:
        model = RelationshipManager
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Every word must be found in the name, the number, or the pinyin: `chen`, `chensiyuan` or `csy`."""
        for word in value.split()[:5]:
            found = Q(name__icontains=word) | Q(employee_no__icontains=word) | Q(name_pinyin__icontains=word)
            if word.isascii() and word.isalpha() and len(word) <= 30:
                # Letters may stand for whole syllables or for their beginnings, in order.
                found |= Q(name_pinyin__iregex=r"\m" + r"[a-z]*\s*".join(word.lower()))
            queryset = queryset.filter(found)
        return queryset

    def in_band(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        _label, low, high = EXPERIENCE_BANDS[value]
        queryset = queryset.filter(experience_years__gte=low)
        return queryset if high is None else queryset.filter(experience_years__lt=high)
