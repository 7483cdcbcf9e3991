"""One cell becomes one typed value, or a sentence about why it does not fit."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from cmsys.transfers.engine.columns import Column, Type, normal
from cmsys.transfers.engine.problems import BadCell, Code, _, shown

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DATES = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?"),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?: 0?0:00(?::00)?)?"),
    re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
)
_CLOCK = re.compile(
    r"(?P<day>.+?)(?:T|\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
)
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


def text_of(raw: Any) -> str:
    """A cell as text: whole numbers without `.0`, dates ISO, outer blanks gone, the `'` of our own exports stripped."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() and abs(raw) < 1e15 else format(Decimal(repr(raw)), "f")
    if isinstance(raw, datetime):
        return raw.date().isoformat() if raw.time() == time(0) else raw.isoformat(sep=" ")
    if isinstance(raw, date):
        return raw.isoformat()
    text = str(raw)
    if text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS):
        text = text[1:]
    return text.strip().strip("﻿​　").strip()


def convert(column: Column, raw: Any, *, date_format: str = "", epoch_1904: bool = False) -> Any:
    """The typed value; None for an empty cell. Raises BadCell."""
    text = text_of(raw)
    if text == "":
        return None
    _check_characters(column, text)
    if column.type is Type.DATE:
        return _date(raw, text, date_format, epoch_1904)
    if column.type is Type.DATETIME:
        return _moment(raw, text, date_format, epoch_1904)
    if column.type is Type.INTEGER:
        return _integer(column, raw, text)
    if column.type is Type.DECIMAL:
        return _decimal(column, raw, text)
    if column.type is Type.CHOICE:
        return _choice(column, text)
    if column.type is Type.LIST:
        return _list(column, text)
    return _text(column, raw, text)


def _check_characters(column: Column, text: str) -> None:
    for char in text:
        kind = unicodedata.category(char)
        if kind in ("Cc", "Cs") or char in "\u2028\u2029":
            if char in "\r\n\t\u2028\u2029":
                raise BadCell(Code.BAD_VALUE, _("含有换行或制表符，请改成一行文字"))
            raise BadCell(Code.BAD_VALUE, _("含有看不见的控制字符，请删去后重新填写"))
    if column.personal and ("*" in text or "＊" in text):
        raise BadCell(Code.BAD_VALUE, _("收到的是打码后的值，请填写完整内容，或留空不改"))


def _text(column: Column, raw: Any, text: str) -> str:
    if isinstance(raw, float) and abs(raw) >= 1e15:
        raise BadCell(Code.BAD_VALUE, _("数字太长，Excel 已丢失末尾几位；请把该列设为文本格式后重新填写"))
    if column.max_length is not None and len(text) > column.max_length:
        raise BadCell(
            Code.BAD_VALUE,
            _("最多 %(limit)s 个字，收到 %(count)s 个"),
            limit=column.max_length,
            count=len(text),
        )
    return text


def _number(raw: Any, text: str, wanted: str) -> Decimal:
    if isinstance(raw, (bool, date, datetime, time, timedelta)):
        raise BadCell(Code.BAD_VALUE, wanted, value=shown(text))
    if isinstance(raw, float):
        # Spreadsheets show 15 digits; the rest is binary noise.
        text = format(Decimal(format(raw, ".15g")), "f")
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").replace("−", "-").replace("，", ",")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    if not _NUMBER.fullmatch(plain):
        raise BadCell(Code.BAD_VALUE, wanted, value=shown(text))
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise BadCell(Code.BAD_VALUE, wanted, value=shown(text))


def _bounded(column: Column, number: Decimal, text: str) -> Decimal:
    if (column.low is not None and number < column.low) or (column.high is not None and number > column.high):
        if column.high is None:
            raise BadCell(
                Code.BAD_VALUE, _("不能小于 %(low)s，收到“%(value)s”"), low=column.low, value=shown(text)
            )
        raise BadCell(
            Code.BAD_VALUE,
            _("应在 %(low)s 到 %(high)s 之间，收到“%(value)s”"),
            low=column.low,
            high=column.high,
            value=shown(text),
        )
    return number


def _integer(column: Column, raw: Any, text: str) -> int:
    number = _number(raw, text, _("应为整数，收到“%(value)s”"))
    if number != number.to_integral_value():
        raise BadCell(Code.BAD_VALUE, _("应为整数，收到“%(value)s”"), value=shown(text))
    return int(_bounded(column, number, text))


