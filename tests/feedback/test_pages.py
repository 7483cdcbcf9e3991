"""Pages: one's own grade, signing, the refusal, the talk, and the list of who is waited for."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from appraisal.feedback.models import FeedbackInterview, SheetAcknowledgement
from appraisal.grading.models import GradeDecision
from appraisal.scoring.models import ScoreSheet
from cmsys.accounts.models import User
from managers.profiles.models import GradeCause
from managers.profiles.services.managers import grade_begin
from tests.appraisal_pages.graded import graded
from tests.cast import STAGE, Cast
from tests.decisions.world import Proposals

pytestmark = pytest.mark.django_db


def sheet(proposals: Proposals, number: str = "M-CD1") -> ScoreSheet:
    found: ScoreSheet = ScoreSheet.objects.get(cycle=proposals.cycle, manager__employee_no=number)
    return found


def text(answer: Any) -> str:
    """What a reader sees, without tags and with single blanks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def browser_of(user: User) -> Browser:
    browser = Browser()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


# --- one's own grade ----------------------------------------------------------------------------------------------------
def test_before_any_result_it_says_what_will_come(cast: Cast, signed_in: Any) -> None:
    page = text(signed_in("cm").get("/my-grade/"))
    assert "中级客户经理" in page
    assert "您还没有考核结果" in page


def test_an_account_without_a_file_is_told_so(cast: Cast, signed_in: Any) -> None:
    User.objects.filter(username="cm").update(employee_no="M-NONE")
    assert "没有与您账号工号相同的客户经理档案" in text(signed_in("cm").get("/my-grade/"))


def test_what_is_being_decided_is_not_shown_before_there_is_a_result(
    submitted: Proposals, signed_in: Any
) -> None:
    case = submitted.case("M-CD1")
    case.at(kind="promotion", grade=submitted.cast.grades["SENIOR"])
    for state in ("in_review", "returned", "reviewed", "confirmed"):
        case.at(state=state)
        assert signed_in("cm").get("/my-grade/").context["page"]["decisions"] == []
    case.at(state="on_notice")
    [row] = signed_in("cm").get("/my-grade/").context["page"]["decisions"]
    assert (row["period"], row["kind"], row["state"], row["before"], row["after"]) == (
        "2025Q4", "晋升", "公示中", "中级客户经理", "高级客户经理",
    )  # fmt: skip
    assert row["appeal_url"] == f"/grade-decisions/{case.pk}/appeal/"
    assert row["url"] == f"/grade-decisions/{case.pk}/"


def test_scores_the_deadline_and_the_signature_stand_on_one_page(
    submitted: Proposals, signed_in: Any
) -> None:
    answer = signed_in("cm").get("/my-grade/")
    result = answer.context["page"]["result"]
    # 2400 of 3000 and 0.5 % overdue: 0.7 × 80 + 0.3 × 100; superiors said 70 and 70.
    assert [(f["label"], f["value"]) for f in result["figures"]] == [
        ("能力", "70.00"),
        ("绩效", "86.00"),
        ("综合", "78.00"),
        ("矩阵位置", "低能高绩"),
    ]
    assert "请签收 2025Q4 考核表 2026-03-09 前" in text(answer)
    assert "未签" in text(answer)


def test_what_is_missing_for_the_next_grade_is_said_rule_by_rule(cast: Cast, zhao: User) -> None:
    """赵立群 in 2025Q3: performance 87.40 for one period where two are asked, eleven months where twelve are."""
    graded(cast, records=False)
    ScoreSheet.objects.filter(cycle__period="2025Q4").delete()
    page = browser_of(zhao).get("/my-grade/").context["page"]
    [missing] = page["result"]["missing"]
    assert missing.title == "晋升为中级"
    unmet = {condition.text: (condition.own, condition.outcome) for condition in missing.conditions}
    assert unmet["任现等级月数 ≥ 12"] == ("11", "不满足")
    assert not page["result"]["reached"]


