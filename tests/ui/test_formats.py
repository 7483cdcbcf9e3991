"""How numbers and dates are written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from cmsys.ui import formats


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("12345.67"), "¥12,345.67"),
        (Decimal("-0.005"), "−¥0.01"),
        (Decimal("-0.004"), "¥0.00"),
        (0, "¥0.00"),
        (None, "—"),
        ("", "—"),
        ("abc", "—"),
    ],
)
def test_money_is_grouped_and_rounded_half_up_with_the_sign_before_the_currency(
    value: Any, text: str
) -> None:
    assert formats.money(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9999, "9,999"),
        (34_820_000, "3,482 万"),
        (15_000, "1.5 万"),
        (123_456_789, "1.23 亿"),
        (-50_000, "−5 万"),
        (0, "0"),
        (None, "—"),
    ],
)
def test_large_amounts_are_written_in_wan_and_yi(value: Any, text: str) -> None:
    assert formats.wan(value) == text


def test_a_percentage_is_a_fraction_times_a_hundred() -> None:
    assert formats.percent(Decimal("0.125")) == "12.5%"
    assert formats.percent(0) == "0.0%"
    assert formats.percent(None) == "—"


def test_dates_carry_the_weekday_and_moments_the_banks_time_zone() -> None:
    assert formats.cn_date(date(2026, 11, 22)) == "2026-11-22 周日"
    assert formats.cn_date(datetime(2026, 11, 21, 17, 0, tzinfo=UTC)) == "2026-11-22 周日"
    assert formats.cn_datetime(datetime(2026, 11, 22, 1, 5, tzinfo=UTC)) == "2026-11-22 09:05"
    assert formats.cn_date(None) == "—"


def test_a_dash_stands_for_what_is_missing_and_never_for_zero() -> None:
    assert formats.dash(None) == "—"
    assert formats.dash("") == "—"
    assert formats.dash(0) == 0