def _decimal(column: Column, raw: Any, text: str) -> Decimal:
    number = _number(raw, text, _("应为数字，收到“%(value)s”"))
    rounded = number.quantize(Decimal(1).scaleb(-column.places))
    if rounded != number:
        raise BadCell(
            Code.BAD_VALUE,
            _("最多 %(places)s 位小数，收到“%(value)s”"),
            places=column.places,
            value=shown(text),
        )
    return _bounded(column, rounded, text)


def _date(raw: Any, text: str, date_format: str, epoch_1904: bool) -> date:
    wanted = _("应为日期（如 2025-03-01），收到“%(value)s”")
    day: date | None = None
    if isinstance(raw, datetime):
        day = raw.date() if raw.time() == time(0) else None
    elif isinstance(raw, date):
        day = raw
    elif isinstance(raw, (int, float)) and not isinstance(raw, bool):
        day = _from_serial(float(raw), epoch_1904) if not date_format else _parsed(text, date_format)
    elif isinstance(raw, str):
        day = _parsed(unicodedata.normalize("NFKC", text), date_format)
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise BadCell(Code.BAD_DATE, wanted, value=shown(text))
    return day


def _moment(raw: Any, text: str, date_format: str, epoch_1904: bool) -> datetime:
    """A moment of the wall clock, to the second; a date alone is its midnight."""
    wanted = _("应为日期和时间（如 2025-03-01 09:30），收到“%(value)s”")
    moment: datetime | None = None
    if isinstance(raw, datetime):
        moment = raw.replace(microsecond=0, tzinfo=None)
    elif isinstance(raw, str) and date_format:
        try:
            moment = datetime.strptime(unicodedata.normalize("NFKC", text), date_format)  # noqa: DTZ007
        except ValueError:
            moment = None
    elif isinstance(raw, str) and (clock := _CLOCK.fullmatch(unicodedata.normalize("NFKC", text))):
        moment = _at(_parsed(clock["day"], ""), clock)
    elif not isinstance(raw, bool):
        try:
            moment = datetime.combine(_date(raw, text, date_format, epoch_1904), time(0))
        except BadCell:
            moment = None
    if moment is None or not FIRST_DAY <= moment.date() <= LAST_DAY:
        raise BadCell(Code.BAD_DATE, wanted, value=shown(text))
    return moment


def _at(day: date | None, clock: re.Match[str]) -> datetime | None:
    if day is None:
        return None
    try:
        return datetime.combine(
            day, time(int(clock["hour"]), int(clock["minute"]), int(clock["second"] or 0))
        )
    except ValueError:
        return None


def _from_serial(serial: float, epoch_1904: bool) -> date | None:
    """Days since the workbook's epoch; 20250301 typed as a number is read as it stands."""
    if serial != int(serial):
        return None
    if 19000101 <= serial <= 21991231:
        return _parsed(str(int(serial)), "")
    if not 1 <= serial <= 109_573 or (serial == 60 and not epoch_1904):
        return None
    if epoch_1904:
        return date(1904, 1, 1) + timedelta(days=int(serial))
    return date(1899, 12, 30 if serial > 60 else 31) + timedelta(days=int(serial))


def _parsed(text: str, date_format: str) -> date | None:
    try:
        if date_format:
            return datetime.strptime(text, date_format).date()  # noqa: DTZ007
        for pattern in _DATES:
            found = pattern.fullmatch(text)
            if found:
                return date(*(int(part) for part in found.groups()))
    except (ValueError, OverflowError):
        return None
    return None


def _choice(column: Column, text: str) -> str:
    wanted = normal(text)
    for choice in column.choices:
        if wanted in (
            normal(choice.code),
            normal(choice.label),
            *(normal(alias) for alias in choice.aliases),
        ):
            return choice.code
    raise BadCell(
        Code.BAD_VALUE,
        _("应为 %(choices)s 之一，收到“%(value)s”"),
        choices="、".join(str(choice.label) for choice in column.choices),
        value=shown(text),
    )


def _list(column: Column, text: str) -> list[str]:
    items = [item.strip() for item in re.split(r"[、;；]", text)]
    unique = list(dict.fromkeys(item for item in items if item))
    for item in unique:
        if column.max_length is not None and len(item) > column.max_length:
            raise BadCell(
                Code.BAD_VALUE,
                _("每一项最多 %(limit)s 个字，“%(value)s”有 %(count)s 个"),
                limit=column.max_length,
                value=shown(item, 20),
                count=len(item),
            )
    return unique
