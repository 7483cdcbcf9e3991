"""等级变更 and 定级批次: lists, pages, submitting and closing, to-dos, the desk; and what all of it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.grading.models import DecisionStep, GradeDecision, GradingRound
from appraisal.grading.rounds_pages import bar_of, days_suggested
from appraisal.grading.services.confirming import decision_confirm, decision_withdraw
from appraisal.grading.services.review import decision_approve, decision_delegate, decision_return
from appraisal.grading.waiting import SOURCES
from cmsys.org.models import RoleGrant
from tests.decisions_pages.stage import Stage, more

pytestmark = pytest.mark.django_db
REVIEWING, CONFIRMING, ANSWERING = SOURCES


def rows(answer: Any) -> list[str]:
    return [row["cells"][0]["text"] for row in answer.context["page"].rows]


# --- decisions ------------------------------------------------------------------------------------------------------------
def test_the_list_and_its_conditions(stage: Stage) -> None:
    browser = stage.browser("hrh")
    everybody = browser.get("/grade-decisions/?sort=name")
    assert rows(everybody) == ["陈思远", "林若水", "宋明哲", "何雨桐", "王雅琴", "赵立群", "周婷"]
    stage.take("P-000", decision_approve, "mgr")
    stage.take("P-001", decision_delegate, "mgr", "出差", assignee_id=stage.user("mgr2").pk)
    GradeDecision.objects.filter(pk=stage.case("P-002").pk).update(
        due_on=timezone.localdate() - timedelta(days=1)
    )
    for conditions, found in (
        ("unit=CX", ["赵立群"]),
        ("state=reviewed", ["林若水"]),
        ("state=pending&unit=CD&kind=promotion", ["林若水", "宋明哲", "何雨桐"]),
        ("kind=demotion", ["陈思远"]),
        ("grade=MIDDLE&unit=CX", ["赵立群"]),
        ("previous_grade=SENIOR", ["王雅琴"]),
        ("due=late", ["何雨桐"]),
        ("person=何平", ["宋明哲"]),
        ("person=李敏", ["林若水"]),
        ("q=csy", ["陈思远"]),
        ("cycle=1000000", []),
    ):
        answer = browser.get(f"/grade-decisions/?sort=name&{conditions}")
        assert rows(answer) == found, conditions


def test_a_supervisor_lists_his_unit_and_exports_nothing(stage: Stage) -> None:
    browser = stage.browser("mgr")
    assert rows(browser.get("/grade-decisions/")) == ["陈思远", "林若水", "宋明哲", "何雨桐", "王雅琴"]
    assert browser.get("/grade-decisions/export.csv").status_code == 403
    branch = stage.browser("hrb").get("/grade-decisions/export.csv?state=in_review")
    lines = branch.content.decode("utf-8-sig").splitlines()
    exported = {line.split(",")[0] for line in lines if "待复核" in line}
    assert exported == {"陈思远", "林若水", "宋明哲", "何雨桐", "王雅琴", "赵立群"}


def test_the_page_of_a_case(stage: Stage) -> None:
    stage.take("P-000", decision_approve, "mgr", "情况属实，同意。")
    answer = stage.browser("hrh").get(f"/grade-decisions/{stage.case('P-000').pk}/")
    text = answer.content.decode()
    for words in (
        "林若水的等级变更", "达到", "连续 2 期绩效得分 ≥ 85", "99.249、87.4", "各行贡献相加与得分逐位相符",
        "系统建议：晋升为中级客户经理", "李敏（mgr）", "情况属实，同意。", "去审定", "撤销",
    ):  # fmt: skip
        assert words in text, words
    sheet = stage.case("P-000").sheet_id
    assert f'href="/score-sheets/{sheet}/lines/1/"' in text


def test_actions_fit_the_state_and_the_reader(stage: Stage) -> None:
    def offered(who: str, number: str) -> list[str]:
        page = stage.browser(who).get(f"/grade-decisions/{stage.case(number).pk}/").context["page"]
        return [str(action.label) for action in page.actions]

    stage.take("P-000", decision_approve, "mgr")
    stage.take("P-001", decision_return, "mgr", "请核对")
    assert offered("mgr", "P-002") == ["去复核"]
    assert offered("hrh", "P-002") == ["撤销"]
    assert offered("hrb", "P-002") == []
    assert offered("hrh", "P-000") == ["撤销", "退回复核", "去审定"]
    assert offered("hrb", "P-000") == ["退回复核", "去审定"]
    assert offered("mgr", "P-000") == []
    assert offered("hrh", "P-001") == ["撤销", "答复并重新提交"]


def test_the_person_himself_sees_it_when_it_is_shown(stage: Stage) -> None:
    address = f"/grade-decisions/{stage.case('M-CD1').pk}/"
    person = stage.browser("cm")
    assert person.get("/grade-decisions/").status_code == 403
    assert person.get(address).status_code == 404
    GradeDecision.objects.filter(pk=stage.case("M-CD1").pk).update(state="served")
    assert "已送达" in person.get(address).content.decode()


# --- rounds ---------------------------------------------------------------------------------------------------------------
def test_closing_waits_for_everything(stage: Stage) -> None:
    browser, address = stage.browser("hrh"), f"/grading-rounds/{stage.round.pk}/close/"
    assert "还有 7 项没有办完" in browser.get(address).content.decode()
    refused = browser.post(address)
    assert refused.status_code == 422
    assert stage.round.state == "review"
    GradeDecision.objects.update(state="withdrawn")
    assert browser.post(address).status_code == 302
    assert stage.round.state == "closed"
    assert stage.browser("mgr").get(address).status_code == 403


def test_how_far_each_unit_has_come(stage: Stage) -> None:
    stage.take("P-000", decision_approve, "mgr")
    stage.take("P-001", decision_return, "mgr", "请核对")
    text = stage.browser("hrh").get(f"/grading-rounds/{stage.round.pk}/").content.decode()
    address = f"/grade-decisions/?cycle={stage.round.cycle_id}&amp;unit=CD"
    for words in (
        "5 项", "待复核 4", f'href="{address}"', f'href="{address}&amp;state=in_review">待复核 3</a>',
        f'href="{address}&amp;state=returned">已退回 1</a>', f'href="{address}&amp;state=reviewed">待审定 1</a>', "城西支行", "浦东支行",
    ):  # fmt: skip
        assert words in text, words
    # A supervisor is told of his own unit only.
    own = stage.browser("mgr").get(f"/grading-rounds/{stage.round.pk}/").content.decode()
    assert "城东支行" in own
    assert "浦东支行" not in own
    assert "提交复核" not in own.split("page-actions")[1].split("</div>")[0]


def test_the_list_of_rounds_counts_what_its_reader_may_see(stage: Stage) -> None:
    def counts(who: str) -> list[str]:
        cells = stage.browser(who).get("/grading-rounds/").context["page"].rows[0]["cells"]
        return [cell["text"] for cell in cells[3:6]]

    assert counts("hrh") == ["5", "7", "7"]
    assert counts("mgr") == ["4", "5", "5"]


def test_days_are_suggested_on_the_working_calendar() -> None:
    """From Monday 2026-03-02: five days to Monday 9, then three to confirm, five of notice, and the day after."""
    found = days_suggested(GradingRound(), timezone.datetime(2026, 3, 2).date())
    assert (found["review_due_on"].isoformat(), found["effective_on"].isoformat()) == (
        "2026-03-09",
        "2026-03-20",
    )


def test_the_parts_of_a_bar_fill_it() -> None:
    parts = bar_of([{"n": 3, "tone": "warn"}, {"n": 1, "tone": "up"}], 4)
    assert parts == [
        {"x": "0.00", "width": "90.00", "tone": "warn"}, {"x": "90.00", "width": "30.00", "tone": "up"},
    ]  # fmt: skip


# --- to-dos and the desk ----------------------------------------------------------------------------------------------------
def test_what_waits_for_a_supervisor(stage: Stage) -> None:
    today, actor = timezone.localdate(), stage.user("mgr")
    with CaptureQueriesContext(connection) as asked:
        assert REVIEWING.count(actor, today) == 5
    assert len(asked) == 2  # the grants of the actor, and the count
    with CaptureQueriesContext(connection) as asked:
        items = REVIEWING.items(actor, today, 10)
    assert len(asked) == 1
    assert [item.title for item in items] == [
        "陈思远 中级 → 初级", "林若水 初级 → 中级", "宋明哲 初级 → 中级", "何雨桐 初级 → 中级", "王雅琴 保持 高级",
    ]  # fmt: skip
    # In place only where nothing speaks against deciding without looking.
    assert [item.in_place is not None for item in items] == [False, True, True, True, False]
    assert items[0].due_on == stage.round.review_due_on
    assert items[1].url == f"/grade-review/?case={stage.case('P-000').pk}"


def test_approving_in_place_comes_back_to_the_to_dos(stage: Stage) -> None:
    browser = stage.browser("mgr")
    [row] = [
        row for row in browser.get("/inbox/").context["page"]["rows"] if row["title"] == "林若水 初级 → 中级"
    ]
    answer = browser.post(row["form"]["url"], dict(row["form"]["fields"]))
    assert answer["Location"].startswith("/inbox/")
    assert stage.case("P-000").state == "reviewed"
    assert "林若水" not in [row["title"].split()[0] for row in browser.get("/inbox/").context["page"]["rows"]]
    done = REVIEWING.done(stage.user("mgr"), timezone.localdate(), 10)
    assert [(item.title, item.detail, item.state) for item in done] == [
        ("林若水 初级 → 中级", "通过", "待审定")
    ]


def test_what_was_handed_on_is_followed(stage: Stage) -> None:
    stage.take("P-000", decision_delegate, "mgr", "出差", assignee_id=stage.user("mgr2").pk)
    [begun] = REVIEWING.begun(stage.user("mgr"), timezone.localdate(), 10)
    assert (begun.title, begun.detail) == ("林若水 初级 → 中级", "转办给 何平")


def test_what_waits_for_human_resources(stage: Stage) -> None:
    stage.take("P-000", decision_approve, "mgr")
    stage.take("P-001", decision_return, "mgr", "请核对")
    today, actor = timezone.localdate(), stage.user("hrh")
    assert (CONFIRMING.count(actor, today), ANSWERING.count(actor, today)) == (1, 1)
    assert CONFIRMING.items(actor, today, 10)[0].in_place.label == "审定"
    assert ANSWERING.items(actor, today, 10)[0].title == "宋明哲 被退回，待答复"
    # Shanghai has nothing of Beijing.
    RoleGrant.objects.filter(user=stage.user("hrb")).update(unit=stage.cast.units["SH"])
    assert CONFIRMING.count(stage.user("hrb"), today) == 0


def test_the_desk_says_how_many_wait_and_until_when(stage: Stage) -> None:
    tiles = {tile["title"]: tile["html"] for tile in stage.browser("mgr").get("/").context["page"]["tiles"]}
    assert 'href="/grade-review/"' in tiles["待我复核"]
    assert "剩 5 个工作日" in tiles["待我复核"]
    assert "待我审定" not in tiles


# --- what it costs --------------------------------------------------------------------------------------------------------
def cost(browser: Browser, address: str) -> int:
    """Queries of the second request: the first one of a process reads the scheme's document, which is then kept."""
    browser.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    ("who", "address", "most"),
    [
        ("mgr", "/grade-review/", 45),
        ("mgr", "/grade-review/?tab=all", 45),
        ("hrh", "/grade-confirm/", 45),
        ("hrh", "/grade-decisions/?size=50", 30),
        ("hrh", "/grade-decisions/export.csv", 15),
        ("hrh", "/grading-rounds/", 25),
        ("mgr", "/", 70),
        ("mgr", "/inbox/", 40),
    ],
)
def test_the_same_for_few_and_for_many(stage: Stage, who: str, address: str, most: int) -> None:
    stage.take("P-000", decision_approve, "mgr")
    browser = stage.browser(who)
    few = cost(browser, address)
    more(stage, 30, start=3)
    now, today = timezone.now(), timezone.localdate()
    ids = list(
        GradeDecision.objects.filter(manager__employee_no__gte="P-015", state="in_review").values_list(
            "pk", flat=True
        )
    )
    GradeDecision.objects.filter(pk__in=ids).update(state="reviewed", reviewed_by=stage.user("mgr"))
    DecisionStep.objects.bulk_create(
        DecisionStep(decision_id=pk, verb="approve", level="review", actor_name="李敏（mgr）", from_state="in_review",
                     to_state="reviewed", at=now)
        for pk in ids
    )  # fmt: skip
    assert today
    assert cost(browser, address) == few <= most


