"""When a schedule is due: so many days after the last day of each period of its scheme, at its time of day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from appraisal.schemes.engine import Period, parse_period
from appraisal.schemes.engine.periods import KIND_OF_CYCLE
from appraisal.schemes.models import SchemeVersion
from appraisal.scoring.models import RegradeSchedule


@dataclass(frozen=True)
class DuePeriod:
    """A period whose regrading is due, and since when."""

    schedule: RegradeSchedule
    period: Period
    moment: datetime


def moment_of(schedule: RegradeSchedule, period: Period) -> datetime:
    """When the schedule wants the period graded, by the wall clock of settings.TIME_ZONE."""
    day = period.end() + timedelta(days=schedule.days_after)
    return datetime.combine(day, schedule.at, ZoneInfo(settings.TIME_ZONE))


def latest_period(schedule: RegradeSchedule, cycle: str, now: datetime) -> Period:
    """The latest period whose moment has come (or would have, before there was a schedule)."""
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    number = {"month": f"{today.year}M{today.month}", "quarter": f"{today.year}Q{(today.month + 2) // 3}",
              "half": f"{today.year}H{(today.month + 5) // 6}", "year": f"{today.year}"}[cycle]  # fmt: skip
    period = parse_period(number)
    assert period is not None and period.kind == KIND_OF_CYCLE[cycle]
    while moment_of(schedule, period) > now:
        period = period.before()
    return period


def next_moment(schedule: RegradeSchedule, cycle: str, now: datetime) -> tuple[Period, datetime]:
    """The next period that will be graded by itself, and when; for the page of schedules."""
    last = latest_period(schedule, cycle, now)
    following = Period(last.kind, last.index + 1)
    return following, moment_of(schedule, following)


def due_periods(now: datetime) -> list[DuePeriod]:
    """What is due and was not served: for each schedule that is on, its latest period only, so that a downtime over
    several periods is caught up once. Two queries."""
    schedules = list(RegradeSchedule.objects.filter(enabled=True).order_by("scheme_code"))
    lengths: dict[str, str] = {}
    if schedules:
        codes = [schedule.scheme_code for schedule in schedules]
        rows = SchemeVersion.objects.filter(code__in=codes).order_by("version")
        lengths = dict(rows.values_list("code", "cycle"))
    found = []
    for schedule in schedules:
        if schedule.scheme_code not in lengths:
            continue
        period = latest_period(schedule, lengths[schedule.scheme_code], now)
        moment = moment_of(schedule, period)
        if moment > max(schedule.since, schedule.last_due or schedule.since):
            found.append(DuePeriod(schedule, period, moment))
    return found


def latest_due(now: datetime) -> datetime | None:
    """The latest moment that has come and was not served, for cmsys.jobs.schedule.run_when."""
    return max((due.moment for due in due_periods(now)), default=None)
