"""Reading cycles: what a period is in days, which cycles there are, and who takes part and why not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.schemes.engine import Period, parse_period
from cmsys.ui.indicators import Span
from managers.profiles.models import GradeRecord, RelationshipManager, Status


def days_of(period: Period) -> Span:
    """The days of a period, `[first day, first day after)`."""
    return Span(period.before().end() + timedelta(days=1), period.end() + timedelta(days=1))


def cycle_span(cycle: Cycle) -> Span:
    """The days a cycle looks at, as indicator sources take them."""
    return Span(cycle.starts_on, cycle.ends_on)


def period_of(cycle: Cycle) -> Period:
    """The engine's period of a cycle."""
    period = parse_period(cycle.period)
    assert period is not None
    return period


def cycles_of(period: Period, scheme_code: str | None = None) -> list[Cycle]:
    """The cycles of a period, of one scheme or of all; one query."""
    found = Cycle.objects.select_related("scheme").filter(period=str(period))
    if scheme_code is not None:
        found = found.filter(scheme_code=scheme_code)
    return list(found.order_by("scheme_code"))


@dataclass(frozen=True)
class Candidate:
    """One person as the population rule sees him; `reason` is empty for those who take part."""

    manager_id: int
    unit_id: int
    grade_code: str
    grade_since: date | None
    reason: str


def population(span: Span) -> Iterable[Candidate]:
    """Everybody on file, with grade of the period's last day and whether he takes part. Two queries.

    The rule: whoever has left, was hired after the period, or is on leave does not take part; everybody else does,
    also on probation or on secondment, and also without a grade (then there are scores and no proposal of a grade).
    The unit is that of the moment of opening: moves between units are not dated yet.
    """
    last_day = span.ends_on - timedelta(days=1)
    held = GradeRecord.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=last_day), starts_on__lte=last_day
    )
    grades = {row[0]: row[1:] for row in held.values_list("manager_id", "grade__code", "starts_on")}
    people = RelationshipManager.objects.order_by("employee_no")
    for manager_id, unit_id, status, hired in people.values_list("pk", "unit_id", "status", "hire_date"):
        code, since = grades.get(manager_id, ("", None))
        yield Candidate(manager_id, unit_id, code, since, reason_against(status, hired, span))


def reason_against(status: str, hired: date | None, span: Span) -> str:
    """Why somebody does not take part; empty when he does."""
    if status == Status.LEFT:
        return _("已离职")
    if hired is not None and hired >= span.ends_on:
        return _("考核期结束后入职（%(day)s）") % {"day": hired.isoformat()}
    if status == Status.ON_LEAVE:
        return _("休假中")
    return ""
