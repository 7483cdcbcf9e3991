"""评分任务, 自评, the sheet and 评分进度: who is told to rate whom, what is saved, what it costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from appraisal.cycles.models import Cycle, CycleMember
from appraisal.ratings.models import RaterGroup, Rating
from appraisal.ratings.services.ratings import rating_give
from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.org.models import RoleGrant
from cmsys.org.services.grants import role_grant
from managers.profiles.models import RelationshipManager
from tests.cast import STAGE, Cast
from tests.figures.schemes import demo_document
from tests.ratings.stage import marks, open_demo, rate

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Browser]
SUPERIOR = RaterGroup.SUPERIOR


@pytest.fixture
def cycle(cast: Cast) -> Cycle:
    return open_demo()


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def people(answer: Any) -> list[tuple[str, str]]:
    return [(one["name"], one["state"]) for cycle in answer.context["cycles"] for one in cycle["people"]]


def sheet_url(cycle: Cycle, who: str) -> str:
    return f"/rating-tasks/{cycle.pk}/{who}/"


BODY = {"COMM": "88", "COMM.comment": "沟通清楚", "TEAM": "91.5", "TEAM.comment": ""}


def test_a_superior_sees_whom_he_has_to_rate_and_goes_from_one_to_the_next(
    cast: Cast, cycle: Cycle, signed_in: SignedIn
) -> None:
    browser = signed_in("mgr")
    answer = browser.get("/rating-tasks/")
    assert people(answer) == [("陈思远", "待评"), ("王雅琴", "待评")]
    [card] = answer.context["cycles"]
    assert (card["progress"]["text"], card["next"]["name"]) == ("0 / 2 人", "陈思远")
    assert "待评 2 人" in words(answer)
    first = browser.get(sheet_url(cycle, "M-CD1"))
    assert "保存后到下一位：王雅琴" in words(first)
    assert "权重 60%" in words(first)
    saved = browser.post(sheet_url(cycle, "M-CD1"), BODY)
    assert (saved.status_code, saved["Location"]) == (302, sheet_url(cycle, "M-CD2"))
    given = Rating.objects.order_by("indicator_code").values_list(
        "indicator_code", "score", "comment", "rater", "rater_group"
    )
    assert [(code, str(score), *rest) for code, score, *rest in given] == [
        ("COMM", "88.00", "沟通清楚", "mgr", "superior"), ("TEAM", "91.50", "", "mgr", "superior"),
    ]  # fmt: skip
    last = browser.post(sheet_url(cycle, "M-CD2"), BODY)
    assert last["Location"] == "/rating-tasks/"
    answer = browser.get("/rating-tasks/")
    assert people(answer) == [("陈思远", "已评"), ("王雅琴", "已评")]
    assert "都已评完" in words(answer)


def test_saved_without_going_on_it_leads_back_to_the_list(
    cast: Cast, cycle: Cycle, signed_in: SignedIn
) -> None:
    answer = signed_in("mgr").post(sheet_url(cycle, "M-CD1"), BODY | {"then": "list"})
    assert answer["Location"] == "/rating-tasks/"


def test_a_sheet_shows_what_its_rater_gave_and_takes_corrections(
    cast: Cast, cycle: Cycle, signed_in: SignedIn
) -> None:
    browser = signed_in("mgr")
    browser.post(sheet_url(cycle, "M-CD1"), BODY)
    rate(cast, "M-CD1", SUPERIOR, 11)
    form = browser.get(sheet_url(cycle, "M-CD1")).context["page"].form
    # His own, not another superior's.
    assert (form["COMM"].value(), form["COMM.comment"].value(), form["TEAM"].value()) == (
        "88",
        "沟通清楚",
        "91.5",
    )
    browser.post(sheet_url(cycle, "M-CD1"), BODY | {"TEAM": "70"})
    assert str(Rating.objects.get(rater="mgr", indicator_code="TEAM").score) == "70.00"


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"COMM": ""}, "COMM", "必填"),
        ({"COMM": "101"}, "COMM", "100"),
        ({"COMM": "88.125"}, "COMM", "2"),
        ({"TEAM": "很好"}, "TEAM", "数字"),
        ({"TEAM.comment": "长" * 501}, "TEAM.comment", "500"),
    ],
)
def test_a_wrong_sheet_says_where_and_keeps_what_was_typed(
    cast: Cast, cycle: Cycle, signed_in: SignedIn, changed: dict[str, str], field: str, said: str
) -> None:
    answer = signed_in("mgr").post(sheet_url(cycle, "M-CD1"), BODY | changed)
    form = answer.context["page"].form
    assert (answer.status_code, list(form.errors)) == (422, [field])
    assert "沟通清楚" in answer.content.decode()
    assert not Rating.objects.exists()
    assert said in str(form.errors[field][0]) or said == "必填"


def test_a_person_rates_himself_where_the_scheme_asks_for_it(
    cast: Cast, cycle: Cycle, signed_in: SignedIn
) -> None:
    browser = signed_in("cm")
    answer = browser.get("/self-rating/")
    assert people(answer) == [("陈思远", "待评")]
    saved = browser.post(sheet_url(cycle, "M-CD1"), BODY)
    assert saved["Location"] == "/self-rating/"
    assert set(Rating.objects.values_list("rater", "rater_group")) == {("M-CD1", "self")}
    assert browser.get(sheet_url(cycle, "M-CD2")).status_code == 404
    assert browser.post(sheet_url(cycle, "M-CD2"), BODY).status_code == 404
    assert browser.get("/rating-tasks/").status_code == 403
    assert signed_in("mgr").get("/self-rating/").status_code == 403


def test_without_self_ratings_in_the_scheme_there_is_nothing_to_fill_in(
    cast: Cast, signed_in: SignedIn
) -> None:
    cycle = open_demo(document=demo_document())
    answer = signed_in("cm").get("/self-rating/")
    assert people(answer) == []
    assert "没有进行中的考核周期需要您自评。" in words(answer)
    assert signed_in("cm").get(sheet_url(cycle, "M-CD1")).status_code == 404


def test_beyond_reach_left_out_and_missing_are_not_found(
    cast: Cast, cycle: Cycle, signed_in: SignedIn
) -> None:
    browser = signed_in("mgr")
    CycleMember.objects.filter(manager=cast.managers["M-CD2"]).update(included=False, reason="休假中")
    for address in (
        sheet_url(cycle, "M-CX1"), sheet_url(cycle, "M-404"), sheet_url(cycle, "M-CD2"), "/rating-tasks/999999/M-CD1/",
    ):  # fmt: skip
        assert browser.get(address).status_code == 404, address
        assert browser.post(address, BODY).status_code == 404, address
        assert browser.get(f"{address}withdraw/").status_code == 404, address
    assert signed_in("hrh").get(sheet_url(cycle, "M-CD1")).status_code == 403
    assert not Rating.objects.exists()


def test_when_the_cycle_ends_the_sheet_can_be_read_and_no_longer_saved(
    cast: Cast, cycle: Cycle, signed_in: SignedIn
) -> None:
    browser = signed_in("mgr")
    browser.post(sheet_url(cycle, "M-CD1"), BODY)
    Cycle.objects.filter(pk=cycle.pk).update(state="closed", closed_at=datetime(2026, 2, 1, tzinfo=UTC))
    page = browser.get(sheet_url(cycle, "M-CD1"))
    assert "这个考核周期已结束，评分只能查看。" in words(page)
    assert page.context["page"].form.fields["COMM"].disabled
    answer = browser.post(sheet_url(cycle, "M-CD1"), BODY | {"COMM": "1"})
    assert answer.status_code == 422
    assert "2025Q4 考核周期已结束，不能再评分或撤回。" in words(answer)
    assert str(Rating.objects.get(indicator_code="COMM").score) == "88.00"
    taken = browser.post(f"{sheet_url(cycle, 'M-CD1')}withdraw/", {"reason": "误"})
    assert taken.status_code == 422
    assert Rating.objects.count() == 2
    assert people(browser.get("/rating-tasks/")) == []


def test_a_sheet_is_taken_back_with_a_reason(cast: Cast, cycle: Cycle, signed_in: SignedIn) -> None:
    browser = signed_in("mgr")
    assert browser.get(f"{sheet_url(cycle, 'M-CD1')}withdraw/").status_code == 404
    browser.post(sheet_url(cycle, "M-CD1"), BODY)
    page = browser.get(f"{sheet_url(cycle, 'M-CD1')}withdraw/")
    assert "您给陈思远的 2 项评分全部撤回" in words(page)
    assert browser.post(f"{sheet_url(cycle, 'M-CD1')}withdraw/", {"reason": ""}).status_code == 422
    assert browser.post(f"{sheet_url(cycle, 'M-CD1')}withdraw/", {"reason": "评错人"}).status_code == 302
    assert not Rating.objects.exists()


def grant(cast: Cast, who: str, unit: str, number: str | None = None) -> None:
    User.objects.filter(username=who).update(employee_no=number)
    role_grant(
        actor=STAGE,
        user=cast.users[who],
        role=Role.MGR,
        unit=cast.units[unit],
        starts_on=date(2020, 1, 1),
        reason="测试",
    )


def test_it_is_the_nearest_superiors_turn_and_others_may_all_the_same(
    cast: Cast, cycle: Cycle, signed_in: SignedIn
) -> None:
    """A head of 北京分行 leads 赵立群, whose 城西支行 has none; those of 城东支行 are 李敏's, unless one asks for all."""
    grant(cast, "nobody", "BJ")
    browser = signed_in("nobody")
    answer = browser.get("/rating-tasks/")
    assert people(answer) == [("赵立群", "待评")]
    assert "显示其他主管负责的 2 人" in words(answer)
    everybody = browser.get("/rating-tasks/?all=1")
    assert [name for name, _state in people(everybody)] == ["陈思远", "王雅琴", "赵立群"]
    # Rated by another superior is rated.
    rating_give(
        actor=cast.user("mgr"),
        cycle_id=cycle.pk,
        manager_id=cast.managers["M-CD1"].pk,
        group=SUPERIOR,
        marks=marks(),
    )
    assert ("陈思远", "他人已评") in people(browser.get("/rating-tasks/?all=1"))