def test_a_case_with_a_long_history(stage: Stage) -> None:
    stage.take("P-000", decision_approve, "mgr")
    case = stage.case("P-000")
    for address in (
        f"/grade-decisions/{case.pk}/",
        f"/grade-confirm/?case={case.pk}",
        f"/grading-rounds/{stage.round.pk}/",
    ):
        browser = stage.browser("hrh")
        few = cost(browser, address)
        DecisionStep.objects.bulk_create(
            DecisionStep(decision=case, verb="delegate", actor_name="李敏（mgr）", from_state="in_review",
                         to_state="in_review", at=timezone.now())
            for _n in range(30)
        )  # fmt: skip
        assert cost(browser, address) == few <= 45


def test_a_preview_of_many(stage: Stage) -> None:
    more(stage, 20, start=3)
    ids = list(
        GradeDecision.objects.filter(manager__employee_no__startswith="P-").values_list("pk", flat=True)
    )
    browser = stage.browser("mgr")
    one = cost(browser, f"/grade-review/batch/?selected={ids[0]}")
    assert cost(browser, "/grade-review/batch/?" + "&".join(f"selected={pk}" for pk in ids)) == one <= 20


def test_confirmed_and_withdrawn_leave_the_queues(stage: Stage) -> None:
    stage.take("P-000", decision_approve, "mgr")
    stage.take("P-001", decision_approve, "mgr")
    stage.take("P-000", decision_confirm, "hrh")
    stage.take("P-001", decision_withdraw, "hrh", "调离")
    assert CONFIRMING.count(stage.user("hrh"), timezone.localdate()) == 0
