"""The shape of the demonstration bank: four levels of units and the people in them. Pure: values for a seed and a day.

远山银行 is invented; cities, administrative codes and coordinates are facts.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from faker import Faker

# City, administrative code, latitude, longitude, names of its districts.
CITIES: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("北京", "110000", "39.9042", "116.4074", ("朝阳", "海淀", "丰台")),
    ("上海", "310000", "31.2304", "121.4737", ("浦东", "静安", "徐汇")),
    ("广州", "440100", "23.1291", "113.2644", ("天河", "越秀", "番禺")),
    ("深圳", "440300", "22.5431", "114.0579", ("福田", "南山", "宝安")),
    ("杭州", "330100", "30.2741", "120.1551", ("西湖", "滨江", "萧山")),
    ("南京", "320100", "32.0603", "118.7969", ("鼓楼", "江宁", "建邺")),
    ("成都", "510100", "30.5728", "104.0668", ("锦江", "高新", "武侯")),
    ("武汉", "420100", "30.5928", "114.3055", ("江汉", "武昌", "汉阳")),
    ("西安", "610100", "34.3416", "108.9398", ("雁塔", "碑林", "高新")),
    ("青岛", "370200", "36.0671", "120.3826", ("市南", "崂山", "城阳")),
    ("长沙", "430100", "28.2282", "112.9388", ("岳麓", "芙蓉", "雨花")),
    ("厦门", "350200", "24.4798", "118.0894", ("思明", "湖里", "集美")),
)
TEAMS = (("C", "公司业务团队", "CORP"), ("R", "零售业务团队", "RETAIL"))
LINES = (("CORP", "公司业务"), ("RETAIL", "零售业务"), ("SME", "小微业务"))
CATEGORIES = (("CORP", "对公客户经理"), ("PERS", "个金客户经理"), ("SME", "小微客户经理"))
GRADES = (
    ("TRAINEE", "见习客户经理", 1), ("JUNIOR", "初级客户经理", 2), ("MIDDLE", "中级客户经理", 3),
    ("SENIOR", "高级客户经理", 4), ("CHIEF", "资深客户经理", 5),
)  # fmt: skip
DECIDED_DAYS = 480
CAPACITY = {"TRAINEE": 30, "JUNIOR": 60, "MIDDLE": 90, "SENIOR": 110, "CHIEF": 80}
MAJORS = (
    "金融学",
    "会计学",
    "经济学",
    "工商管理",
    "市场营销",
    "国际贸易",
    "法学",
    "统计学",
    "计算机科学",
    "英语",
)
INDUSTRIES = (
    "制造业",
    "批发零售",
    "建筑业",
    "信息技术",
    "医药卫生",
    "现代农业",
    "交通物流",
    "教育",
    "房地产",
    "新能源",
)
CERTIFICATES = (
    ("银行业专业人员职业资格（中级）", "中国银行业协会", None), ("AFP 金融理财师", "FPSB China", 2),
    ("CFP 国际金融理财师", "FPSB China", 2), ("基金从业资格", "中国证券投资基金业协会", 3),
    ("信贷岗位资格", "远山银行人力资源部", 3),
)  # fmt: skip


@dataclass(frozen=True)
class Unit:
    code: str
    name: str
    kind: str
    parent: str | None
    region_code: str
    latitude: Decimal | None
    longitude: Decimal | None
    line: str = ""


@dataclass(frozen=True)
class Certified:
    name: str
    issuer: str
    number: str
    issued_on: date
    expires_on: date | None


@dataclass(frozen=True)
class Person:
    """One manager; `grades` are (code, from day), oldest first, the last one is held today."""

    employee_no: str
    name: str
    gender: str
    birth_date: date
    unit: str
    post: str
    line: str
    category: str
    status: str
    hire_date: date
    education: str
    major: str
    experience_years: int
    industries: tuple[str, ...]
    region_code: str
    mobile: str
    email: str
    capacity: int
    grades: tuple[tuple[str, date], ...]
    certificates: tuple[Certified, ...]


def units_for(managers: int) -> list[Unit]:
    """Head office with departments, branches, sub-branches, teams: about four people a team, cities as they are needed."""
    cities = CITIES[: max(1, min(len(CITIES), -(-managers // 26)))]
    units = [
        Unit("YS", "远山银行总行", "head", None, "110000", Decimal("39.9163"), Decimal("116.3972")),
        Unit("YS-HR", "人力资源部", "department", "YS", "110000", None, None),
        Unit("YS-KH", "客户管理部", "department", "YS", "110000", None, None),
    ]
    for place, (city, region, latitude, longitude, districts) in enumerate(cities, start=1):
        branch = f"B{place:02d}"
        units.append(
            Unit(branch, f"{city}分行", "branch", "YS", region, Decimal(latitude), Decimal(longitude))
        )
        for number, district in enumerate(districts, start=1):
            code = f"{branch}{number}"
            shift = Decimal(number - 2) * Decimal("0.06")
            units.append(
                Unit(
                    code, f"{city}{district}支行", "subbranch", branch, region,
                    Decimal(latitude) + shift, Decimal(longitude) + shift,
                )
            )  # fmt: skip
            for letter, name, line in TEAMS:
                units.append(
                    Unit(f"{code}{letter}", f"{district}{name}", "team", code, region, None, None, line)
                )
    return units


def people_for(managers: int, units: list[Unit], *, seed: int, today: date) -> Iterator[Person]:
    """The managers, spread evenly over the teams; the same for the same arguments."""
    chance = random.Random(seed)  # noqa: S311 - invented people, not secrets
    names = Faker("zh_CN")
    names.seed_instance(seed)
    teams = [unit for unit in units if unit.kind == "team"]
    for number in range(managers):
        yield _person(number, teams[number % len(teams)], chance, names, today)


def _person(number: int, team: Unit, chance: random.Random, names: Faker, today: date) -> Person:
    gender = chance.choice(("male", "female"))
    name = names.name_male() if gender == "male" else names.name_female()
    experience = min(int(chance.gammavariate(2.2, 3.4)), 28)
    served = min(experience, chance.randint(0, 14))
    hired = _before(today, 365 * served + chance.randint(40, 330))
    born = _before(today, 365 * (23 + experience) + chance.randint(0, 2000))
    line = "SME" if team.line == "RETAIL" and chance.random() < 0.3 else team.line
    status = chance.choices(("active", "on_leave", "seconded", "left"), (92, 4, 2, 2))[0]
    grades = _grades(experience, hired, today, chance)
    if grades[-1][0] == "TRAINEE" and status == "active":
        status = "probation"
    return Person(
        employee_no=f"{100001 + number}", name=name, gender=gender, birth_date=born, unit=team.code,
        post=f"{team.code[:4]}-{'GS' if team.line == 'CORP' else 'GR'}", line=line,
        category={"CORP": "CORP", "RETAIL": "PERS", "SME": "SME"}[line], status=status, hire_date=hired,
        education=chance.choices(("college", "bachelor", "master", "doctor"), (14, 60, 25, 1))[0],
        major=chance.choice(MAJORS), experience_years=experience,
        industries=tuple(chance.sample(INDUSTRIES, chance.randint(1, 3))), region_code=team.region_code,
        mobile=f"199{chance.randrange(10**8):08d}", email=f"rm{100001 + number}@yuanshan.example",
        capacity=CAPACITY[grades[-1][0]], grades=grades, certificates=tuple(_certificates(number, hired, today, chance)),
    )  # fmt: skip


def _grades(experience: int, hired: date, today: date, chance: random.Random) -> tuple[tuple[str, date], ...]:
    reached = (
        0 if experience < 1 else 1 if experience < 4 else 2 if experience < 9 else 3 if experience < 18 else 4
    )
    reached = max(0, reached - (chance.random() < 0.25))
    # What changed within the last five quarters, appraisals have decided (cmsys.demo.decisions).
    days = max((today - hired).days - DECIDED_DAYS, 0)
    first = max(0, reached - min(2, days // 500))
    steps = list(range(first, reached + 1))
    gap = days // (len(steps) + 1) if len(steps) > 1 else 0
    return tuple((GRADES[step][0], hired + timedelta(days=gap * place)) for place, step in enumerate(steps))


def _certificates(number: int, hired: date, today: date, chance: random.Random) -> Iterator[Certified]:
    for place, (name, issuer, years) in enumerate(CERTIFICATES):
        if chance.random() > (0.8, 0.35, 0.12, 0.4, 0.55)[place]:
            continue
        issued = _before(today, chance.randint(20, 1000))
        expires = issued + timedelta(days=365 * years) if years else None
        yield Certified(name, issuer, f"{place + 1}{issued:%Y}{number:06d}", issued, expires)


def _before(day: date, days: int) -> date:
    return day - timedelta(days=days)
