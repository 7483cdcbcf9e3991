"""等级复核 and 等级审定 as their readers get them: who stands in the queue, what can be done with a case, what it leads to."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone

from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.queues import CONFIRM, REVIEW, days_left, due_said, in_hand
from appraisal.grading.services.review import decision_approve, decision_delegate, decision_return
from cmsys.audit.models import Event
from cmsys.org.models import Deputyship
from managers.conduct.models import InterestDeclaration
from tests.decisions_pages.stage import Stage

pytestmark = pytest.mark.django_db


def names(answer: Any) -> list[str]:
    return [row.name for row in answer.context["queue"].rows]


def tabs(answer: Any) -> dict[str, int]:
    return {str(tab["label"]): tab["count"] for tab in answer.context["queue"].tabs}


def send(browser: Browser, stage: Stage, number: str, verb: str, **values: Any) -> Any:
    """The form of the page, filled in and sent."""
    decision = stage.case(number)
    given = {
        "nonce": str(uuid4()),
        "version": decision.updated_at.isoformat(),
        "then": "review",
        "tab": "changes",
    }
    return browser.post(f"/grade-decisions/{decision.pk}/{verb}/", given | values)


def said(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


# --- the queue ------------------------------------------------------------------------------------------------------------
def test_the_queue_of_a_supervisor(stage: Stage) -> None:
    answer = stage.browser("mgr").get("/grade-review/")
    # The demotion first, then promotions by name.
    assert names(answer) == ["陈思远", "林若水", "宋明哲", "何雨桐"]
    assert tabs(answer) == {"变更": 4, "保持": 1, "全部": 5, "已转出": 0, "已退回": 0}
    row = answer.context["queue"].rows[0]
    assert (row.change, row.tone, row.clear) == ("中级 → 初级", "down", False)
    assert row.why == "连续 2 期绩效得分 < 60"
    assert [row.clear for row in answer.context["queue"].rows[1:]] == [True, True, True]
    assert answer.context["case"].name == "陈思远"
    assert "剩 5 个工作日" in answer.content.decode()


def test_the_other_tabs(stage: Stage) -> None:
    browser = stage.browser("mgr")
    stage.take("P-000", decision_return, "mgr", "请核对")
    stage.take("P-001", decision_delegate, "mgr", "出差", assignee_id=stage.user("mgr2").pk)
    assert names(browser.get("/grade-review/?tab=returned")) == ["林若水"]
    assert names(browser.get("/grade-review/?tab=handed")) == ["宋明哲"]
    assert names(browser.get("/grade-review/?tab=holds")) == ["王雅琴"]
    # What was handed on does not wait for the one who handed it, and does for the other.
    assert names(browser.get("/grade-review/")) == ["陈思远", "何雨桐"]
    handed = stage.browser("mgr2").get("/grade-review/")
    assert names(handed) == ["宋明哲", "赵立群"]
    assert handed.context["queue"].rows[0].marks == (("转办给 何平", "info"),)


def test_nobody_is_asked_about_himself_or_a_relative(stage: Stage) -> None:
    supervisor = stage.user("mgr")
    supervisor.employee_no = "P-001"
    supervisor.save()
    InterestDeclaration.objects.create(
        declarant=supervisor, manager=stage.case("P-002").manager, kind="spouse", starts_on=date(2026, 1, 1)
    )
    browser = stage.browser("mgr")
    assert names(browser.get("/grade-review/")) == ["陈思远", "林若水"]
    shown = browser.get("/grade-review/?tab=all")
    marks = {row.name: row.marks for row in shown.context["queue"].rows}
    assert "宋明哲" not in marks  # his own case is nobody's business of his
    assert marks["何雨桐"] == (("须回避", "warn"),)
    opened = browser.get(f"/grade-review/?case={stage.case('P-002').pk}")
    assert "您与当事人有已申报的利害关系，须回避。" in opened.content.decode()
    assert opened.context["buttons"] == {}
    refused = send(browser, stage, "P-002", "approve")
    assert refused.status_code == 422
    assert "须回避" in refused.content.decode()
    assert stage.case("P-002").state == "in_review"


def test_whoever_reviewed_a_case_does_not_find_it_among_those_to_confirm(stage: Stage) -> None:
    stage.take("P-000", decision_approve, "mgr")
    human_resources, today = stage.user("hrh"), timezone.localdate()
    assert in_hand(human_resources, CONFIRM, today).count() == 1
    DecisionStep.objects.filter(decision=stage.case("P-000"), verb="approve").update(actor=human_resources)
    assert in_hand(human_resources, CONFIRM, today).count() == 0
    assert in_hand(stage.user("hrh2"), CONFIRM, today).count() == 1


def test_a_deputy_is_told_in_whose_place_he_acts(stage: Stage) -> None:
    today = timezone.localdate()
    Deputyship.objects.create(
        principal=stage.user("mgr"), deputy=stage.user("mgr2"), starts_on=today, ends_on=today + timedelta(days=5),
        reason="休假",
    )  # fmt: skip
    deputy = stage.browser("mgr2")
    page = deputy.get(f"/grade-review/?case={stage.case('P-000').pk}")
    assert "您代 李敏 办理" in page.content.decode()
    assert send(deputy, stage, "P-000", "approve").status_code == 302
    steps = deputy.get(f"/grade-decisions/{stage.case('P-000').pk}/").content.decode()
    assert "何平（mgr2） 代 李敏" in steps


# --- deciding -------------------------------------------------------------------------------------------------------------
def test_approving_leads_to_the_next_case(stage: Stage) -> None:
    browser, following = stage.browser("mgr"), stage.case("P-001")
    answer = send(browser, stage, "P-000", "approve", next=following.pk)
    assert answer["Location"] == f"/grade-review/?tab=changes&case={following.pk}#case"
    decision = stage.case("P-000")
    assert (decision.state, decision.reviewed_by_id) == ("reviewed", stage.user("mgr").pk)
    page = browser.get(answer["Location"])
    assert said(page) == ["已通过：林若水 初级 → 中级，转人力资源审定。"]
    assert page.context["case"].name == "宋明哲"


def test_the_next_case_is_only_offered_while_it_waits(stage: Stage) -> None:
    following = stage.case("P-001").pk
    stage.take("P-001", decision_approve, "mgrbj")
    answer = send(stage.browser("mgr"), stage, "P-000", "approve", next=following)
    assert answer["Location"] == "/grade-review/?tab=changes"


def test_the_same_form_twice_is_one_effect(stage: Stage) -> None:
    browser, nonce, version = stage.browser("mgr"), str(uuid4()), stage.case("P-000").updated_at.isoformat()
    for _time in range(2):
        answer = send(browser, stage, "P-000", "approve", nonce=nonce, version=version)
        assert answer.status_code == 302
    assert DecisionStep.objects.filter(decision=stage.case("P-000"), verb="approve").count() == 1
    assert Event.objects.filter(kind="decision.approve", object_id=str(stage.case("P-000").pk)).count() == 1
    assert "这份表单已经提交过，没有重复办理。" in said(browser.get("/grade-review/"))


def test_whoever_comes_too_late_is_told_who_was_first(stage: Stage) -> None:
    version = stage.case("P-000").updated_at.isoformat()
    stage.take("P-000", decision_approve, "mgrbj")
    late = send(stage.browser("mgr"), stage, "P-000", "approve", version=version)
    assert late.status_code == 409
    text = late.content.decode()
    assert re.search(r"许行长（mgrbj） 已于 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d 处理，现在是“待审定”", text)
    assert stage.case("P-000").reviewed_by_id == stage.user("mgrbj").pk


def test_a_page_that_is_out_of_date_decides_nothing(stage: Stage) -> None:
    version = stage.case("P-000").updated_at.isoformat()
    stage.take("P-000", decision_delegate, "mgrbj", "请李敏办理", assignee_id=stage.user("mgr").pk)
    late = send(stage.browser("mgr"), stage, "P-000", "approve", version=version)
    assert late.status_code == 409
    assert "许行长" in late.content.decode()
    assert stage.case("P-000").state == "in_review"


def test_a_return_needs_words(stage: Stage) -> None:
    browser = stage.browser("mgr")
    refused = send(browser, stage, "P-000", "return", reason="  ")
    assert refused.status_code == 422
    assert "请写明理由，当事人和后续办理人都能看到。" in refused.content.decode()
    assert stage.case("P-000").state == "in_review"
    assert send(browser, stage, "P-000", "return", reason="销售额少计一笔").status_code == 302
    assert stage.case("P-000").state == "returned"


def test_amending_takes_a_grade_and_words(stage: Stage) -> None:
    browser = stage.browser("mgr")
    page = browser.get(f"/grade-decisions/{stage.case('P-000').pk}/amend/")
    # Every grade of the scheme but the one that is proposed.
    codes = list(page.context["page"].form.fields["grade"].queryset.values_list("code", flat=True))
    assert codes == ["JUNIOR", "SENIOR"]
    refused = send(browser, stage, "P-000", "amend", reason="表现突出")
    assert refused.status_code == 422
    assert "请选择调整后的等级。" in refused.content.decode()
    too_far = send(browser, stage, "P-000", "amend", grade="SENIOR", reason="表现突出")
    assert too_far.status_code == 422
    assert "超过一级" in too_far.content.decode()
    assert stage.case("P-000").grade.code == "MIDDLE"
    assert send(browser, stage, "P-000", "amend", grade="JUNIOR", reason="任职时间尚短").status_code == 302
    decision = stage.case("P-000")
    assert (decision.state, decision.kind, decision.grade.code) == ("reviewed", "hold", "JUNIOR")
    text = browser.get(f"/grade-decisions/{decision.pk}/").content.decode()
    assert "建议晋升为中级客户经理" in text
    assert "任职时间尚短" in text
    assert "调整后通过：中级客户经理 → 初级客户经理" in text


def test_delegating_offers_those_who_review(stage: Stage) -> None:
    browser = stage.browser("mgr")
    page = browser.get(f"/grade-decisions/{stage.case('P-000').pk}/delegate/")
    labels = [str(label) for _value, label in page.context["page"].form.fields["assignee"].choices]
    assert labels == ["请选择", "何平 · 城西支行", "许行长 · 北京分行"]
    answer = send(browser, stage, "P-000", "delegate", assignee=stage.user("mgr2").pk, reason="出差")
    assert answer.status_code == 302
    assert stage.case("P-000").assignee_id == stage.user("mgr2").pk
    assert "转办：何平（mgr2）" in browser.get(f"/grade-decisions/{stage.case('P-000').pk}/").content.decode()
    wrong = send(browser, stage, "P-001", "delegate", assignee=stage.user("hrh").pk, reason="出差")
    assert wrong.status_code == 422
    assert stage.case("P-001").assignee_id is None


def test_a_flagged_case_is_approved_behind_its_flags(stage: Stage) -> None:
    """One click is for clear cases; a demotion shows what speaks for looking twice."""
    browser = stage.browser("mgr")
    clear = browser.get(f"/grade-review/?case={stage.case('P-000').pk}")
    assert clear.context["at_once"]
    flagged = browser.get(f"/grade-review/?case={stage.case('M-CD1').pk}")
    assert not flagged.context["at_once"]
    assert "建议降级，须逐人办理。" in flagged.content.decode()


def test_a_page_of_an_act_in_another_state_says_who_was_first(stage: Stage) -> None:
    stage.take("P-000", decision_approve, "mgr")
    answer = stage.browser("mgr").get(f"/grade-decisions/{stage.case('P-000').pk}/return/")
    assert answer.status_code == 409
    assert "李敏（mgr）" in answer.content.decode()


def test_out_of_scope_and_without_the_function(stage: Stage) -> None:
    far, browser = stage.case("M-CX1"), stage.browser("mgr")
    assert browser.get(f"/grade-review/?case={far.pk}").status_code == 404
    assert browser.get("/grade-review/?case=abc").status_code == 404
    assert browser.get(f"/grade-review/?case={10**30}").status_code == 404
    assert send(browser, stage, "M-CX1", "approve").status_code == 404
    assert send(browser, stage, "M-CX1", "return", reason="").status_code == 404
    assert stage.browser("hrh").get("/grade-review/").status_code == 403
    assert browser.get("/grade-confirm/").status_code == 403
    assert send(stage.browser("hrh"), stage, "P-000", "approve").status_code == 403
    assert stage.case("M-CX1").state == stage.case("P-000").state == "in_review"


# --- the second level -----------------------------------------------------------------------------------------------------
def test_human_resources_confirm_send_back_and_answer(stage: Stage) -> None:
    for number in ("P-000", "P-001"):
        stage.take(number, decision_approve, "mgr")
    stage.take("P-002", decision_return, "mgr", "请核对")
    browser = stage.browser("hrh")
    page = browser.get("/grade-confirm/")
    assert (names(page), tabs(page)) == (["林若水", "宋明哲"], {"变更": 2, "保持": 0, "全部": 2, "待答复": 1})
    confirmed = send(browser, stage, "P-000", "confirm", then="confirm", next=stage.case("P-001").pk)
    assert confirmed["Location"] == f"/grade-confirm/?tab=changes&case={stage.case('P-001').pk}#case"
    assert stage.case("P-000").confirmed_by_id == stage.user("hrh").pk
    send(browser, stage, "P-001", "send-back", reason="尺度不一")
    assert stage.case("P-001").state == "in_review"
    returned = browser.get("/grade-confirm/?tab=returned")
    assert list(returned.context["buttons"]) == ["resubmit", "withdraw"]
    send(browser, stage, "P-002", "resubmit", reason="已核对，数据无误。")
    assert stage.case("P-002").state == "in_review"
    # From the case's own page it leads back there.
    answer = send(browser, stage, "P-000", "withdraw", reason="本人已调离。", then="", tab="")
    assert answer["Location"] == f"/grade-decisions/{stage.case('P-000').pk}/"
    assert stage.case("P-000").state == "withdrawn"


def test_only_head_office_withdraws(stage: Stage) -> None:
    stage.take("P-000", decision_approve, "mgr")
    branch = stage.browser("hrb")
    page = branch.get(f"/grade-confirm/?case={stage.case('P-000').pk}")
    assert list(page.context["buttons"]) == ["confirm", "send_back"]
    assert send(branch, stage, "P-000", "withdraw", reason="本人已调离。").status_code == 403


# --- many at once ---------------------------------------------------------------------------------------------------------
def test_several_clear_cases_together(stage: Stage) -> None:
    browser = stage.browser("mgr")
    picked = [stage.case(number).pk for number in ("P-000", "P-001", "M-CD1", "M-CX1")]
    preview = browser.get("/grade-review/batch/", {"selected": picked})
    assert [item["decision"].manager.name for item in preview.context["going"]] == ["林若水", "宋明哲"]
    assert preview.context["effects"] == ["晋升 2 人。", "转人力资源审定，原系统建议不变。"]
    assert preview.context["stays"] == 2
    body = {
        "nonce": preview.context["nonce"],
        "selected": [item["value"] for item in preview.context["going"]],
    }
    for _time in range(2):
        assert browser.post("/grade-review/batch/", body)["Location"] == "/grade-review/"
    assert {stage.case(number).state for number in ("P-000", "P-001")} == {"reviewed"}
    assert {stage.case(number).state for number in ("M-CD1", "M-CX1")} == {"in_review"}
    steps = DecisionStep.objects.filter(verb="approve", decision__in=picked)
    assert steps.count() == 2


def test_a_case_that_moved_meanwhile_stays_and_is_named(stage: Stage) -> None:
    browser = stage.browser("mgr")
    picked = [stage.case(number).pk for number in ("P-000", "P-001")]
    preview = browser.get("/grade-review/batch/", {"selected": picked})
    stage.take("P-001", decision_return, "mgrbj", "请核对")
    body = {
        "nonce": preview.context["nonce"],
        "selected": [item["value"] for item in preview.context["going"]],
    }
    browser.post("/grade-review/batch/", body)
    told = said(browser.get("/grade-review/"))
    assert told[0] == "已通过 1 项。"
    assert told[1].startswith("1 项没有办理：宋明哲：")
    assert (stage.case("P-000").state, stage.case("P-001").state) == ("reviewed", "returned")


def test_nothing_picked_or_rubbish(stage: Stage) -> None:
    browser = stage.browser("mgr")
    empty = browser.post(
        "/grade-review/batch/", {"nonce": "n", "selected": ["abc", "12345678901234567890123"]}
    )
    assert empty.status_code == 200
    assert "没有可以批量办理的事项" in empty.content.decode()


def test_what_is_confirmed_together(stage: Stage) -> None:
    for number in ("P-000", "P-001"):
        stage.take(number, decision_approve, "mgr")
    browser = stage.browser("hrh")
    preview = browser.get(
        "/grade-confirm/batch/", {"selected": [stage.case(n).pk for n in ("P-000", "P-001")]}
    )
    assert preview.context["effects"] == ["晋升 2 人。", "晋升进入公示，保持的到生效日生效。"]
    browser.post("/grade-confirm/batch/", {
        "nonce": preview.context["nonce"], "selected": [item["value"] for item in preview.context["going"]],
    })  # fmt: skip
    assert GradeDecision.objects.filter(state="confirmed").count() == 2


# --- days -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("due", "today", "left", "text", "tone"),
    [
        (date(2026, 3, 6), date(2026, 3, 2), 4, "剩 4 个工作日", ""),
        (date(2026, 3, 4), date(2026, 3, 2), 2, "剩 2 个工作日", "warn"),
        (date(2026, 3, 2), date(2026, 3, 2), 0, "今天截止", "down"),
        # National Day 2025: the 29th and 30th of September, then the 9th of October.
        (date(2025, 10, 9), date(2025, 9, 28), 3, "剩 3 个工作日", ""),
        (date(2026, 3, 8), date(2026, 3, 6), 0, "最后一天 2026-03-08，非工作日", "down"),
        (date(2026, 2, 27), date(2026, 3, 3), -3, "逾期 3 个工作日", "down"),
        (date(2026, 3, 6), date(2026, 3, 7), 0, "已过截止日", "down"),
    ],
)  # fmt: skip
def test_days_are_counted_on_the_working_calendar(
    due: date, today: date, left: int, text: str, tone: str
) -> None:
    assert days_left(due, today) == left
    assert due_said(due, today) == (text, tone)


def test_the_queue_says_of_many_what_the_rule_says_of_one(stage: Stage) -> None:
    """Whoever is left out of the queue is refused by the service, and nobody else is."""
    supervisor, today = stage.user("mgr"), timezone.localdate()
    InterestDeclaration.objects.create(
        declarant=supervisor, manager=stage.case("P-002").manager, kind="in_law", starts_on=today - timedelta(days=3),
        ends_on=today + timedelta(days=1),
    )  # fmt: skip
    ended = {"starts_on": today - timedelta(days=3), "ends_on": today}
    InterestDeclaration.objects.create(
        declarant=supervisor, manager=stage.case("P-001").manager, kind="other", **ended
    )
    waiting = {decision.manager.employee_no for decision in in_hand(stage.user("mgr"), REVIEW, today)}
    assert waiting == {"M-CD1", "P-000", "P-001", "M-CD2"}
    browser = stage.browser("mgr")
    went = {
        number for number in ("M-CD1", "P-000", "P-001", "P-002", "M-CD2")
        if send(browser, stage, number, "approve").status_code == 302
    }  # fmt: skip
    assert went == waiting
