"""The two levels: what each verb writes and refuses; grades, deputies, recusal, handing over, batches, forms sent twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.services.confirming import decisions_confirm_many
from appraisal.grading.services.moving import decision_move
from appraisal.grading.services.review import decisions_approve_many
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.access.roles import Role
from cmsys.accounts.services.users import user_create
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from cmsys.org.models import Deputyship
from cmsys.org.services.grants import role_grant
from cmsys.workflow.form import Form
from managers.careers.services.grades import grade_define
from managers.conduct.models import InterestDeclaration
from tests.cast import PASSWORD, STAGE, TODAY
from tests.decisions.world import EFFECTIVE, Case, Proposals
from tests.permissions.house import mark_of_rows

pytestmark = pytest.mark.django_db

LONG = "带队攻坚三个重点项目，业绩和能力都很突出"


def refuses(case: Case, field: str, said: str, verb: str, who: str, **more: Any) -> None:
    """A ValidationError at one field, and nothing written."""
    before = mark_of_rows()
    with pytest.raises(ValidationError, match=said) as refusal:
        case.do(verb, who, **more)
    assert list(refusal.value.message_dict) == [field]
    assert mark_of_rows() == before


# --- what is written -----------------------------------------------------------------------------------------------------
def test_approved_and_confirmed(case: Case) -> None:
    case.do("approve", "mgr", reason="同意")
    row = case.now
    assert (row.state, row.status, row.reviewed_by and row.reviewed_by.username) == (
        "reviewed",
        "reviewed",
        "mgr",
    )
    assert (row.moved_by, row.kind) == ("李敏（mgr）", "hold")
    case.do("confirm", "hrb")
    row = case.now
    assert (row.state, row.status, row.confirmed_by and row.confirmed_by.username) == (
        "confirmed",
        "confirmed",
        "hrb",
    )
    assert row.effective_from == EFFECTIVE, "who keeps his grade does so from the day of the round"
    steps = DecisionStep.objects.filter(decision=case.pk).order_by("pk")
    assert list(steps.values_list("verb", "level", "actor__username", "reason")) == [
        ("submit", "", "hrh", ""), ("approve", "review", "mgr", "同意"), ("confirm", "confirm", "hrb", ""),
    ]  # fmt: skip
    event = Event.objects.get(kind="decision.approve")
    assert event.before == {"state": "in_review", "reviewed_by": None}
    assert event.after == {"state": "reviewed", "reviewed_by": "李敏（mgr）"}
    assert (event.object_label, event.reason) == ("陈思远（M-CD1） DEMO 2025Q4", "同意")


def test_a_promotion_has_no_day_before_its_notice(case: Case, submitted: Proposals) -> None:
    case.at(kind="promotion", grade=submitted.cast.grades["SENIOR"]).bring_to("confirmed")
    assert case.now.effective_from is None


def test_returned_and_answered(case: Case) -> None:
    case.do("return", "mgr")
    assert (case.now.state, [flag["code"] for flag in case.now.flags]) == ("returned", ["returned"])
    case.do("resubmit", "hrh", today=date(2026, 3, 10))
    row = case.now
    assert (row.state, row.due_on) == ("in_review", date(2026, 3, 17)), "five working days again"
    case.do("approve", "mgr")
    assert case.now.state == "reviewed"


def test_sent_back_loses_its_reviewer(case: Case) -> None:
    case.bring_to("reviewed").do("send_back", "hrh")
    row = case.now
    assert (row.state, row.reviewed_by, row.due_on) == ("in_review", None, date(2026, 3, 9))


@pytest.mark.parametrize("state", ["confirmed", "on_notice", "cleared", "reviewed"])
def test_withdrawn_with_those_who_follow(case: Case, state: str, monkeypatch: Any) -> None:
    told: list[tuple[int, str]] = []
    monkeypatch.setattr(
        "appraisal.grading.voiding._followers", [lambda row, now: told.append((row.pk, row.state))]
    )
    case.bring_to(state).do("withdraw", "hrh")
    assert case.now.status == "withdrawn"
    assert told == ([] if state == "reviewed" else [(case.pk, "withdrawn")])


@pytest.mark.parametrize(("state", "verb", "who"), [
    ("in_review", "amend", "mgr"), ("in_review", "return", "mgr"), ("in_review", "delegate", "mgr"),
    ("returned", "resubmit", "hrh"), ("reviewed", "send_back", "hrh"), ("reviewed", "withdraw", "hrh"),
])  # fmt: skip
def test_words_are_required(case: Case, submitted: Proposals, state: str, verb: str, who: str) -> None:
    given: dict[str, Any] = {
        "amend": {"grade_code": "SENIOR"},
        "delegate": {"assignee_id": submitted.user("mgr2").pk},
    }.get(verb, {})
    case.bring_to(state)
    refuses(case, "reason", "请填写", verb, who, reason=" ", **given)


# --- another grade ---------------------------------------------------------------------------------------------------------
def test_one_step_with_a_reason(case: Case) -> None:
    case.do("amend", "mgr", grade_code="SENIOR")
    row = case.now
    assert (row.state, row.kind, str(row.grade), str(row.previous_grade), row.proposal) == (
        "reviewed", "promotion", "高级客户经理", "中级客户经理", "hold",
    )  # fmt: skip
    assert [flag["code"] for flag in row.flags] == ["amended"]
    step = DecisionStep.objects.filter(decision=case.pk).latest("pk")
    assert step.data == {
        "exceptional": False, "grade": {"from": "中级客户经理", "to": "高级客户经理"}, "kind": {"from": "hold", "to": "promotion"},
    }  # fmt: skip


def test_downwards_it_is_a_demotion(case: Case) -> None:
    case.do("amend", "mgr", grade_code="JUNIOR")
    assert (case.now.kind, [flag["code"] for flag in case.now.flags]) == ("demotion", ["demotion", "amended"])


def test_back_to_what_he_has_is_a_hold(case: Case, submitted: Proposals) -> None:
    grades = submitted.cast.grades
    case.at(
        proposal="demotion",
        kind="demotion",
        grade=grades["JUNIOR"],
        proposed_grade=grades["JUNIOR"],
        flags=[{"code": "demotion"}],
    )
    case.do("amend", "mgr", grade_code="MIDDLE")
    assert (case.now.kind, str(case.now.grade), case.now.flags) == (
        "hold",
        "中级客户经理",
        [{"code": "amended"}],
    )


def test_two_steps_are_exceptional_and_argued_for(submitted: Proposals) -> None:
    case = submitted.case("M-CX1")
    refuses(case, "grade", "从初级客户经理到高级客户经理超过一级", "amend", "mgr2", grade_code="SENIOR")
    refuses(
        case,
        "reason",
        "至少 20 个字",
        "amend",
        "mgr2",
        grade_code="SENIOR",
        exceptional=True,
        reason=LONG[:19],
    )
    case.do("amend", "mgr2", grade_code="SENIOR", exceptional=True, reason=LONG[:20])
    assert [flag["code"] for flag in case.now.flags] == ["amended", "exceptional"]
    assert DecisionStep.objects.latest("pk").data["exceptional"] is True


def test_steps_are_those_of_the_ladder_not_numbers(submitted: Proposals) -> None:
    """初级 1 → 中级 2 → 高级 3 → 资深 9 is one step from 3 to 9."""
    grade_define(actor=STAGE, code="EXPERT", name="资深客户经理", order=9)
    case = submitted.case("M-CD2")
    case.at(flags=[]).do("amend", "mgr", grade_code="EXPERT")
    assert str(case.now.grade) == "资深客户经理"


def test_a_first_grade_is_exceptional(case: Case) -> None:
    case.at(previous_grade=None, grade=None)
    refuses(case, "grade", "从未定级到初级客户经理超过一级", "amend", "mgr", grade_code="JUNIOR")
    case.do("amend", "mgr", grade_code="JUNIOR", exceptional=True, reason=LONG)
    assert case.now.kind == "promotion"


def test_what_is_no_other_grade(case: Case) -> None:
    grade_define(actor=STAGE, code="M1", name="部门经理", order=1, series="management")
    refuses(
        case, "grade", "与现在的建议相同（中级客户经理），请直接通过", "amend", "mgr", grade_code="MIDDLE"
    )
    refuses(case, "grade", "没有编码为“NONE”的等级", "amend", "mgr", grade_code="NONE")
    refuses(case, "grade", "部门经理不属于业务序列", "amend", "mgr", grade_code="M1")


def test_a_change_to_a_grade_that_is_not_defined_does_not_pass(case: Case) -> None:
    case.at(kind="promotion", grade=None)
    refuses(case, "grade", "没有在系统里定义", "approve", "mgr")
    case.at(state="reviewed")
    refuses(case, "grade", "没有在系统里定义", "confirm", "hrh")


# --- keeping out -----------------------------------------------------------------------------------------------------------
def declared(declarant: Any, manager: Any, **more: Any) -> None:
    InterestDeclaration.objects.create(
        declarant=declarant, manager=manager, kind="spouse", **({"starts_on": date(2026, 1, 1)} | more)
    )


def test_a_declared_relative_is_kept_out(case: Case, submitted: Proposals) -> None:
    declared(submitted.user("mgr"), submitted.cast.managers["M-CD1"])
    refuses(case, "recusal", "已申报的利害关系，须回避", "approve", "mgr")
    assert case.do("approve", "mgrbj").decision.state == "reviewed"


def test_the_other_side_declares(case: Case, submitted: Proposals) -> None:
    """陈思远's own account declares the relation to 王雅琴, who reviews as well."""
    boss = user_create(
        actor=STAGE, username="boss", name="王雅琴", employee_no="M-CD2", password=PASSWORD, is_demo=True
    )
    role_grant(
        actor=STAGE,
        user=boss,
        role=Role.MGR,
        unit=submitted.cast.units["CD"],
        starts_on=date(2020, 1, 1),
        reason="测试",
    )
    submitted.people["boss"] = boss
    declared(submitted.user("cm"), submitted.cast.managers["M-CD2"])
    refuses(case, "recusal", "须回避", "approve", "boss")


