"""How numbers and dates are written for people. Missing values are a dash, never zero."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.utils import timezone

DASH = "—"
MINUS = "−"
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def number(value: Any) -> Decimal | None:
    """The value as an exact number, or None for what is missing or no number."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def grouped(value: Decimal, places: int) -> str:
    """Thousands separated, rounded half up, with a real minus sign."""
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{rounded:,.{places}f}".replace("-", MINUS) if rounded else f"{abs(rounded):,.{places}f}"


def money(value: Any, places: int = 2) -> str:
    """¥12,345.67; the sign stands before the currency."""
    amount = number(value)
    if amount is None:
        return DASH
    text = grouped(amount, places)
    return f"{MINUS}¥{text[1:]}" if text.startswith(MINUS) else f"¥{text}"


def wan(value: Any, places: int = 2) -> str:
    """Amounts in 万 from ten thousand and in 亿 from a hundred million, trailing zeros dropped."""
    amount = number(value)
    if amount is None:
        return DASH
    for least, unit in ((Decimal(100_000_000), "亿"), (Decimal(10_000), "万")):
        if abs(amount) >= least:
            return f"{_trimmed(grouped(amount / least, places))} {unit}"
    return _trimmed(grouped(amount, places))


def percent(value: Any, places: int = 1) -> str:
    """A fraction as a percentage: 0.125 is 12.5%."""
    share = number(value)
    return DASH if share is None else f"{grouped(share * 100, places)}%"


def cn_date(value: Any) -> str:
    """2026-11-22 周日."""
    if isinstance(value, datetime):
        value = _local(value).date()
    return f"{value:%Y-%m-%d} {WEEKDAYS[value.weekday()]}" if isinstance(value, date) else DASH


def cn_datetime(value: Any) -> str:
    """2026-11-22 09:05, in the bank's time zone; a plain date has no time of day."""
    if isinstance(value, datetime):
        return f"{_local(value):%Y-%m-%d %H:%M}"
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else DASH


def dash(value: Any) -> Any:
    """The value itself, or a dash where there is none; zero is a value."""
    return DASH if value is None or value == "" else value


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