def test_a_head_who_is_rated_himself_is_the_next_ones_turn(
    cast: Cast, cycle: Cycle, signed_in: SignedIn
) -> None:
    grant(cast, "nobody", "BJ")
    User.objects.filter(username="cm").update(employee_no=None)
    User.objects.filter(username="mgr").update(employee_no="M-CD1")
    assert [name for name, _state in people(signed_in("mgr").get("/rating-tasks/"))] == ["王雅琴"]
    assert [name for name, _state in people(signed_in("nobody").get("/rating-tasks/"))] == [
        "陈思远",
        "赵立群",
    ]


def test_a_grant_that_has_ended_leaves_the_turn_to_the_unit_above(
    cast: Cast, cycle: Cycle, signed_in: SignedIn
) -> None:
    grant(cast, "nobody", "BJ")
    RoleGrant.objects.filter(user=cast.users["mgr"]).update(ends_on=date(2021, 1, 1))
    names = [name for name, _state in people(signed_in("nobody").get("/rating-tasks/"))]
    assert names == ["陈思远", "王雅琴", "赵立群"]


# --- how far a cycle has come -----------------------------------------------------------------------------------------
def figures(answer: Any) -> dict[str, int]:
    return {one["label"]: one["value"] for one in answer.context["figures"]}


def units(answer: Any) -> list[tuple[str, int, int, int]]:
    return [(one["label"], one["total"], one["rated"], one["own"]) for one in answer.context["units"]]


