"""A roster of 5 000: conditions, order and page stand in the address, and give exactly these rows and totals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client as Browser

from managers.profiles.models import RelationshipManager, Status
from tests.cast import Cast, stage
from tests.people.counting import PAGE_LIMIT, counted

pytestmark = pytest.mark.django_db

PEOPLE = 5_000
GRADES = ("JUNIOR", "MIDDLE", "SENIOR")
UNITS = ("CD", "CX", "PD", "BJ", "SH")
STATUSES = (Status.ACTIVE, Status.PROBATION, Status.ON_LEAVE, Status.LEFT)
MAJORS = ("金融学", "会计学", "法学", "计算机", "", "经济学", "管理学")


@pytest.fixture(scope="module")
def roster(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """Number n has the n-th of everything, over and over: unit n mod 5, grade n mod 3, status n mod 4, major n mod 7.

    The four of the cast are taken off the stage first.
    """
    cache.clear()
    with django_db_blocker.unblock(), transaction.atomic():
        cast = stage()
        units, grades = [cast.units[code] for code in UNITS], [cast.grades[code] for code in GRADES]
        RelationshipManager.objects.filter(employee_no__startswith="M-").update(
            unit=cast.units["HO"], status=Status.LEFT, experience_years=None
        )
        RelationshipManager.objects.bulk_create(
            RelationshipManager(
                employee_no=f"E{n:05}", name=f"员工{n:05}", name_pinyin=f"yuan gong {n:05}", unit=units[n % 5],
                grade=grades[n % 3], status=STATUSES[n % 4], major=MAJORS[n % 7], line=cast.line if n % 2 else None,
                experience_years=n % 40, hire_date=date(2000 + n % 25, 1, 1), education="bachelor" if n % 10 else "master",
            )
            for n in range(PEOPLE)
        )  # fmt: skip
        yield cast
        transaction.set_rollback(True)


@pytest.fixture
def ask(roster: Cast) -> Callable[..., Any]:
    def get(who: str, query: str) -> Any:
        browser = Browser()
        browser.force_login(roster.user(who), backend="django.contrib.auth.backends.ModelBackend")
        return browser.get(f"/managers/?{query}").context["page"]

    return get


def numbers(page: Any) -> list[str]:
    return [cell["text"] for row in page.rows for cell in row["cells"] if cell["key"] == "employee_no"]


def of(rule: Callable[[int], bool]) -> list[str]:
    """The employee numbers a person would list by hand."""
    return [f"E{n:05}" for n in range(PEOPLE) if rule(n)]


@pytest.mark.parametrize(
    ("who", "query", "rule", "total"),
    [
        ("hrh", "status=active", lambda n: n % 4 == 0, 1250),
        ("hrh", "unit=CX", lambda n: n % 5 == 1, 1000),
        ("hrh", "unit=BJ", lambda n: n % 5 in (0, 1, 3), 3000),
        ("hrb", "", lambda n: n % 5 in (0, 1, 3), 3000),
        ("mgr", "", lambda n: n % 5 == 0, 1000),
        ("hrh", "grade=SENIOR&unit=PD", lambda n: n % 3 == 2 and n % 5 == 2, 334),
        ("hrh", "line=CORP&status=probation", lambda n: n % 2 == 1 and n % 4 == 1, 1250),
        ("hrh", "major=学&unit=CD", lambda n: n % 5 == 0 and n % 7 not in (3, 4), 714),
        ("hrh", "experience=6-10", lambda n: 6 <= n % 40 <= 10, 625),
        ("hrh", "experience=16-&grade=JUNIOR", lambda n: n % 40 >= 16 and n % 3 == 0, 1000),
        ("hrh", "education=master&q=员工0000", lambda n: n == 0, 1),
        ("hrh", "q=E0499", lambda n: n >= 4990, 10),
        ("hrh", "q=yuan gong 0123", lambda n: n == 123 or 1230 <= n <= 1239, 11),
        ("mgr", "q=E0499", lambda n: n in (4990, 4995), 2),
        ("hrh", "q=nobody", lambda n: False, 0),
    ],
)
def test_conditions_give_exactly_these_people(
    ask: Callable[..., Any], who: str, query: str, rule: Callable[[int], bool], total: int
) -> None:
    page = ask(who, f"{query}&sort=employee_no&size=100")
    assert page.pager["total"] == total
    assert len(of(rule)) == total
    assert numbers(page) == of(rule)[:100]


def test_pages_are_the_list_in_pieces(ask: Callable[..., Any]) -> None:
    """1 250 people at work: 12 pages of a hundred and one of fifty, none twice, none left out."""
    found = []
    for number in range(1, 14):
        page = ask("hrh", f"status=active&sort=employee_no&size=100&page={number}")
        assert (page.pager["page"], page.pager["pages"]) == (number, 13)
        found += numbers(page)
    assert found == of(lambda n: n % 4 == 0)
    last = ask("hrh", "status=active&sort=employee_no&size=100&page=13").pager
    assert (last["start"], last["end"], last["total"]) == (1201, 1250, 1250)
    assert numbers(ask("hrh", "status=active&sort=employee_no&size=100&page=99")) == found[1200:]


def test_orders_are_stable_and_turn_round(ask: Callable[..., Any]) -> None:
    upwards = ask("hrh", "unit=CX&sort=experience_years&size=50")
    assert numbers(upwards)[:3] == ["E00001", "E00041", "E00081"]
    downwards = ask("hrh", "unit=CX&sort=-experience_years&size=50")
    assert numbers(downwards)[:3] == ["E00036", "E00076", "E00116"]
    assert numbers(ask("hrh", "sort=-employee_no&q=E0&size=20")) == [
        f"E{n:05}" for n in range(4999, 4979, -1)
    ]


def test_the_address_carries_everything_to_the_next_page(ask: Callable[..., Any]) -> None:
    page = ask("hrh", "status=active&sort=-employee_no&size=50&page=3")
    assert page.pager["next_url"] == "/managers/?status=active&sort=-employee_no&size=50&page=4"
    assert page.pager["prev_url"] == "/managers/?status=active&sort=-employee_no&size=50&page=2"
    assert [(item["label"], item["value"]) for item in page.active_filters] == [("状态", "在岗")]
    assert page.active_filters[0]["remove_url"] == "/managers/?sort=-employee_no&size=50"


@pytest.mark.parametrize(
    "query", ["size=7", "size=-1", "size=x", "page=0", "page=-3", "page=x", "sort=mobile", "sort=-;drop"]
)
def test_what_makes_no_sense_in_an_address_is_passed_over(ask: Callable[..., Any], query: str) -> None:
    page = ask("hrh", query)
    assert page.pager["total"] == PEOPLE + 4
    assert (page.pager["page"], len(page.rows)) == (1, 20)


@pytest.mark.parametrize("query", ["unit=NONE", "grade=X", "status=dead", "experience=99"])
def test_a_condition_that_does_not_exist_shows_nobody(ask: Callable[..., Any], query: str) -> None:
    assert ask("hrh", query).pager["total"] == 0


@pytest.mark.parametrize(
    "query", ["", "status=active&sort=-employee_no&page=60", "q=yuan&sort=unit&size=100&page=50"]
)
def test_a_list_of_five_thousand_costs_no_more_queries(roster: Cast, query: str) -> None:
    browser = Browser()
    browser.force_login(roster.user("hrh"), backend="django.contrib.auth.backends.ModelBackend")
    assert len(counted(browser, f"/managers/?{query}")) <= PAGE_LIMIT


def test_a_composition_of_five_thousand_adds_up(roster: Cast) -> None:
    """3 000 of 北京分行: a thousand each at 城东, 城西 and at the branch itself; grades n mod 3 of those."""
    browser = Browser()
    browser.force_login(roster.user("hrb"), backend="django.contrib.auth.backends.ModelBackend")
    text = browser.get("/managers/composition.csv").content.decode("utf-8-sig")
    lines = [line.split(",") for line in text.splitlines()[1:] if not line.startswith("#")]
    parts: dict[str, dict[str, tuple[int, str]]] = {}
    for dimension, label, count, percent in lines:
        parts.setdefault(dimension, {})[label] = (int(count), percent)
    assert parts["机构"] == {
        "北京分行（直属）": (1000, "33.3"), "城东支行": (1000, "33.3"), "城西支行": (1000, "33.3"),
    }  # fmt: skip
    assert parts["状态"] == {
        "试用": (750, "25.0"), "在岗": (750, "25.0"), "休假": (750, "25.0"), "离职": (750, "25.0"),
    }  # fmt: skip
    assert parts["学历"] == {"本科": (2500, "83.3"), "硕士": (500, "16.7")}
    assert {
        dimension: sum(count for count, _p in found.values()) for dimension, found in parts.items()
    } == dict.fromkeys(("机构", "等级", "学历", "从业年限", "状态", "服务区域", "专业"), 3000)
