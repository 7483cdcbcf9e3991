"""Conditions of the overview: a cycle that has been proposed for, and a unit with all below it."""

from __future__ import annotations

from typing import Any

import django_filters
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.grading.filters import decided_cycles
from appraisal.grading.models import GradeDecision
from appraisal.scoring.filters import CycleFilter
from cmsys.org.choices import UnitFilter


class OverviewFilterSet(django_filters.FilterSet):
    """Without a cycle the newest one that the reader sees a case of; `chosen` is the cycle."""

    cycle = CycleFilter(label=_("周期"), queryset=decided_cycles, empty_label=None)
    unit = UnitFilter(label=_("机构"), empty_label=_("全部"))

    class Meta:
        model = GradeDecision
        fields: tuple[str, ...] = ()

    def __init__(
        self, data: Any = None, queryset: Any = None, *, request: Any = None, prefix: Any = None
    ) -> None:
        rows = queryset if queryset is not None else GradeDecision.objects.none()
        given = str((data or {}).get("cycle", ""))
        self.chosen: Cycle | None = None
        if given.isascii() and given.isdigit() and len(given) < 10:
            self.chosen = decided_cycles().filter(pk=given).first()
        elif not given:
            self.chosen = newest_decided(rows)
            if self.chosen is not None:
                data = data.copy() if data is not None else {}
                data["cycle"] = str(self.chosen.pk)
        super().__init__(data, queryset=rows, request=request, prefix=prefix)

    def of_unit(self, rows: Any, lookup: str = "unit__path") -> Any:
        """Other rows under the same unit."""
        unit = self.form.cleaned_data.get("unit")
        return rows if unit is None else rows.filter(**{f"{lookup}__startswith": unit.path})


def newest_decided(rows: Any) -> Cycle | None:
    """The newest cycle that has a case among these; one query."""
    return decided_cycles().filter(pk__in=rows.order_by().values("cycle")).first()
