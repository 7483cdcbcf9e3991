"""名册构成 by hand: seven people, percent with one decimal, parts that add up to the total (MGR-2)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cmsys.org.models import OrgUnit
from managers.profiles.composition import Dimension, composition, percent
from managers.profiles.models import RelationshipManager
from tests.cast import Cast

pytestmark = pytest.mark.django_db

# unit, grade, education, years, status, region, major
SEVEN = (
    ("CD", "JUNIOR", "bachelor", 0, "active", "110105", "金融学"),
    ("CD", "JUNIOR", "bachelor", 2, "active", "110105", "金融学"),
    ("CX", "MIDDLE", "master", 3, "probation", "110105", "会计学"),
    ("CX", "MIDDLE", "master", 5, "active", "110102", "会计学"),
    ("BJ", "SENIOR", "doctor", 6, "left", "110102", "法学"),
    ("BJ", None, "", None, "active", "", ""),
    ("PD", "SENIOR", "college", 16, "seconded", "310115", "法学"),
)


@pytest.fixture
def seven(cast: Cast) -> list[Dimension]:
    people = RelationshipManager.objects.filter(employee_no__startswith="C-")
    for n, (unit, grade, education, years, status, region, major) in enumerate(SEVEN):
        RelationshipManager.objects.create(
            employee_no=f"C-{n}", name=f"七人{n}", unit=cast.units[unit], grade=cast.grades.get(grade or ""),
            education=education, experience_years=years, status=status, region_code=region, major=major,
        )  # fmt: skip
    return composition(people, within=None, units=OrgUnit.objects.all())


def parts(dimension: Dimension) -> list[tuple[str, int, str]]:
    return [(part.label, part.count, str(part.percent)) for part in dimension.parts]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("unit", [("北京分行", 6, "85.7"), ("上海分行", 1, "14.3")]),
        (
            "grade",
            [
                ("初级客户经理", 2, "28.6"),
                ("中级客户经理", 2, "28.6"),
                ("高级客户经理", 2, "28.6"),
                ("未填", 1, "14.3"),
            ],
        ),
        (
            "education",
            [
                ("大专", 1, "14.3"),
                ("本科", 2, "28.6"),
                ("硕士", 2, "28.6"),
                ("博士", 1, "14.3"),
                ("未填", 1, "14.3"),
            ],
        ),
        (
            "experience",
            [
                ("3 年以下", 2, "28.6"),
                ("3–5 年", 2, "28.6"),
                ("6–10 年", 1, "14.3"),
                ("16 年及以上", 1, "14.3"),
                ("未填", 1, "14.3"),
            ],
        ),
        ("status", [("试用", 1, "14.3"), ("在岗", 4, "57.1"), ("借调", 1, "14.3"), ("离职", 1, "14.3")]),
        (
            "region_code",
            [("110105", 3, "42.9"), ("110102", 2, "28.6"), ("310115", 1, "14.3"), ("未填", 1, "14.3")],
        ),
        ("major", [("会计学", 2, "28.6"), ("法学", 2, "28.6"), ("金融学", 2, "28.6"), ("未填", 1, "14.3")]),
    ],
)
def test_seven_people_by_hand(seven: list[Dimension], key: str, expected: list[tuple[str, int, str]]) -> None:
    [dimension] = [dimension for dimension in seven if dimension.key == key]
    assert parts(dimension) == expected
    assert dimension.total == 7
    assert sum(part.count for part in dimension.parts) == 7


def test_below_a_unit_its_own_people_come_first(cast: Cast, seven: list[Dimension]) -> None:
    people = RelationshipManager.objects.filter(
        employee_no__startswith="C-", unit__path__startswith=cast.units["BJ"].path
    )
    units = composition(people, within=cast.units["BJ"], units=OrgUnit.objects.all())[0]
    assert parts(units) == [("北京分行（直属）", 2, "33.3"), ("城东支行", 2, "33.3"), ("城西支行", 2, "33.3")]


@pytest.mark.parametrize(
    ("count", "total", "shown"),
    [
        (1, 3, "33.3"),
        (2, 3, "66.7"),
        (1, 8, "12.5"),
        (1, 16, "6.3"),
        (1, 2000, "0.1"),
        (1, 2001, "0.0"),
        (5, 5, "100.0"),
        (0, 0, "0.0"),
    ],
)
def test_percent_has_one_decimal_rounded_half_up(count: int, total: int, shown: str) -> None:
    assert percent(count, total) == Decimal(shown)
    assert str(percent(count, total)) == shown


def test_nobody_is_composed_of_nothing(cast: Cast) -> None:
    empty = composition(RelationshipManager.objects.none(), within=None, units=OrgUnit.objects.all())
    assert [(dimension.total, dimension.parts) for dimension in empty] == [(0, ())] * 7