def test_only_while_it_lasts(case: Case, submitted: Proposals) -> None:
    declared(submitted.user("mgr"), submitted.cast.managers["M-CD1"], ends_on=TODAY, end_reason="离婚")
    assert case.do("approve", "mgr").decision.state == "reviewed"


def test_nobody_decides_on_two_levels(case: Case, submitted: Proposals) -> None:
    """李敏 is given a role in human resources between the levels."""
    case.do("approve", "mgr")
    role_grant(
        actor=STAGE, user=submitted.user("mgr"), role=Role.HRB, unit=submitted.cast.units["BJ"],
        starts_on=date(2020, 1, 1), reason="测试",
    )  # fmt: skip
    refuses(case, "recusal", "您在前一环节已经对该事项作过决定", "confirm", "mgr")


def test_nor_after_it_came_back(case: Case, submitted: Proposals) -> None:
    """Who confirmed does not review, even when figures have voided both opinions."""
    case.bring_to("confirmed")
    case.at(state="in_review", reviewed_by=None, confirmed_by=None)
    role_grant(
        actor=STAGE, user=submitted.user("hrh"), role=Role.MGR, unit=submitted.cast.units["CD"],
        starts_on=date(2020, 1, 1), reason="测试",
    )  # fmt: skip
    refuses(case, "recusal", "前一环节", "approve", "hrh")
    assert case.do("approve", "mgr").decision.state == "reviewed", "the same level again is his work"