def test_progress_unit_by_unit_and_who_is_waited_for(cast: Cast, cycle: Cycle, signed_in: SignedIn) -> None:
    rating_give(
        actor=cast.user("mgr"),
        cycle_id=cycle.pk,
        manager_id=cast.managers["M-CD1"].pk,
        group=SUPERIOR,
        marks=marks(),
    )
    rating_give(
        actor=cast.user("cm"),
        cycle_id=cycle.pk,
        manager_id=cast.managers["M-CD1"].pk,
        group=RaterGroup.SELF,
        marks=marks(),
    )
    # Half a sheet is no sheet, nor are halves of two raters one, nor is a peer a superior.
    rate(cast, "M-CD2", SUPERIOR, 80)
    [other] = rate(cast, "M-CD2", SUPERIOR, 80, code="TEAM")
    Rating.objects.filter(pk=other.pk).update(rater="someone")
    for code in ("COMM", "TEAM"):
        rate(cast, "M-CX1", RaterGroup.PEER, 80, code=code)
    browser = signed_in("hrh")
    answer = browser.get("/rating-progress/")
    assert figures(answer) == {"参评": 4, "上级已评": 1, "上级未评": 3, "已自评": 1}
    assert units(answer) == [("北京分行", 3, 1, 1), ("上海分行", 1, 0, 0)]
    below = browser.get("/rating-progress/?unit=BJ")
    assert units(below) == [("城东支行", 2, 1, 1), ("城西支行", 1, 0, 0)]
    waited = [(one["name"], one["leaders"]) for one in answer.context["people"]]
    assert waited == [("王雅琴", "李敏"), ("赵立群", ""), ("周婷", "")]
    assert units(signed_in("hrb").get("/rating-progress/")) == [("城东支行", 2, 1, 1), ("城西支行", 1, 0, 0)]
    mgr = signed_in("mgr").get("/rating-progress/")
    assert units(mgr) == [("城东支行（直属）", 2, 1, 1)]
    assert "周婷" not in mgr.content.decode()
    # The period ended on 2025-12-31: whoever is not rated today is late.
    assert "考核期 2026-01-01 前已结束" in words(answer)
    assert signed_in("cm").get("/rating-progress/").status_code == 403
    assert browser.get("/rating-progress/?cycle=nothing").status_code == 400
    assert browser.get("/rating-progress/", headers={"HX-Request": "true"}).status_code == 200


