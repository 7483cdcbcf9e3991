"""The pages in a browser's words: buttons only for what can be done, forms, cards, costs, the agreement, the to-dos."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.scoring.models import ScoreSheet
from cmsys.inbox.items import sources_for
from managers.profiles.models import RelationshipManager
from tests.appeals.world import TOLD, Appealed

pytestmark = pytest.mark.django_db
As = Callable[[str], Browser]


def today_told(world: Appealed, number: str, state: str = "") -> GradeDecision:
    return world.told(number, timezone.localdate(), state)


def labels(answer: Any) -> list[str]:
    return [str(action.label) for action in answer.context["page"].actions]


def form_of(answer: Any, **given: str) -> dict[str, str]:
    form = answer.context["page"].form
    return {"nonce": form["nonce"].value(), "version": form["version"].value(), **given}


def test_the_person_lodges_it_the_supervisor_comments_another_answers(world: Appealed, as_person: As) -> None:
    decision = today_told(world, "M-CD1")
    cm, mgr, second = as_person("cm"), as_person("mgr"), as_person("second")
    url = reverse("appeal_lodge", args=[decision.pk])
    page = cm.get(url)
    assert "由没有办理过这项等级变更的人处理" in page.content.decode()
    sent = form_of(page, ground="data", text="少计 200 万元", wish="请更正")
    assert cm.post(url, sent | {"text": ""}).status_code == 422
    answer = cm.post(url, sent)
    appeal = GradeAppeal.objects.get()
    detail = reverse("appeals_detail", args=[appeal.pk])
    assert (answer.status_code, answer["Location"]) == (302, detail)
    # Sent once more, it is the same one.
    assert cm.post(url, sent)["Location"] == detail
    assert labels(cm.get(detail)) == ["撤回申诉"]
    assert labels(mgr.get(detail)) == ["提交说明"]
    assert labels(as_person("hrb").get(detail)) == []
    assert labels(second.get(detail)) == ["受理"]
    for browser, verb, given in (
        (mgr, "comment", {"reason": "口径不一致"}), (second, "accept", {}),
        (second, "stay", {"reason": "台账待核"}),
    ):  # fmt: skip
        act = reverse("appeal_act", args=[appeal.pk, verb])
        assert browser.post(act, form_of(browser.get(act), **given)).status_code == 302, verb
    assert labels(second.get(detail)) == ["转出", "解除暂缓", "答复"]
    assert labels(as_person("hrh").get(detail)) == ["转出"]
    shown = cm.get(detail).content.decode()
    assert "口径不一致" in shown
    assert "暂缓生效，等待答复" in shown
    act = reverse("appeal_act", args=[appeal.pk, "decide"])
    page = second.get(act)
    assert [key for key, _label in page.context["page"].form.fields["remedy"].choices] == [
        "none", "overturn", "review", "data",
    ]  # fmt: skip
    # Before its day no grade can be given: the field is not there.
    assert "grade_code" not in page.context["page"].form.fields
    given = form_of(page, outcome="upheld", remedy="overturn", reason="少计属实")
    refused = second.post(act, given | {"remedy": "none"})
    assert refused.status_code == 422
    assert "申诉成立时，须选择怎样更正" in refused.content.decode()
    assert second.post(act, given).status_code == 302
    assert "少计属实" in cm.get(detail).content.decode()
    assert GradeDecision.objects.get(pk=decision.pk).state == "withdrawn"


def test_outside_the_window_the_form_says_the_dates(world: Appealed, as_person: As) -> None:
    decision = world.told("M-CD1", timezone.localdate() - timedelta(days=40))
    cm, url = as_person("cm"), reverse("appeal_lodge", args=[decision.pk])
    answer = cm.post(url, form_of(cm.get(url), ground="data", text="a", wish="b"))
    assert answer.status_code == 422
    assert "截止，今天是" in answer.content.decode()
    assert not GradeAppeal.objects.exists()


def test_a_late_answer_is_red_and_can_be_asked_for(world: Appealed, as_person: As) -> None:
    appeal = world.lodged("M-CD1", date(2025, 9, 29))
    page = as_person("hrh").get(reverse("appeals_list"), {"overdue": "yes"}).context["page"]
    [cell] = [cell for cell in page.rows[0]["cells"] if "已逾期" in str(cell["text"])]
    assert cell["tag"] == "down"
    assert (
        as_person("hrh").get(reverse("appeals_list"), {"overdue": "yes", "q": "周"}).context["page"].rows
        == []
    )
    assert appeal.due_on < timezone.localdate()


def test_a_plan_is_drawn_up_issued_and_signed(world: Appealed, as_person: As) -> None:
    mgr, cm, today = as_person("mgr"), as_person("cm"), timezone.localdate()
    url = reverse("improvement_plan_open")
    page = mgr.get(url, {"employee_no": "M-CD1"})
    assert page.context["page"].form["employee_no"].value() == "M-CD1"
    outside = mgr.post(url, form_of(page, employee_no="M-CX1", note="a"))
    assert "您的权限范围内没有这个工号" in outside.content.decode()
    answer = mgr.post(url, form_of(page, employee_no="M-CD1", note="连续两期未完成目标"))
    plan = ImprovementPlan.objects.get()
    content = reverse("improvement_plan_write", args=[plan.pk])
    detail = reverse("improvement_plans_detail", args=[plan.pk])
    assert (answer.status_code, answer["Location"]) == (302, content)
    given = {
        "goal": "达到目标的 90%", "coach": "李敏", "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=90)).isoformat(), "m1_text": "每周拜访五户", "m1_how": "",
        "m1_due_on": today.isoformat(), "c1_on": today.isoformat(),
    }  # fmt: skip
    half = mgr.post(content, form_of(mgr.get(content), **given))
    assert half.status_code == 422
    assert list(half.context["page"].form.errors) == ["m1_how"]
    assert mgr.post(content, form_of(mgr.get(content), **given | {"m1_how": "拜访记录"})).status_code == 302
    assert labels(mgr.get(detail)) == ["拟定内容", "签字并送本人签署"]
    assert labels(cm.get(detail)) == []
    issue, sign = (reverse("improvement_plan_act", args=[plan.pk, verb]) for verb in ("issue", "sign"))
    assert mgr.post(issue, form_of(mgr.get(issue))).status_code == 302
    assert labels(cm.get(detail)) == ["签署", "改进协议 PDF"]
    assert cm.post(sign, form_of(cm.get(sign), opinion="同意")).status_code == 302
    shown = mgr.get(detail)
    assert labels(shown) == ["认定通过", "延长", "改进协议 PDF"]
    check = plan.checks.get()
    record = reverse("improvement_plan_check", args=[plan.pk, check.pk])
    assert record in shown.content.decode()
    assert record not in cm.get(detail).content.decode()
    assert mgr.post(record, form_of(mgr.get(record), progress="behind", note="只到一半")).status_code == 302
    assert "只到一半" in cm.get(detail).content.decode()


def test_a_plan_changed_meanwhile_is_not_written_over(world: Appealed, as_person: As) -> None:
    plan, mgr = world.plan(), as_person("mgr")
    url = reverse("improvement_plan_write", args=[plan.pk])
    sent = form_of(mgr.get(url), starts_on="2026-09-29", ends_on="2026-12-29")
    world.plan_do("write", plan)
    answer = mgr.post(url, sent)
    assert answer.status_code == 409
    assert "李敏（mgr）" in answer.content.decode()
    assert plan.measures.count() == 1


def test_the_agreement_on_paper(world: Appealed, as_person: As) -> None:
    plan = world.plan()
    world.plan_do("write", plan)
    url = reverse("improvement_plan_print", args=[plan.pk])
    assert as_person("mgr").get(url).status_code == 404
    world.plan_do("issue", plan)
    world.plan_do("refusal", plan)
    answer = as_person("cm").get(url)
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content == as_person("cm").get(url).content
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    for words in (
        "改进协议",
        "陈思远（M-CD1）",
        "每周拜访五户",
        "2026-10-30",
        "拒签，见证人 吴工会",
        "第 1 页 共 1 页",
    ):
        assert words in text


# --- cards ----------------------------------------------------------------------------------------------------------------
def cards(answer: Any) -> dict[str, str]:
    return {card["key"]: card["html"] for card in answer.context["page"].cards}


def test_plan_and_appeal_stand_where_people_look(world: Appealed, as_person: As) -> None:
    decision = today_told(world, "M-CD1")
    plan = world.running()
    profile = reverse("managers_detail", args=["M-CD1"])
    sheet = reverse("score_sheets_detail", args=[decision.sheet_id])
    case = reverse("grade_decisions_detail", args=[decision.pk])
    for who, url in (("mgr", profile), ("hrh", profile), ("mgr", sheet), ("cm", sheet), ("hrb", case)):
        assert reverse("improvement_plans_detail", args=[plan.pk]) in cards(as_person(who).get(url))["plans"]
    lodge = reverse("appeal_lodge", args=[decision.pk])
    assert lodge in cards(as_person("cm").get(case))["appeals"]
    assert "appeals" not in cards(as_person("mgr").get(case))
    appeal = world.lodge("M-CD1", timezone.localdate())
    assert lodge not in cards(as_person("cm").get(case))["appeals"]
    assert reverse("appeals_detail", args=[appeal.pk]) in cards(as_person("mgr").get(case))["appeals"]
    own = as_person("cm").get(reverse("my_grade")).content.decode()
    assert f'href="{reverse("appeals_detail", args=[appeal.pk])}"' in own
    assert f'href="{reverse("improvement_plans_detail", args=[plan.pk])}"' in own


def test_only_the_supervisor_is_offered_a_new_plan_and_only_one(world: Appealed, as_person: As) -> None:
    profile, new = reverse("managers_detail", args=["M-CD1"]), reverse("improvement_plan_open")
    assert new in cards(as_person("mgr").get(profile))["plans"]
    assert "plans" not in cards(as_person("hrh").get(profile))
    world.plan()
    assert new not in cards(as_person("mgr").get(profile))["plans"]


# --- what waits -----------------------------------------------------------------------------------------------------------
def waiting(world: Appealed, who: str, day: date = TOLD) -> dict[str, list[str]]:
    """Titles by source; the count says the same."""
    actor, found = world.user(who), {}
    for source in sources_for(actor):
        if source.key.startswith(("appeals", "improvement")):
            items = source.items(actor, day, 20)
            assert source.count(actor, day) == len(items)
            if items:
                found[source.key] = [item.title for item in items]
    return found


def test_what_waits_waits_for_whoever_can_do_it(world: Appealed) -> None:
    appeal = world.lodged("M-CD1")
    heard, said = (
        {"appeals_hear": ["陈思远的申诉（数据有误）"]},
        {"appeals_comment": ["陈思远的申诉（数据有误）"]},
    )
    # hrb has confirmed the decision, hrsh and chief have nothing to do with 城东.
    expected = {"hrh": heard, "second": heard, "hrb": {}, "hrsh": {}, "mgr": said, "chief": {}, "cm": {}}
    assert {who: waiting(world, who) for who in expected} == expected
    world.do("accept", appeal, "second")
    world.do("comment", appeal, "mgr")
    assert {who: waiting(world, who) for who in ("hrh", "second", "mgr")} == {
        "hrh": {},
        "second": heard,
        "mgr": {},
    }
    begun = next(source for source in sources_for(world.user("cm")) if source.key == "appeals_lodged")
    assert [item.state for item in begun.begun(world.user("cm"), TOLD, 5)] == ["办理中"]  # type: ignore[misc]


def test_a_plan_waits_for_the_one_whose_turn_it_is(world: Appealed) -> None:
    plan = world.plan()
    assert waiting(world, "mgr") == {"improvement_plans": ["陈思远的改进计划：拟定"]}
    world.plan_do("write", plan)
    world.plan_do("issue", plan)
    assert (waiting(world, "mgr"), waiting(world, "cm")) == (
        {}, {"improvement_plans_sign": ["陈思远的改进计划：签署"]},
    )  # fmt: skip
    world.plan_do("sign", plan, "cm")
    assert (waiting(world, "mgr"), waiting(world, "cm")) == ({}, {})
    assert waiting(world, "mgr", date(2026, 10, 30)) == {
        "improvement_plans": ["陈思远的改进计划：登记检查情况"]
    }
    for check in plan.checks.all():
        given = {"check_id": check.pk, "progress": "on_track", "note": "完成"}
        world.plan_do("check", plan, day=check.on, **given)
    assert waiting(world, "mgr", date(2026, 12, 29)) == {}
    assert waiting(world, "mgr", date(2026, 12, 30)) == {"improvement_plans": ["陈思远的改进计划：认定结果"]}


# --- costs ----------------------------------------------------------------------------------------------------------------
def more(world: Appealed, count: int) -> None:
    """So many more people of 城东 with an appeal lodged and a plan running each."""
    unit, cycle, now = world.cast.units["CD"], world.decided.cycle, timezone.now()
    round_ = GradingRound.objects.get(pk=world.decided.round.pk)
    for n in range(count):
        manager = RelationshipManager.objects.create(
            employee_no=f"M-N{n:02}",
            name=f"员工{n}",
            unit=unit,
            line=world.cast.line,
            hire_date=date(2020, 1, 1),
        )
        sheet = ScoreSheet.objects.create(cycle=cycle, manager=manager, unit=unit, proposal="hold")
        decision = GradeDecision.objects.create(
            round=round_, cycle=cycle, manager=manager, unit=unit, sheet=sheet, proposal="hold", kind="hold",
            state="cleared",
        )  # fmt: skip
        GradeAppeal.objects.create(
            decision=decision, ground="other", text="a", wish="b", told_on=TOLD, window_ends_on=TOLD,
            lodged_at=now, due_on=TOLD,
        )  # fmt: skip
        plan = ImprovementPlan.objects.create(
            manager=manager, cause="manual", note="a", starts_on=TOLD, ends_on=date(2026, 12, 1), due_on=TOLD,
            opened_at=now,
        )  # fmt: skip
        plan.checks.create(on=TOLD)
        plan.checks.create(on=date(2026, 10, 30))


@pytest.mark.parametrize("who", ["hrh", "mgr"])
@pytest.mark.parametrize("name", ["appeals_list", "improvement_plans_list"])
def test_a_list_costs_the_same_for_one_row_and_for_thirty(
    world: Appealed, as_person: As, name: str, who: str
) -> None:
    more(world, 1)
    browser, counts = as_person(who), []
    browser.get(reverse(name))
    for total in (1, 31):
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(reverse(name), {"size": "100"})
        assert len(answer.context["page"].rows) == total
        counts.append(len(queries))
        if total == 1:
            RelationshipManager.objects.filter(employee_no="M-N00").update(employee_no="M-ZZZ")
            more(world, 30)
    assert counts[0] == counts[1] <= 25


def test_the_to_dos_cost_the_same_for_one_row_and_for_thirty(world: Appealed) -> None:
    more(world, 1)
    counts: list[list[int]] = []
    for _round in range(2):
        costs = []
        for who in ("hrh", "mgr"):
            actor = world.user(who)
            sources = [s for s in sources_for(actor) if s.key.startswith(("appeals", "improvement"))]
            for source in sources:
                with CaptureQueriesContext(connection) as queries:
                    source.count(actor, TOLD)
                assert len(queries) <= 1
                with CaptureQueriesContext(connection) as queries:
                    source.items(actor, TOLD, 100)
                costs.append(len(queries))
        counts.append(costs)
        if not _round:
            RelationshipManager.objects.filter(employee_no="M-N00").update(employee_no="M-ZZZ")
            more(world, 30)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 2


def test_a_case_costs_the_same_however_long_its_course(world: Appealed, as_person: As) -> None:
    appeal, plan = world.hearing("M-CD1"), world.running()
    browser, counts = as_person("second"), []
    urls = [reverse("appeals_detail", args=[appeal.pk]), reverse("improvement_plans_detail", args=[plan.pk])]
    for url in urls:
        browser.get(url)
    for turn in range(2):
        for url in urls:
            with CaptureQueriesContext(connection) as queries:
                browser.get(url)
            counts.append(len(queries))
        if not turn:
            for n in range(30):
                world.do("comment", appeal, "mgr", reason=f"补充 {n}")
                plan.checks.create(on=date(2026, 10, 1) + timedelta(days=n + 90))
                plan.measures.create(position=n + 5, text="a", how="b", due_on=TOLD)
    assert counts[:2] == counts[2:]
    assert max(counts) <= 35
