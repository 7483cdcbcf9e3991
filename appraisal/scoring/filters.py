"""Conditions on score sheets: the same for the list, the matrix and exports. Without a cycle the newest graded one holds."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.scoring.models import ProposalKind, ScoreSheet
from appraisal.scoring.words import SchemeWords, words_of
from cmsys.org.choices import UnitFilter
from cmsys.org.models import BusinessLine


class CycleChoiceField(forms.ModelChoiceField):
    """A cycle by its number, shown as period and scheme."""

    def label_from_instance(self, obj: Any) -> str:
        return cycle_label(obj)


class CycleFilter(django_filters.ModelChoiceFilter):
    field_class = CycleChoiceField


def cycle_label(cycle: Cycle) -> str:
    """`2025Q4 · CT 公司集团客户经理能力绩效双维度考核方案`."""
    return f"{cycle.period} · {cycle.scheme.name}"


def graded_cycles(request: Any = None) -> QuerySet[Cycle]:
    """Cycles that have been graded, newest first, without the documents of their schemes."""
    return (
        Cycle.objects.filter(graded_at__isnull=False)
        .select_related("scheme")
        .defer("scheme__document")
        .order_by("-starts_on", "scheme_code")
    )


def newest_cycle(sheets: QuerySet[Any]) -> Cycle | None:
    """The newest graded cycle that has a sheet among these; one query."""
    own = sheets.order_by().filter(cycle=OuterRef("pk"))
    return graded_cycles().filter(Exists(own)).first()


def previous_cycle(cycle: Cycle) -> Cycle | None:
    """The graded cycle of the same scheme before this one; one query."""
    return graded_cycles().filter(scheme_code=cycle.scheme_code, starts_on__lt=cycle.starts_on).first()


class SheetFilterSet(django_filters.FilterSet):
    """Cycle, unit with all below it, name; then grade, cell, proposal and line. `chosen` is the cycle, `words` its scheme."""

    cycle = CycleFilter(label=_("周期"), queryset=graded_cycles, empty_label=None)
    unit = UnitFilter(label=_("机构"), empty_label=_("全部"))
    q = django_filters.CharFilter(label=_("姓名/工号/拼音"), method="search")
    grade = django_filters.ChoiceFilter(label=_("等级"), field_name="grade_code", empty_label=_("全部"))
    quadrant = django_filters.ChoiceFilter(label=_("矩阵位置"), empty_label=_("全部"))
    proposal = django_filters.ChoiceFilter(
        label=_("等级建议"), choices=ProposalKind.choices, empty_label=_("全部")
    )
    line = django_filters.ModelChoiceFilter(
        label=_("条线"), field_name="manager__line", queryset=BusinessLine.objects.all(), to_field_name="code",
        empty_label=_("全部"),
    )  # fmt: skip

    class Meta:
        model = ScoreSheet
        fields: tuple[str, ...] = ()

    def __init__(
        self, data: Any = None, queryset: Any = None, *, request: Any = None, prefix: Any = None
    ) -> None:
        rows = queryset if queryset is not None else ScoreSheet.objects.none()
        self.assumed: tuple[str, ...] = ()
        self.chosen = _asked(data)
        if self.chosen is None and not (data or {}).get("cycle"):
            self.chosen = newest_cycle(rows)
            if self.chosen is not None:
                data = data.copy() if data is not None else {}
                data["cycle"] = str(self.chosen.pk)
                self.assumed = ("cycle",)
        super().__init__(data, queryset=rows, request=request, prefix=prefix)
        self.words: SchemeWords | None = words_of(self.chosen.scheme) if self.chosen is not None else None
        if self.words is not None:
            cells = [(cell.code, cell.name) for cell in self.words.cells]
            grades = [(grade.code, grade.name) for grade in self.words.scheme.grades]
            for name, choices in (("grade", grades), ("quadrant", cells), ("previous_quadrant", cells)):
                if name in self.filters:
                    self.filters[name].extra["choices"] = choices

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Every word must be found in the name, the number, or the pinyin: `chen`, `chensiyuan` or `csy`."""
        for word in value.split()[:5]:
            found = Q(manager__name__icontains=word) | Q(manager__employee_no__icontains=word)
            found |= Q(manager__name_pinyin__icontains=word)
            if word.isascii() and word.isalpha() and len(word) <= 30:
                found |= Q(manager__name_pinyin__iregex=r"\m" + r"[a-z]*\s*".join(word.lower()))
            queryset = queryset.filter(found)
        return queryset


def _asked(data: Any) -> Cycle | None:
    given = str((data or {}).get("cycle", ""))
    return (
        graded_cycles().filter(pk=given).first()
        if given.isascii() and given.isdigit() and len(given) < 10
        else None
    )


class SheetListFilterSet(SheetFilterSet):
    """The list's own: which cell somebody comes from, and a range of scores, where the matrix leads to."""

    previous_quadrant = django_filters.ChoiceFilter(
        label=_("上期位置"), method="came_from", empty_label=_("不限")
    )
    ability_from = django_filters.NumberFilter(label=_("能力不低于"), field_name="ability", lookup_expr="gte")
    ability_to = django_filters.NumberFilter(label=_("能力低于"), field_name="ability", lookup_expr="lt")
    performance_from = django_filters.NumberFilter(
        label=_("绩效不低于"), field_name="performance", lookup_expr="gte"
    )
    performance_to = django_filters.NumberFilter(
        label=_("绩效低于"), field_name="performance", lookup_expr="lt"
    )

    def came_from(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Those who stood in that cell in the cycle before."""
        before = previous_cycle(self.chosen) if self.chosen is not None else None
        if before is None:
            return queryset.none()
        there = ScoreSheet.objects.filter(cycle=before, manager=OuterRef("manager"), quadrant=value)
        return queryset.filter(Exists(there))
