"""The Chinese working calendar: holidays and adjusted working days, from the maintained library."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar

FIRST_KNOWN = min(chinese_calendar.holidays).year
LAST_KNOWN = max(chinese_calendar.holidays).year


def is_known(day: date) -> bool:
    """Whether the State Council's arrangement for that year is in the library; otherwise weekdays are all we know."""
    return FIRST_KNOWN <= day.year <= LAST_KNOWN


def is_working_day(day: date) -> bool:
    """Working day by the official arrangement; for years not yet announced, Monday to Friday."""
    return bool(chinese_calendar.is_workday(day)) if is_known(day) else day.weekday() < 5


def add_working_days(day: date, count: int) -> date:
    """The working day that is `count` (≥ 0) working days after `day`; the day itself is not counted.

    With 0 it is the day itself or the next working day. Raises ValueError for a negative count.
    """
    if count < 0:
        raise ValueError("count must not be negative")
    current, left = day, count
    while left:
        current += timedelta(days=1)
        left -= is_working_day(current)
    while not is_working_day(current):
        current += timedelta(days=1)
    return current


def working_days_between(start: date, end: date) -> int:
    """Working days in [start, end)."""
    return sum(is_working_day(start + timedelta(days=offset)) for offset in range((end - start).days))
