"""Single cells: what is accepted, and what is said of the rest."""

# ruff: noqa: DTZ001 - spreadsheets know no time zones
from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from cmsys.transfers.engine.columns import Choice, Column, Type
from cmsys.transfers.engine.problems import BadCell
from cmsys.transfers.engine.values import convert, text_of

DATE = Column("d", "日期", Type.DATE)
INTEGER = Column("n", "数", Type.INTEGER, low=0, high=5000)
DECIMAL = Column("x", "值", Type.DECIMAL, places=2)
TEXT = Column("t", "文", max_length=10)
PERSONAL = Column("m", "手机", max_length=20, personal=True)
LIST = Column("l", "行业", Type.LIST, max_length=5)
KIND = Column(
    "k", "类型", Type.CHOICE, choices=(Choice("branch", "分行"), Choice("sub_branch", "支行", ("网点",)))
)


@pytest.mark.parametrize(
    ("column", "raw", "value"),
    [
        (DATE, "2025-03-01", date(2025, 3, 1)),
        (DATE, "2025/3/1", date(2025, 3, 1)),
        (DATE, "２０２５／３／１", date(2025, 3, 1)),
        (DATE, "2025.3.1", date(2025, 3, 1)),
        (DATE, "2025年3月1日", date(2025, 3, 1)),
        (DATE, "20250301", date(2025, 3, 1)),
        (DATE, "2025-03-01 00:00:00", date(2025, 3, 1)),
        (DATE, 20250301.0, date(2025, 3, 1)),
        (DATE, 45717.0, date(2025, 3, 1)),
        (DATE, 61.0, date(1900, 3, 1)),
        (DATE, 59.0, date(1900, 2, 28)),
        (DATE, datetime(2025, 3, 1), date(2025, 3, 1)),
        (DATE, date(2024, 2, 29), date(2024, 2, 29)),
        (DATE, "  2024-02-29　", date(2024, 2, 29)),
        (INTEGER, "１２０", 120),
        (INTEGER, "1,200", 1200),
        (INTEGER, "1，200", 1200),
        (INTEGER, 120.0, 120),
        (INTEGER, "120.00", 120),
        (INTEGER, "0", 0),
        (DECIMAL, "-5", Decimal("-5.00")),
        (DECIMAL, "−5.25", Decimal("-5.25")),
        (DECIMAL, 0.1 + 0.2, Decimal("0.30")),
        (DECIMAL, "1,234,567.89", Decimal("1234567.89")),
        (TEXT, " 陈思远　", "陈思远"),
        (TEXT, "'=1+1", "=1+1"),
        (TEXT, "'tis", "'tis"),
        (TEXT, 1001.0, "1001"),
        (TEXT, "é", "é"),
        (TEXT, "👨‍👩‍👧", "👨‍👩‍👧"),
        (TEXT, "מזרחי", "מזרחי"),
        (TEXT, True, "TRUE"),
        (TEXT, "", None),
        (TEXT, None, None),
        (TEXT, "　", None),
        (PERSONAL, "'+8613812345678", "+8613812345678"),
        (LIST, "制造业、农业;零售；制造业", ["制造业", "农业", "零售"]),
        (LIST, "、", []),
        (KIND, "分行", "branch"),
        (KIND, "BRANCH", "branch"),
        (KIND, "Sub-Branch", "sub_branch"),
        (KIND, " 网 点 ", "sub_branch"),
    ],
)
def test_accepted(column: Column, raw: Any, value: Any) -> None:
    assert convert(column, raw) == value


@pytest.mark.parametrize(
    ("column", "raw", "code", "words"),
    [
        (DATE, "2025-02-29", "bad_date", "应为日期（如 2025-03-01），收到“2025-02-29”"),
        (DATE, "03/04/2025", "bad_date", "03/04/2025"),
        (DATE, "昨天", "bad_date", "昨天"),
        (DATE, "0001-01-01", "bad_date", "0001"),
        (DATE, "9999-12-31", "bad_date", "9999"),
        (DATE, 60.0, "bad_date", "60"),
        (DATE, 45717.5, "bad_date", "45717.5"),
        (DATE, 1e300, "bad_date", ""),
        (DATE, datetime(2025, 3, 1, 9, 30), "bad_date", "09:30"),
        (DATE, time(3, 4), "bad_date", ""),
        (DATE, True, "bad_date", "TRUE"),
        (INTEGER, "十二万", "bad_value", "应为整数，收到“十二万”"),
        (INTEGER, "1.5", "bad_value", "应为整数"),
        (INTEGER, "-1", "bad_value", "应在 0 到 5000 之间，收到“-1”"),
        (INTEGER, "5001", "bad_value", "应在 0 到 5000 之间"),
        (INTEGER, "1e3", "bad_value", "应为整数"),
        (INTEGER, "12,00", "bad_value", "应为整数"),
        (INTEGER, "0x10", "bad_value", "应为整数"),
        (INTEGER, "NaN", "bad_value", "应为整数"),
        (INTEGER, float("inf"), "bad_value", "应为整数"),
        (INTEGER, float("nan"), "bad_value", "应为整数"),
        (INTEGER, 1e309, "bad_value", "应为整数"),
        (INTEGER, date(2025, 1, 1), "bad_value", "应为整数"),
        (INTEGER, True, "bad_value", "TRUE"),
        (DECIMAL, "1.234", "bad_value", "最多 2 位小数，收到“1.234”"),
        (DECIMAL, "101%", "bad_value", "应为数字"),
        (DECIMAL, "1" * 40, "bad_value", "应为数字"),
        (TEXT, "一二三四五六七八九十十一", "bad_value", "最多 10 个字，收到 12 个"),
        (TEXT, "a\x00b", "bad_value", "控制字符"),
        (TEXT, "a\ud800b", "bad_value", "控制字符"),
        (TEXT, "a\x1bb", "bad_value", "控制字符"),
        (TEXT, "a\r\nb", "bad_value", "换行"),
        (TEXT, "a\u2028b", "bad_value", "换行"),
        (TEXT, 1.2345678901234567e17, "bad_value", "数字太长"),
        (PERSONAL, "138****5678", "bad_value", "打码"),
        (PERSONAL, "138＊＊＊＊5678", "bad_value", "打码"),
        (LIST, "制造业制造业制", "bad_value", "每一项最多 5 个字"),
        (KIND, "分公司", "bad_value", "应为 分行、支行 之一，收到“分公司”"),
    ],
)
def test_refused(column: Column, raw: Any, code: str, words: str) -> None:
    with pytest.raises(BadCell) as caught:
        convert(column, raw)
    sentence = caught.value.text % caught.value.params if caught.value.params else caught.value.text
    assert caught.value.code == code
    assert words in sentence


def test_date_formats_of_a_mapping_are_the_only_ones_then() -> None:
    assert convert(DATE, "25-10-16", date_format="%d-%m-%y") == date(2016, 10, 25)
    with pytest.raises(BadCell):
        convert(DATE, "2016-10-25", date_format="%d-%m-%y")


def test_numbers_of_1904_workbooks() -> None:
    assert convert(DATE, 31548.0, epoch_1904=True) == date(1990, 5, 17)


def test_text_of_is_what_messages_quote() -> None:
    assert [text_of(raw) for raw in (1.0, 1.5, True, None, " x ", datetime(2025, 1, 1), 1e20)] == [
        "1", "1.5", "TRUE", "", "x", "2025-01-01", "100000000000000000000",
    ]  # fmt: skip