# --- deputies --------------------------------------------------------------------------------------------------------------
def stand_in(found: Proposals, principal: str, deputy: str, until: date = date(2026, 3, 10)) -> None:
    Deputyship.objects.create(
        principal=found.user(principal),
        deputy=found.user(deputy),
        starts_on=date(2026, 3, 1),
        ends_on=until,
        reason="休假",
    )


@pytest.fixture
def march(monkeypatch: Any) -> Any:
    """What rights there are is asked of the calendar; here it says the day of the test."""

    def on(day: date) -> None:
        monkeypatch.setattr("cmsys.org.grants.timezone.localdate", lambda: day)

    on(TODAY)
    return on


def test_a_deputy_acts_in_both_names(case: Case, submitted: Proposals, march: Any) -> None:
    stand_in(submitted, "mgr", "nobody")
    case.do("approve", "nobody")
    step = DecisionStep.objects.filter(decision=case.pk).latest("pk")
    assert (step.actor and step.actor.username, step.on_behalf and step.on_behalf.username) == (
        "nobody",
        "mgr",
    )
    event = Event.objects.get(kind="decision.approve")
    assert (event.actor_name, event.after["on_behalf"]) == ("无角色（nobody）", "李敏（mgr）")


def test_after_the_last_day_a_deputy_is_nobody(case: Case, submitted: Proposals, march: Any) -> None:
    stand_in(submitted, "mgr", "nobody")
    march(date(2026, 3, 9))
    assert submitted.user("nobody").access.reaches
    march(date(2026, 3, 10))
    before = mark_of_rows()
    with pytest.raises(MissingFunction):
        case.do("approve", "nobody")
    assert mark_of_rows() == before


