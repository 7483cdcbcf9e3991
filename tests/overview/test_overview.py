"""The overview by its numbers, each worked out by hand, and each list as long as the number that leads to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from appraisal.grading.choices import DecisionState
from appraisal.grading.models import GradeDecision
from appraisal.overview.pages import Overview, percent
from appraisal.ratings.models import Rating
from tests.overview.world import Decided, crowd

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Browser]


def shown(browser: Browser, query: str = "") -> Overview:
    answer = browser.get(f"/overview/{query}")
    assert answer.status_code == 200
    found = answer.context["overview"]
    assert isinstance(found, Overview)
    return found


def listed(browser: Browser, url: str) -> int:
    """How many rows the list behind a number has."""
    answer = browser.get(url)
    assert answer.status_code == 200, url
    if url.startswith("/overview/missing/"):
        return int(answer.context["total"])
    return int(answer.context["page"].pager["total"])


def links(page: Overview) -> Iterator[tuple[int, str]]:
    """Every number of the page that leads somewhere."""
    for row in page.waiting.rows:
        yield from ((count, url) for count, url, _label in row.cells if url)
        yield from (pair for pair in ((row.total, row.url), (row.late, row.late_url)) if pair[1])
    yield from ((row.now, row.url) for row in page.grades.rows if row.url)
    yield from ((row.count + row.gone, row.url) for row in page.flow.rows if row.url)
    yield from ((row["count"], row["url"]) for row in page.gaps.rows)
    yield from ((int(item["value"]), item["url"]) for item in page.figures)
    yield page.not_rated, page.not_rated_url


def test_human_resources_see_everything(world: Decided, signed_in: SignedIn) -> None:
    page = shown(signed_in("hrh"))
    assert page.cycle == world.cycle and page.total == 4
    assert page.finding == "还有 4 人等待办理，1 人已逾期"
    assert [(item["label"], item["value"]) for item in page.figures] == [
        ("待办理", 4), ("已逾期", 1), ("晋升", 1), ("降级", 0), ("保持", 2), ("未评", 1),
    ]  # fmt: skip
    assert page.states == ("待复核", "待审定")
    assert [(row.name, [cell[0] for cell in row.cells], row.total, row.late) for row in page.waiting.rows] == [
        ("北京分行", [2, 1], 3, 1), ("上海分行", [1, 0], 1, 0),
    ]  # fmt: skip
    assert page.waiting.title == "4 人等待办理，1 人已逾期，北京分行最多（1 人）"


def test_grades_now_and_after(world: Decided, signed_in: SignedIn) -> None:
    page = shown(signed_in("hrh"))
    assert [(row.name, row.now, row.then, row.share) for row in page.grades.rows] == [
        ("高级客户经理", 1, 1, "25.0%"), ("中级客户经理", 1, 2, "50.0%"), ("初级客户经理", 2, 1, "25.0%"),
    ]  # fmt: skip
    assert page.grades.title in ("中级客户经理由 1 人增至 2 人", "初级客户经理由 2 人减至 1 人")


def test_the_flow_and_its_twin(world: Decided, signed_in: SignedIn) -> None:
    page = shown(signed_in("hrh"))
    assert page.flow.title == "2 期里 2 人次升级，1 人次降级，5 人次不变"
    assert [(row.period, row.before, row.after, row.count) for row in page.flow.rows] == [
        ("2025Q3", "中级客户经理", "高级客户经理", 1), ("2025Q3", "中级客户经理", "中级客户经理", 1),
        ("2025Q3", "中级客户经理", "初级客户经理", 1), ("2025Q3", "初级客户经理", "初级客户经理", 1),
        ("2025Q4", "高级客户经理", "高级客户经理", 1), ("2025Q4", "中级客户经理", "中级客户经理", 1),
        ("2025Q4", "初级客户经理", "中级客户经理", 1), ("2025Q4", "初级客户经理", "初级客户经理", 1),
    ]  # fmt: skip
    html = signed_in("hrh").get("/overview/").content.decode()
    drawn = re.findall(r'<a href="([^"]+)" aria-label="([^"]+)"><path class="flow-band (\w+)"', html)
    assert sorted(label for _url, label, _tone in drawn) == sorted(
        f"{row.period}：{row.before} → {row.after}，{row.count} 人" for row in page.flow.rows
    )
    assert sorted(tone for _url, _label, tone in drawn) == ["down", *["stay"] * 5, "up", "up"]


def test_a_withdrawn_change_leaves_the_grade(world: Decided, signed_in: SignedIn) -> None:
    GradeDecision.objects.filter(cycle=world.cycle, kind="promotion").update(state=DecisionState.WITHDRAWN)
    page = shown(signed_in("hrh"))
    assert {row.name: (row.now, row.then) for row in page.grades.rows}["初级客户经理"] == (2, 2)
    row = next(row for row in page.flow.rows if (row.period, row.tone) == ("2025Q4", "up"))
    assert (row.count, row.gone) == (0, 1)
    assert page.flow.title.startswith("2 期里 1 人次升级")
    # The list of promotions has it as well, so the number above it does, and says so.
    figure = next(item for item in page.figures if item["label"] == "晋升")
    assert (figure["value"], figure["before"]) == (1, "含已撤销 1 人")
    for count, url in links(page):
        assert listed(signed_in("hrh"), url) == count, url


def test_missing_data_and_why(world: Decided, signed_in: SignedIn) -> None:
    """王雅琴 has no sales, 周婷 no overdue rate and so no result; nobody of 陈思远, 王雅琴's TEAM … lacks a superior but
    王雅琴, whose TEAM was rated by a peer; COMM was not: she has a superior there. 陈思远, 周婷 have no peer at all."""
    page = shown(signed_in("hrh"))
    assert page.not_rated == 1
    assert [(row["text"], row["count"]) for row in page.gaps.rows] == [
        ("没有“逾期率”的数据", 1), ("没有“销售额”的数据", 1), ("没有任何同级评分", 2),
    ]  # fmt: skip
    assert [(why.text, why.count) for why in page.whys] == [
        ("绩效得分无法给出：缺：逾期率。补齐后重新运行定级即可评定。", 1)
    ]
    Rating.objects.filter(manager=world.cast.managers["M-CX1"], rater_group="superior").delete()
    page = shown(signed_in("hrh"))
    assert ("没有任何上级评分", 1) in [(row["text"], row["count"]) for row in page.gaps.rows]


@pytest.mark.parametrize(("who", "query"), [("hrh", ""), ("hrh", "?unit=BJ"), ("hrb", ""), ("mgr", "")])
def test_every_number_leads_to_as_many(world: Decided, signed_in: SignedIn, who: str, query: str) -> None:
    browser = signed_in(who)
    found = list(links(shown(browser, query)))
    assert len(found) >= 12
    for count, url in found:
        assert listed(browser, url) == count, url


def test_a_supervisor_sees_his_own_people_only(world: Decided, signed_in: SignedIn) -> None:
    page = shown(signed_in("mgr"))
    assert page.total == 2
    assert [(row.name, row.total, row.late) for row in page.waiting.rows] == [("城东支行", 2, 1)]
    assert page.flow.title == "2 期里 1 人次升级，0 人次降级，3 人次不变"
    html = signed_in("mgr").get("/overview/").content.decode()
    assert "城西支行</th>" not in html and "上海分行</th>" not in html
    branch = shown(signed_in("hrb"))
    assert (branch.total, [row.name for row in branch.waiting.rows]) == (3, ["城东支行", "城西支行"])


def test_conditions_stand_in_the_address(world: Decided, signed_in: SignedIn) -> None:
    browser = signed_in("hrh")
    assert shown(browser, f"?cycle={world.before.pk}").finding == "都已办理完毕"
    assert shown(browser, f"?cycle={world.cycle.pk}&unit=SH").total == 1
    assert browser.get("/overview/?cycle=999999").status_code == 400
    assert browser.get("/overview/?unit=NOWHERE").status_code == 400
    part = browser.get("/overview/?unit=SH", headers={"HX-Request": "true"})
    assert b"<html" not in part.content and part.status_code == 200


def test_the_people_behind_a_gap(world: Decided, signed_in: SignedIn) -> None:
    address = f"/overview/missing/?cycle={world.cycle.pk}&what="
    answer = signed_in("hrh").get(f"{address}reading:SALES")
    assert [row["name"] for row in answer.context["items"]] == ["王雅琴"]
    assert [row["name"] for row in signed_in("hrh").get(f"{address}group:peer").context["items"]] == [
        "陈思远",
        "周婷",
    ]
    assert [row["name"] for row in signed_in("mgr").get(f"{address}group:peer").context["items"]] == [
        "陈思远"
    ]
    for wrong in ("group:nobody", "reading:NOTHING", "everything"):
        assert signed_in("hrh").get(f"{address}{wrong}").status_code == 404
    assert [row["name"] for row in signed_in("hrh").get(address).context["items"]] == ["周婷"]
    assert signed_in("cm").get(f"{address}not_rated").status_code == 403


def test_who_may_and_the_tile(world: Decided, signed_in: SignedIn) -> None:
    for who, status in (("hrh", 200), ("hrb", 200), ("mgr", 200), ("cm", 403), ("aud", 403), ("sys", 403), ("nobody", 403)):  # fmt: skip
        assert signed_in(who).get("/overview/").status_code == status, who
    desk = signed_in("hrh").get("/").content.decode()
    assert "定级进度" in desk and "0/4" in desk
    assert "0/2" in signed_in("mgr").get("/").content.decode()
    assert "定级进度" not in signed_in("cm").get("/").content.decode()


def test_nothing_yet(cast: Any, signed_in: SignedIn) -> None:
    answer = signed_in("hrh").get("/overview/")
    assert answer.context["overview"] is None
    assert "还没有等级建议" in answer.content.decode()


def test_queries_do_not_grow(world: Decided, signed_in: SignedIn) -> None:
    browser = signed_in("hrh")

    def cost(address: str) -> int:
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        return len(queries)

    gap = f"/overview/missing/?cycle={world.cycle.pk}&what=group:peer"
    few = cost("/overview/"), cost(gap), cost("/")
    crowd(world, 30)
    assert (cost("/overview/"), cost(gap), cost("/")) == few
    assert few[0] <= 40
    page = shown(browser)
    assert (page.total, page.finding) == (34, "还有 34 人等待办理，31 人已逾期")


@pytest.mark.parametrize(
    ("count", "total", "text"), [(1, 3, "33.3%"), (2, 3, "66.7%"), (1, 16, "6.3%"), (0, 5, "0.0%"), (5, 5, "100.0%"), (0, 0, "—")]
)  # fmt: skip
def test_shares_round_half_up(count: int, total: int, text: str) -> None:
    assert percent(count, total) == text
