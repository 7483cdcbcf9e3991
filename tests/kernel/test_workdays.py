"""The Chinese working calendar around National Day 2026: holidays 1–7 October, worked Saturdays and Sundays around it."""

from __future__ import annotations

from datetime import date

import pytest

from cmsys.org.workdays import add_working_days, is_known, is_working_day, working_days_between


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 9, 20), True),  # a Sunday that is worked for the Mid-Autumn days
        (date(2026, 9, 25), False),  # a Friday, Mid-Autumn
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),  # a Saturday that is worked for National Day
        (date(2026, 10, 11), False),
    ],
)
def test_holidays_and_adjusted_working_days(day: date, works: bool) -> None:
    assert is_working_day(day) is works


def test_five_working_days_over_national_day() -> None:
    # 8, 9, 10 (a worked Saturday), 12 and 13 October.
    assert add_working_days(date(2026, 9, 30), 5) == date(2026, 10, 13)
    # None at all, begun on a holiday: the first day of work.
    assert add_working_days(date(2026, 10, 3), 0) == date(2026, 10, 8)
    assert add_working_days(date(2026, 9, 30), 0) == date(2026, 9, 30)
    # 28, 29, 30 September, 8, 9, 10 October; the end is not counted.
    assert working_days_between(date(2026, 9, 28), date(2026, 10, 12)) == 6
    with pytest.raises(ValueError, match="negative"):
        add_working_days(date(2026, 9, 30), -1)


def test_a_year_not_yet_announced_has_weekdays_only() -> None:
    assert not is_known(date(2090, 10, 2))
    assert is_working_day(date(2090, 10, 2))  # a Monday
    assert not is_working_day(date(2090, 10, 1))  # a Sunday