def test_a_deputy_keeps_out_where_his_principal_must(case: Case, submitted: Proposals, march: Any) -> None:
    stand_in(submitted, "mgr", "nobody")
    declared(submitted.user("mgr"), submitted.cast.managers["M-CD1"])
    refuses(case, "recusal", "须回避", "approve", "nobody")


def test_the_principal_does_not_decide_again_what_his_deputy_did(
    case: Case, submitted: Proposals, march: Any
) -> None:
    stand_in(submitted, "mgr", "nobody")
    case.do("approve", "nobody")
    role_grant(
        actor=STAGE, user=submitted.user("mgr"), role=Role.HRB, unit=submitted.cast.units["BJ"],
        starts_on=date(2020, 1, 1), reason="测试",
    )  # fmt: skip
    refuses(case, "recusal", "前一环节", "confirm", "mgr")


def test_who_may_himself_acts_for_himself(case: Case, submitted: Proposals, march: Any) -> None:
    stand_in(submitted, "mgr", "mgrbj")
    case.do("approve", "mgrbj")
    assert DecisionStep.objects.filter(decision=case.pk).latest("pk").on_behalf is None


# --- handing over ----------------------------------------------------------------------------------------------------------
def test_handed_to_a_colleague(case: Case, submitted: Proposals) -> None:
    other = submitted.user("mgr2")
    with pytest.raises(GradeDecision.DoesNotExist):
        case.do("approve", "mgr2")
    case.do("delegate", "mgr", assignee_id=other.pk)
    assert (case.now.state, case.now.assignee) == ("in_review", other)
    message = Message.objects.get(recipient=other, kind="decision", key__startswith="delegate:")
    assert (message.title, message.body) == (
        "李敏（mgr） 把 陈思远（M-CD1） DEMO 2025Q4 转给您办理",
        "本人休假",
    )
    seen = GradeDecision.objects.visible_to(submitted.user("mgr"), "view").filter(pk=case.pk)
    assert seen.exists(), "the supervisor still sees it"
    case.do("approve", "mgr2")
    assert case.now.reviewed_by == other


