"""Conditions on answers to sheets: cycle and unit as in the list of results, then where signature and talk stand."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from appraisal.feedback.choices import Signature
from appraisal.scoring.filters import SheetFilterSet

OPEN = "open"


class AnswerFilterSet(SheetFilterSet):
    """Who is waited for. Without a cycle the newest graded one holds."""

    grade = quadrant = proposal = line = None
    signature = django_filters.ChoiceFilter(
        label=_("签收"), choices=((OPEN, _("未签（含已作废）")), *Signature.choices), method="by_signature",
        empty_label=_("全部"),
    )  # fmt: skip
    talk = django_filters.ChoiceFilter(
        label=_("面谈"), choices=(("none", _("未面谈")), ("written", _("待本人确认")), ("signed", _("已确认"))),
        method="by_talk", empty_label=_("全部"),
    )  # fmt: skip

    def by_signature(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == OPEN:
            return queryset.filter(signature__in=(Signature.NONE, Signature.VOID))
        return queryset.filter(signature=value)

    def by_talk(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "none":
            return queryset.filter(talked_on__isnull=True)
        return queryset.filter(talked_on__isnull=False, talk_signed_at__isnull=value == "written")
