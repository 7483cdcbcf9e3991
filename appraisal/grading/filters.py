"""Conditions of the matrix: those of score sheets that make sense for a crowd, and whether to compare."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from appraisal.scoring.filters import SheetFilterSet

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