def test_to_whom_a_case_is_not_handed(case: Case, submitted: Proposals) -> None:
    def no(said: str, key: int) -> None:
        refuses(case, "assignee", said, "delegate", "mgr", assignee_id=key)

    no("不能转办给自己", submitted.user("mgr").pk)
    no("没有这个账号", 0)
    no("郑人事没有复核等级变更的权限", submitted.user("hrh").pk)
    declared(submitted.user("mgr2"), submitted.cast.managers["M-CD1"])
    no("何平与当事人有利害关系或就是本人", submitted.user("mgr2").pk)
    type(submitted.user("mgrbj")).objects.filter(username="mgrbj").update(is_active=False)
    no("没有这个账号，或者它已停用", submitted.people["mgrbj"].pk)


def test_not_to_him_again_and_not_onwards(case: Case, submitted: Proposals) -> None:
    other = submitted.user("mgr2")
    case.do("delegate", "mgr", assignee_id=other.pk)
    refuses(case, "assignee", "已经转给何平办理", "delegate", "mgr", assignee_id=other.pk)
    refuses(case, "assignee", "不能再转办", "delegate", "mgr2", assignee_id=submitted.user("mgrbj").pk)


# --- forms sent twice, pages left open -------------------------------------------------------------------------------------
def test_the_same_form_twice_is_one_step(case: Case) -> None:
    first = case.do("approve", "mgr", nonce="n-1")
    before = mark_of_rows()
    again = case.do("approve", "mgr", nonce="n-1")
    assert (again.repeated, again.step, first.repeated) == (True, first.step, False)
    assert mark_of_rows() == before


def test_handed_over_twice_is_one_message(case: Case, submitted: Proposals) -> None:
    for _n in range(2):
        case.do("delegate", "mgr", assignee_id=submitted.user("mgr2").pk, nonce="n-2")
    assert Message.objects.filter(key__startswith="delegate:").count() == 1
    assert [step[0] for step in case.steps] == ["submit", "delegate"]


def test_a_number_of_somebody_else_is_refused(case: Case, submitted: Proposals) -> None:
    case.do("approve", "mgr", nonce="n-1")
    refuses(submitted.case("M-CD2"), "nonce", "表单编号已被使用", "approve", "mgr", nonce="n-1")


def test_a_page_left_open_is_told_who_and_when(case: Case) -> None:
    version = case.now.updated_at.isoformat()
    case.do("return", "mgr")
    case.do("resubmit", "hrh")
    with pytest.raises(Conflict, match="您打开之后，郑人事（hrh） 又办理过这一事项"):
        case.do("approve", "mgr", version=version)


def test_a_page_whose_content_has_changed_says_just_that(case: Case) -> None:
    case.do("return", "mgr")
    case.do("resubmit", "hrh")
    version = case.now.updated_at.isoformat()
    case.at(updated_at=timezone.now(), moved_at=case.now.moved_at)
    with pytest.raises(Conflict, match="这一事项的内容有变动"):
        case.do("approve", "mgr", version=version)


# --- batches ---------------------------------------------------------------------------------------------------------------
def batch(
    found: Proposals, who: str, numbers: list[str], act: Any = decisions_approve_many, **more: Any
) -> Any:
    return act(
        actor=found.user(who), ids=[found.decision(number).pk for number in numbers], form=Form(nonce="b-1"),
        now=timezone.now(), today=TODAY, **more,
    )  # fmt: skip


def test_clear_cases_go_and_the_rest_say_why(submitted: Proposals) -> None:
    grades = submitted.cast.grades
    GradeDecision.objects.update(flags=[])
    submitted.case("M-CD2").at(flags=[{"code": "demotion"}], kind="demotion", grade=grades["MIDDLE"])
    submitted.case("M-CX1").at(stale=True)
    done = batch(submitted, "mgrbj", ["M-CD1", "M-CD2", "M-CX1", "M-PD1"])
    assert done.done == (submitted.decision("M-CD1").pk,)
    assert [(left.name, left.why) for left in done.left] == [
        ("王雅琴", "建议降级，须逐人办理，请打开单独办理。"), ("赵立群", "数据已变动，请打开单独办理。"), ("", "没有找到这一事项。"),
    ]  # fmt: skip
    states = [submitted.decision(number).state for number in ("M-CD1", "M-CD2", "M-CX1", "M-PD1")]
    assert states == ["reviewed", "in_review", "in_review", "in_review"]


