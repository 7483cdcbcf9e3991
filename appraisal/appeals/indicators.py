"""What the next grading can read of improvement plans: the latest result of a period, as an indicator of the library."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.appeals.choices import PlanState
from appraisal.appeals.models import ImprovementPlan
from appraisal.appeals.permissions import PLAN_VIEW
from cmsys.ui.indicators import IndicatorSource, Records, Span
from managers.profiles.models import RelationshipManager

CODE = "IMPROVEMENT"
VALUES = {PlanState.PASSED.value: Decimal(100), PlanState.FAILED.value: Decimal(0)}


def closed(span: Span) -> QuerySet[Any]:
    """Plans with a result that were closed in the span, the latest of each person last."""
    zone = ZoneInfo(settings.TIME_ZONE)
    begin, end = (datetime.combine(day, time(), zone) for day in (span.starts_on, span.ends_on))
    rows = ImprovementPlan.objects.filter(state__in=VALUES, closed_at__gte=begin, closed_at__lt=end)
    return rows.order_by("closed_at", "pk")


def compute(span: Span) -> Iterable[tuple[int, Decimal]]:
    """100 where the latest plan was passed, 0 where it was not; nobody without a result. One query."""
    latest = {manager: VALUES[state] for manager, state in closed(span).values_list("manager", "state")}
    return sorted(latest.items())


def records(span: Span, manager_id: Any) -> Records:
    number = RelationshipManager.objects.filter(pk=manager_id).values_list("employee_no", flat=True).first()
    state = closed(span).filter(manager=manager_id).values_list("state", flat=True).last()
    url = f"{reverse('improvement_plans_list')}?{urlencode({'q': number or ''})}"
    return Records(url, _("改进计划"), None if state is None else VALUES[state])


SOURCE = IndicatorSource(
    CODE, _("改进计划结果"), _("分"), _("期内办结的最近一份改进计划：通过为 100，未通过为 0；没有办结的不计。"),
    compute, records, function=PLAN_VIEW, source=_("改进计划"),
)  # fmt: skip