def test_without_a_cycle_the_pages_say_so(cast: Cast, signed_in: SignedIn) -> None:
    assert "还没有开启考核周期" in words(signed_in("hrh").get("/rating-progress/"))
    assert "没有进行中的考核周期需要您评分。" in words(signed_in("mgr").get("/rating-tasks/"))
    assert "还没有评分" in words(signed_in("hrh").get("/ratings/"))


def test_tiles_count_what_is_left(cast: Cast, cycle: Cycle, signed_in: SignedIn) -> None:
    def tile(who: str, label: str) -> str:
        return words(signed_in(who).get("/")).partition(f" {label} ")[2].split()[0]

    assert (tile("mgr", "待评"), tile("cm", "待自评"), tile("hrb", "未评")) == ("2", "1", "3")
    rating_give(
        actor=cast.user("mgr"),
        cycle_id=cycle.pk,
        manager_id=cast.managers["M-CD1"].pk,
        group=SUPERIOR,
        marks=marks(),
    )
    assert (tile("mgr", "待评"), tile("cm", "待自评"), tile("hrb", "未评")) == ("1", "1", "2")


def test_pages_cost_the_same_for_one_person_and_for_thirty(
    cast: Cast, cycle: Cycle, signed_in: SignedIn
) -> None:
    addresses = {
        "mgr": ["/rating-tasks/", sheet_url(cycle, "M-CD1"), "/"],
        "hrh": [
            "/rating-progress/",
            "/ratings/?q=陈思远",
            "/ratings/export.csv?q=陈思远",
            "/",
        ],
    }
    later = {
        "/ratings/?q=陈思远": "/ratings/?size=50",
        "/ratings/export.csv?q=陈思远": "/ratings/export.csv",
    }
    browsers = {who: signed_in(who) for who in addresses}

    def asked(who: str, address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browsers[who].get(address).status_code == 200, address
        return len(queries)

    def all_asked(*, many: bool) -> dict[str, int]:
        return {
            f"{who} {address}": asked(who, later.get(address, address) if many else address)
            for who, of_who in addresses.items()
            for address in of_who
        }

    rate(cast, "M-CD1", SUPERIOR, 80)
    all_asked(many=False)  # what a process reads once
    few = all_asked(many=False)
    more = RelationshipManager.objects.bulk_create(
        RelationshipManager(
            employee_no=f"M-{n:03}",
            name=f"员工{n}",
            name_pinyin=f"yuan gong {n}",
            unit=cast.units["CD"],
            line=cast.line,
        )
        for n in range(30)
    )
    CycleMember.objects.bulk_create(
        CycleMember(cycle=cycle, manager=one, unit=cast.units["CD"], included=True) for one in more
    )
    Rating.objects.bulk_create(
        Rating(
            period="2025Q4",
            manager=one,
            rater=f"r{place}",
            rater_group=group,
            indicator_code="COMM",
            score=80,
        )
        for one in more
        for place, group in enumerate(("superior", "peer", "peer", "peer"))
    )
    assert all_asked(many=True) == few
    print(few)
    assert max(few.values()) <= 25