def test_one_that_somebody_else_took_is_left_with_his_name(submitted: Proposals) -> None:
    GradeDecision.objects.update(flags=[])
    submitted.case("M-CX1").do("approve", "mgr2")
    done = batch(submitted, "mgrbj", ["M-CX1", "M-CD1"])
    assert done.done == (submitted.decision("M-CD1").pk,)
    assert "何平（mgr2） 已于" in done.left[0].why


def test_a_batch_sent_twice_is_one_step_each(submitted: Proposals) -> None:
    GradeDecision.objects.update(flags=[])
    first = batch(submitted, "mgrbj", ["M-CX1", "M-CD1"])
    again = batch(submitted, "mgrbj", ["M-CX1", "M-CD1"])
    assert first == again and len(first.done) == 2
    assert DecisionStep.objects.filter(verb="approve").count() == 2


def test_versions_count_one_by_one(submitted: Proposals) -> None:
    GradeDecision.objects.update(flags=[])
    keys = {number: submitted.decision(number) for number in ("M-CX1", "M-CD1")}
    versions = {
        keys["M-CX1"].pk: "2026-01-01T00:00:00+00:00",
        keys["M-CD1"].pk: keys["M-CD1"].updated_at.isoformat(),
    }
    done = batch(submitted, "mgrbj", ["M-CX1", "M-CD1"], versions=versions)
    assert done.done == (keys["M-CD1"].pk,)


def test_human_resources_confirm_several(submitted: Proposals) -> None:
    GradeDecision.objects.update(flags=[], state="reviewed")
    done = batch(submitted, "hrh", ["M-CX1", "M-CD1"], decisions_confirm_many)
    assert len(done.done) == 2
    with pytest.raises(MissingFunction):
        batch(submitted, "mgr", ["M-CX1"], decisions_confirm_many)
    with pytest.raises(MissingFunction):
        batch(submitted, "hrh", ["M-CX1"])


def test_each_case_of_a_batch_costs_the_same(submitted: Proposals) -> None:
    GradeDecision.objects.update(flags=[])
    submitted.case("M-PD1").at(unit=submitted.cast.units["CD"])

    def cost(numbers: list[str]) -> int:
        user = submitted.user("mgrbj")
        ids = [submitted.decision(number).pk for number in numbers]
        with CaptureQueriesContext(connection) as seen:
            done = decisions_approve_many(actor=user, ids=ids, form=Form(), now=timezone.now(), today=TODAY)
        assert len(done.done) == len(numbers)
        return len(seen)

    one = cost(["M-CD1"])
    three = cost(["M-CD2", "M-CX1", "M-PD1"])
    shared = 2  # rights and the list
    assert three - shared == 3 * (one - shared)


@pytest.mark.parametrize(
    ("kind", "verb"),
    [("demotion", "publish"), ("hold", "publish"), ("promotion", "serve"), ("hold", "serve")],
)
def test_a_demotion_is_never_published_and_nothing_else_served(case: Case, kind: str, verb: str) -> None:
    case.bring_to("confirmed").at(kind=kind)
    before = mark_of_rows()
    with pytest.raises(ValidationError) as refusal:
        decision_move(
            actor=case.proposals.user("hrh"),
            decision_id=case.pk,
            verb=verb,
            form=Form(),
            now=timezone.now(),
            today=TODAY,
        )
    assert list(refusal.value.message_dict) == ["kind"]
    assert mark_of_rows() == before
