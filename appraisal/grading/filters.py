"""Conditions of the matrix, of decisions and of rounds."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.grading.choices import PENDING, DecisionState, RoundState
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.scoring.filters import CycleFilter, SheetFilterSet
from appraisal.scoring.models import ProposalKind
from cmsys.org.choices import UnitFilter
from cmsys.org.workdays import add_working_days
from managers.careers.models import Grade

PREVIOUS = "previous"


class MatrixFilterSet(SheetFilterSet):
    """Cycle, unit with all below it, line, grade; `compare` draws where people stood in the cycle before."""

    proposal = None
    quadrant = None
    q = None
    compare = django_filters.ChoiceFilter(
        label=_("对比"), method="ignored", choices=[(PREVIOUS, _("上期（空心点）"))], empty_label=_("不对比")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form.order_fields(["cycle", "unit", "line", "grade", "compare"])

    def ignored(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset


def decided_cycles(request: Any = None) -> QuerySet[Cycle]:
    """Cycles that have a round, newest first, without the documents of their schemes."""
    rows = Cycle.objects.filter(round__isnull=False).select_related("scheme").defer("scheme__document")
    return rows.order_by("-starts_on", "scheme_code")


SOON_DAYS = 2
DUE = (("late", _("已逾期")), ("today", _("今天截止")), ("soon", _("两个工作日内")))


class DecisionFilterSet(django_filters.FilterSet):
    """等级变更: cycle, unit with all below it, state; then kind, grades, person, deadline, what was changed by hand."""

    cycle = CycleFilter(label=_("周期"), queryset=decided_cycles, empty_label=_("全部"))
    unit = UnitFilter(label=_("机构"), empty_label=_("全部"))
    state = django_filters.ChoiceFilter(
        label=_("办理状态"), choices=[*DecisionState.choices, ("pending", _("办理中"))], method="standing",
        empty_label=_("全部"),
    )  # fmt: skip
    q = django_filters.CharFilter(label=_("姓名/工号/拼音"), method="search")
    kind = django_filters.ChoiceFilter(
        label=_("变更类型"), choices=ProposalKind.choices, empty_label=_("全部")
    )
    grade = django_filters.ModelChoiceFilter(
        label=_("新等级"), queryset=Grade.objects.order_by("series", "order"), to_field_name="code", empty_label=_("全部")
    )  # fmt: skip
    previous_grade = django_filters.ModelChoiceFilter(
        label=_("原等级"), queryset=Grade.objects.order_by("series", "order"), to_field_name="code", empty_label=_("全部")
    )  # fmt: skip
    due = django_filters.ChoiceFilter(label=_("期限"), choices=DUE, method="by_due", empty_label=_("全部"))
    person = django_filters.CharFilter(label=_("办理人"), method="by_person")

    class Meta:
        model = GradeDecision
        fields: tuple[str, ...] = ()

    def standing(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """One state, or everything that is not at its end."""
        return queryset.filter(state__in=PENDING) if value == "pending" else queryset.filter(state=value)

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Every word must be found in the name, the number, or the pinyin."""
        for word in value.split()[:5]:
            found = Q(manager__name__icontains=word) | Q(manager__employee_no__icontains=word)
            found |= Q(manager__name_pinyin__icontains=word)
            if word.isascii() and word.isalpha() and len(word) <= 30:
                found |= Q(manager__name_pinyin__iregex=r"\m" + r"[a-z]*\s*".join(word.lower()))
            queryset = queryset.filter(found)
        return queryset

    def by_due(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Only what is still being decided has a deadline that matters."""
        today: date = timezone.localdate()
        open_rows = queryset.filter(state__in=PENDING)
        if value == "late":
            return open_rows.filter(due_on__lt=today)
        last = today if value == "today" else add_working_days(today, SOON_DAYS)
        return open_rows.filter(due_on__range=(today, last))

    def by_person(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Who reviewed, confirmed, or has it on his desk."""
        words = value.strip()
        return queryset.filter(
            Q(reviewed_by__name__icontains=words)
            | Q(confirmed_by__name__icontains=words)
            | Q(assignee__name__icontains=words)
        )


class RoundFilterSet(django_filters.FilterSet):
    """定级批次: by state and period."""

    state = django_filters.ChoiceFilter(label=_("状态"), choices=RoundState.choices, empty_label=_("全部"))
    period = django_filters.CharFilter(label=_("期间"), field_name="cycle__period", lookup_expr="istartswith")

    class Meta:
        model = GradingRound
        fields: tuple[str, ...] = ()
