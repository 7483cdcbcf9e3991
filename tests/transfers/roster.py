"""A roster of 300 managers as HR would send it, and the same with 40 faults of every sort seeded into it."""

# ruff: noqa: DTZ001 - spreadsheets know no time zones
from __future__ import annotations

import random
from copy import deepcopy
from datetime import date, datetime
from typing import Any

HEADERS = ("工号*", "姓名*", "性别", "出生日期", "所属机构*", "岗位编码", "条线", "等级", "入职日期", "学历", "专业", "从业年限",
           "擅长行业", "服务区域", "手机", "邮箱", "客户容量", "状态")  # fmt: skip
PLACE = {header.strip("*"): index for index, header in enumerate(HEADERS)}
UNITS = ("CD", "CX", "PD", "BJ", "SH")


def roster(count: int = 300) -> list[list[Any]]:
    """Header and `count` good rows, always the same."""
    dice = random.Random(20260302)
    rows: list[list[Any]] = [list(HEADERS)]
    for number in range(count):
        unit = UNITS[number % len(UNITS)]
        born = date(1970 + dice.randrange(30), 1 + dice.randrange(12), 1 + dice.randrange(28))
        rows.append([
            f"N{number:04d}", f"{dice.choice('赵钱孙李周吴郑王')}{dice.choice('伟芳娜敏静丽强磊军洋')}{dice.choice('一二三四五六七八九十')}",
            dice.choice("男女"), datetime(born.year, born.month, born.day) if number % 3 else born.isoformat(), unit,
            "P-CD" if unit == "CD" else None, "公司业务" if number % 2 else None,
            dice.choice(("初级客户经理", "中级客户经理", "SENIOR")), f"{2015 + dice.randrange(10)}/{1 + dice.randrange(12)}/1",
            dice.choice(("大专", "本科", "硕士")), dice.choice(("金融学", "会计学", None)), dice.randrange(0, 30),
            dice.choice(("制造业、批发零售", "农业", None)), "110105", f"138{dice.randrange(10**8):08d}",
            f"n{number:04d}@example.com", 80 + dice.randrange(120), "在岗",
        ])  # fmt: skip
    return rows


# (row of the sheet, header, what stands there instead, code, words of the reason)
FAULTS: tuple[tuple[int, str, Any, str, str], ...] = (
    (5, "工号", None, "missing", "必填"),
    (8, "姓名", None, "missing", "必填"),
    (12, "所属机构", None, "missing", "必填"),
    (15, "性别", "未知", "bad_value", "男、女 之一，收到“未知”"),
    (18, "性别", "X", "bad_value", "收到“X”"),
    (21, "出生日期", "1990-02-30", "bad_date", "收到“1990-02-30”"),
    (24, "出生日期", "昨天", "bad_date", "收到“昨天”"),
    (27, "出生日期", "2030-01-01", "bad_date", "不能晚于今天"),
    (30, "入职日期", "03/04/2020", "bad_date", "收到“03/04/2020”"),
    (33, "入职日期", "1960-01-01", "conflict", "须晚于出生日期"),
    (36, "所属机构", "GZ99", "not_found", "没有“GZ99”"),
    (39, "所属机构", "火星分行", "not_found", "没有“火星分行”"),
    (42, "岗位编码", "P-404", "not_found", "没有“P-404”"),
    (45, "条线", "公司 业务", "not_found", "现有：公司业务"),
    (48, "条线", "零售", "not_found", "没有“零售”"),
    (51, "等级", "特级", "not_found", "没有“特级”"),
    (54, "等级", "GRADE9", "not_found", "初级客户经理"),
    (57, "学历", "小学", "bad_value", "应为 高中及以下、大专、本科、硕士、博士 之一"),
    (60, "学历", "本 科 生", "bad_value", "收到“本 科 生”"),
    (63, "从业年限", "十二", "bad_value", "应为整数，收到“十二”"),
    (66, "从业年限", 61, "bad_value", "0 到 60 之间"),
    (69, "从业年限", -1, "bad_value", "0 到 60 之间"),
    (72, "从业年限", "5年", "bad_value", "收到“5年”"),
    (75, "客户容量", "十二万", "bad_value", "应为整数，收到“十二万”"),
    (78, "客户容量", 80.5, "bad_value", "收到“80.5”"),
    (81, "客户容量", -5, "bad_value", "收到“-5”"),
    (84, "手机", "138****5678", "bad_value", "打码"),
    (87, "手机", "1381234567", "bad_value", "11 位"),
    (90, "手机", "无", "bad_value", "11 位"),
    (93, "手机", "12812345678", "bad_value", "11 位"),
    (96, "邮箱", "no-at.example.com", "bad_value", "邮箱地址"),
    (99, "邮箱", "z**@126.com", "bad_value", "打码"),
    (102, "状态", "退休", "bad_value", "试用、在岗、休假、借调、离职 之一"),
    (105, "专业", "金" * 81, "bad_value", "最多 80 个字，收到 81 个"),
    (108, "服务区域", "1101050000000", "bad_value", "最多 12 个字"),
    (111, "姓名", "陈\n思远", "bad_value", "换行"),
    (114, "擅长行业", "制造业、" + "长" * 41, "bad_value", "每一项最多 40 个字"),
    (117, "工号", "N0000", "duplicate", "与第 2 行重复"),
    (300, "工号", "N0001", "duplicate", "与第 3 行重复"),
    (301, "工号", "长" * 41, "bad_value", "最多 40 个字"),
)


def faulty_roster() -> list[list[Any]]:
    """The roster with FAULTS in it."""
    rows = deepcopy(roster())
    for row, header, value, _code, _words in FAULTS:
        rows[row - 1][PLACE[header]] = value
    return rows