def test_history_trend_and_registered_cards(cast: Cast, zhao: User) -> None:
    graded(cast, records=False)
    manager = cast.managers["M-CX1"]
    grade_begin(
        actor=STAGE, manager_id=manager.pk, grade=cast.grades["MIDDLE"], starts_on=date(2026, 1, 1),
        cause=GradeCause.CORRECTION, note="文号 1",
    )  # fmt: skip
    page = browser_of(zhao).get("/my-grade/").context["page"]
    assert (page["grade"], str(page["since"])) == ("中级客户经理", "2026-01-01")
    assert [record.grade.name for record in page["records"]] == ["中级客户经理", "初级客户经理"]
    assert page["result"]["chart"].categories == ("2025Q3", "2025Q4")
    assert page["result"]["reached"]


def costs(browser: Browser, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def test_the_page_costs_the_same_for_one_cycle_and_for_many_answers(
    submitted: Proposals, signed_in: Any
) -> None:
    browser, one = signed_in("cm"), sheet(submitted)
    browser.get("/my-grade/")
    SheetAcknowledgement.objects.create(
        sheet=one, digest="old", outcome="signed", by=submitted.user("cm"), at=one.updated_at
    )
    few = costs(browser, "/my-grade/")
    for n in range(30):
        SheetAcknowledgement.objects.create(
            sheet=one, digest=f"old {n}", outcome="signed", by=submitted.user("cm"), at=one.updated_at
        )
    assert costs(browser, "/my-grade/") == few <= 25


# --- signing ------------------------------------------------------------------------------------------------------------
def test_signed_on_the_page_with_the_whole_sheet_above(submitted: Proposals, signed_in: Any) -> None:
    one, browser = sheet(submitted), signed_in("cm")
    address = f"/score-sheets/{one.pk}/sign/"
    assert "销售额" in text(browser.get(address))
    assert browser.post(address, {"digest": one.digest}).status_code == 422
    objected = browser.post(address, {"digest": one.digest, "outcome": "objected", "remark": ""})
    assert (objected.status_code, "请写明您对考核表的异议" in text(objected)) == (422, True)
    assert browser.post(address, {"digest": "x", "outcome": "signed"}).status_code == 409
    assert not SheetAcknowledgement.objects.exists()
    done = browser.post(address, {"digest": one.digest, "outcome": "signed"})
    assert (done.status_code, done["Location"]) == (302, "/my-grade/")
    assert "这一版考核表已经签收：已签字" in text(browser.get(address))
    assert "请签收" not in text(browser.get("/my-grade/"))
    assert "已签字" in text(signed_in("mgr").get(f"/score-sheets/{one.pk}/"))


def test_anothers_sheet_cannot_be_signed(submitted: Proposals, signed_in: Any) -> None:
    other = sheet(submitted, "M-CD2")
    answer = signed_in("cm").post(
        f"/score-sheets/{other.pk}/sign/", {"digest": other.digest, "outcome": "signed"}
    )
    assert answer.status_code == 404
    assert signed_in("mgr").get(f"/score-sheets/{other.pk}/sign/").status_code == 403


def test_a_refusal_is_recorded_on_the_page(submitted: Proposals, signed_in: Any) -> None:
    one, browser = sheet(submitted), signed_in("mgr")
    address = f"/score-sheets/{one.pk}/refusal/"
    body = {
        "digest": one.digest,
        "remark": "当面送签，本人拒绝",
        "witness": "冯分行",
        "second_witness": "没有这个人",
    }
    wrong = browser.post(address, body)
    assert (wrong.status_code, "没有工号、账号或姓名为“没有这个人”的启用账号" in text(wrong)) == (422, True)
    done = browser.post(address, body | {"second_witness": "trn"})
    assert done["Location"] == f"/score-sheets/{one.pk}/"
    page = text(browser.get(f"/score-sheets/{one.pk}/"))
    assert "拒绝签字" in page
    assert "李敏 登记，见证人：冯分行、韩培训" in page
    assert "登记拒绝签字" not in page


# --- the talk -----------------------------------------------------------------------------------------------------------
def test_a_talk_is_written_and_confirmed_on_the_pages(submitted: Proposals, signed_in: Any) -> None:
    one, browser = sheet(submitted), signed_in("mgr")
    body = {"version": "", "held_on": "2026-03-03", "strengths": "稳健", "actions": "考取 AFP"}
    assert browser.post(f"/score-sheets/{one.pk}/interview/", body)["Location"] == f"/score-sheets/{one.pk}/"
    row = FeedbackInterview.objects.get()
    own = signed_in("cm")
    assert "李敏 记录了 2026-03-03 的面谈。" in text(own.get("/my-grade/"))
    address = f"/feedback-interviews/{row.pk}/sign/"
    assert "考取 AFP" in text(own.get(address))
    assert own.post(address, {"version": "x"}).status_code == 409
    assert (
        own.post(address, {"version": row.updated_at.isoformat(), "remark": "同意"})["Location"]
        == "/my-grade/"
    )
    row.refresh_from_db()
    assert (row.signed_at is not None, row.remark) == (True, "同意")
    assert signed_in("mgr").get(address).status_code == 403


# --- the list -----------------------------------------------------------------------------------------------------------
def listed(browser: Browser, query: str = "") -> list[tuple[str, str, str]]:
    rows = browser.get(f"/acknowledgements/?{query}").context["page"].rows
    return [tuple(row["cells"][place]["text"] for place in (0, 3, 5)) for row in rows]


def test_the_list_says_who_is_waited_for(submitted: Proposals, signed_in: Any) -> None:
    one = sheet(submitted)
    SheetAcknowledgement.objects.create(
        sheet=one, digest=one.digest, outcome="signed", by=submitted.user("cm"), at=one.updated_at
    )
    signed_in("mgr").post(
        f"/score-sheets/{sheet(submitted, 'M-CD2').pk}/interview/",
        {"version": "", "held_on": "2026-03-03", "strengths": "稳健", "actions": "考取 AFP"},
    )
    browser = signed_in("mgr")
    assert sorted(listed(browser)) == [("王雅琴", "未签", "待本人确认"), ("陈思远", "已签字", "未面谈")]
    assert listed(browser, "signature=open") == [("王雅琴", "未签", "待本人确认")]
    assert listed(browser, "signature=signed") == [("陈思远", "已签字", "未面谈")]
    assert listed(browser, "talk=none") == [("陈思远", "已签字", "未面谈")]
    assert listed(browser, "talk=written") == [("王雅琴", "未签", "待本人确认")]
    assert listed(browser, "talk=signed") == []
    assert len(listed(signed_in("hrb"))) == 3
    assert len(listed(signed_in("hrh"))) == 4
    ScoreSheet.objects.filter(pk=one.pk).update(digest="another")
    assert ("陈思远", "原签字已作废", "未面谈") in listed(browser, "signature=open")
    assert ("陈思远", "原签字已作废", "未面谈") in listed(browser, "signature=void")


def test_the_list_leads_to_the_sheet_and_is_exported_by_human_resources(
    submitted: Proposals, signed_in: Any
) -> None:
    page = signed_in("hrb").get("/acknowledgements/?q=陈思远").context["page"]
    assert page.rows[0]["url"] == f"/score-sheets/{sheet(submitted).pk}/"
    file = signed_in("hrb").get("/acknowledgements/export.csv")
    assert "陈思远" in b"".join(file).decode("utf-8-sig")
    assert signed_in("mgr").get("/acknowledgements/export.csv").status_code == 403
    assert signed_in("mgr").get("/acknowledgements/").context["page"].exports == []


def test_the_list_costs_the_same_however_many_answers(submitted: Proposals, signed_in: Any) -> None:
    browser = signed_in("hrh")
    browser.get("/acknowledgements/")
    none = costs(browser, "/acknowledgements/")
    for number in ("M-CD1", "M-CD2", "M-CX1", "M-PD1"):
        one = sheet(submitted, number)
        for version in (one.digest, "old"):
            SheetAcknowledgement.objects.create(
                sheet=one, digest=version, outcome="signed", by=submitted.user("cm"), at=one.updated_at
            )
    assert costs(browser, "/acknowledgements/") == none <= 25


def test_a_reviewer_sees_on_the_decision_whether_the_sheet_was_signed(
    submitted: Proposals, signed_in: Any
) -> None:
    decision = GradeDecision.objects.get(sheet=sheet(submitted))
    page = text(signed_in("mgr").get(f"/grade-decisions/{decision.pk}/"))
    assert "考核表未签收不影响复核和审定" in page
