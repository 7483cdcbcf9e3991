"""Who hears an appeal, what he says meanwhile, and what he answers: never worse than it was."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from appraisal.appeals.choices import Remedy
from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.appeals.services.opening import plans_open
from appraisal.appeals.services.watching import appeals_escalate
from appraisal.grading.cases import due_for_effect
from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.notices.services.serving import Delivery, service_serve
from cmsys.access.refusals import Conflict
from cmsys.inbox.models import Message
from cmsys.org.models import Deputyship
from managers.conduct.models import InterestDeclaration
from managers.profiles.models import GradeRecord, RelationshipManager
from tests.appeals.world import LAST, TOLD, Appealed, at, events, rows
from tests.cast import STAGE

pytestmark = pytest.mark.django_db


def code_of(refusal: pytest.ExceptionInfo[ValidationError]) -> list[tuple[str, str]]:
    return [(name, errors[0].code) for name, errors in refusal.value.error_dict.items()]


# --- who ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("number", "who"), [("M-CD1", "hrb"), ("M-PD1", "hrh")])
def test_whoever_confirmed_the_decision_does_not_hear_the_appeal(
    world: Appealed, number: str, who: str
) -> None:
    appeal = world.lodged(number)
    before = rows()
    with pytest.raises(ValidationError) as refusal:
        world.do("accept", appeal, who)
    assert code_of(refusal) == [("recusal", "decided_before")]
    assert rows() == before


def test_serving_or_publishing_is_a_step_too_but_sending_the_round_is_not(world: Appealed) -> None:
    appeal = world.lodged("M-CD1")
    values: dict[str, Any] = {"decision": appeal.decision, "actor_name": "x", "at": at(TOLD)}
    DecisionStep.objects.create(verb="submit", actor=world.user("hrh"), **values)
    DecisionStep.objects.create(verb="serve", actor=world.user("second"), **values)
    with pytest.raises(ValidationError):
        world.do("accept", appeal, "second")
    assert world.do("accept", appeal, "hrh").handler == world.user("hrh")


def test_nor_does_the_principal_of_whoever_confirmed(world: Appealed) -> None:
    appeal = world.lodged("M-CD1")
    DecisionStep.objects.filter(decision=appeal.decision, verb="confirm").update(
        on_behalf=world.user("second")
    )
    with pytest.raises(ValidationError):
        world.do("accept", appeal, "second")


@pytest.mark.parametrize("way", ["declared by him", "declared by the person"])
def test_nor_a_declared_relative(world: Appealed, way: str) -> None:
    appeal, second = world.lodged("M-CD1"), world.user("second")
    if way == "declared by him":
        InterestDeclaration.objects.create(
            declarant=second, manager=appeal.decision.manager, kind="spouse", starts_on=TOLD
        )
    else:
        type(second).objects.filter(username="wang").update(employee_no=None)
        type(second).objects.filter(pk=second.pk).update(employee_no="M-CD2")
        InterestDeclaration.objects.create(
            declarant=world.user("cm"), manager=world.cast.managers["M-CD2"], kind="spouse", starts_on=TOLD
        )
    before = rows()
    with pytest.raises(ValidationError) as refusal:
        world.do("accept", appeal, "second")
    assert code_of(refusal) == [("recusal", "recused")]
    assert rows() == before


@pytest.mark.parametrize("side", ["principal", "deputy"])
def test_nor_whoever_stands_in_for_the_person_or_he_for_him(world: Appealed, side: str) -> None:
    appeal = world.lodged("M-CD1")
    pair = {"principal": world.user("cm"), "deputy": world.user("second")}
    if side == "deputy":
        pair = {"principal": world.user("second"), "deputy": world.user("cm")}
    Deputyship.objects.create(starts_on=TOLD, ends_on=date(2026, 10, 20), reason="休假", **pair)
    with pytest.raises(ValidationError) as refusal:
        world.do("accept", appeal, "second")
    assert code_of(refusal) == [("recusal", "deputy")]


def test_a_deputy_hears_in_his_principals_place_and_only_where_he_might(world: Appealed) -> None:
    appeal, other = world.lodged("M-PD1"), world.lodged("M-CD1")
    for principal in ("hrsh", "hrb"):
        Deputyship.objects.create(
            principal=world.user(principal), deputy=world.user("trn"), starts_on=TOLD, ends_on=date(2099, 1, 1),
            reason="休假",
        )  # fmt: skip
        if principal == "hrsh":
            deputy = world.do("accept", appeal, "trn")
            step = deputy.steps.get(verb="accept")
            assert (deputy.handler, step.actor, step.on_behalf) == (
                world.user("trn"), world.user("trn"), world.user("hrsh"),
            )  # fmt: skip
    # hrb has confirmed the decision: nobody hears the appeal in his place.
    before = rows()
    with pytest.raises(ValidationError) as refusal:
        world.do("accept", other, "trn")
    assert code_of(refusal) == [("recusal", "decided_before")]
    assert rows() == before


def test_the_second_to_accept_is_told_who_was_first(world: Appealed) -> None:
    appeal = world.lodged("M-CD1")
    assert world.do("accept", appeal, "second").state == "hearing"
    before = rows()
    with pytest.raises(Conflict, match="卫人事（second） 已于 2026-09-29 11:00:00 处理，现在是“办理中”"):
        world.do("accept", appeal, "hrh")
    assert rows() == before
    assert list(Message.objects.filter(recipient=world.user("cm"), kind="appeal").values_list("title")) == [
        ("您对 2025Q4 等级变更的申诉已受理",)
    ]


def test_only_whoever_hears_it_answers(world: Appealed) -> None:
    appeal = world.hearing("M-CD1")
    before = rows()
    with pytest.raises(GradeAppeal.DoesNotExist):
        world.answer(appeal, "hrh", "rejected", "none")
    with pytest.raises(GradeAppeal.DoesNotExist):
        world.do("stay", appeal, "hrh", stay=True)
    assert rows() == before


def test_released_somebody_else_takes_it_and_the_deadline_stays(world: Appealed) -> None:
    appeal = world.hearing("M-CD1")
    world.do("stay", appeal, "second", stay=True)
    released = world.do("release", appeal, "second")
    assert (released.state, released.handler, released.suspended) == ("lodged", None, False)
    again = world.do("accept", appeal, "hrh")
    assert (again.handler, again.due_on) == (world.user("hrh"), appeal.due_on)


# --- the supervisor -------------------------------------------------------------------------------------------------------
def test_the_supervisor_says_what_he_has_to_say(world: Appealed) -> None:
    appeal = world.lodged("M-CD1")
    world.do("comment", appeal, "mgr", reason="系统口径与合同台账不一致", nonce="c" * 32)
    world.do("comment", appeal, "mgr", reason="系统口径与合同台账不一致", nonce="c" * 32)
    world.do("accept", appeal, "second")
    world.do("comment", appeal, "mgr", reason="补充一份台账")
    assert [step.reason for step in appeal.steps.filter(verb__in=("comment", "remark"))] == [
        "系统口径与合同台账不一致",
        "补充一份台账",
    ]
    with pytest.raises(ValidationError, match="理由"):
        world.do("comment", appeal, "mgr", reason=" ")


# --- stay -----------------------------------------------------------------------------------------------------------------
def test_a_stay_keeps_the_decision_from_taking_effect(world: Appealed) -> None:
    decision, day = world.told("M-CD1"), date(2026, 10, 8)
    GradeDecision.objects.filter(pk=decision.pk).update(moved_at=at(TOLD), effective_from=date(2026, 10, 1))
    appeal = world.lodge("M-CD1")
    assert decision in due_for_effect(day)
    world.do("accept", appeal, "second")
    # Lodging and hearing suspend nothing by themselves.
    assert decision in due_for_effect(day)
    world.do("stay", appeal, "second", stay=True)
    assert decision not in due_for_effect(day)
    with pytest.raises(Conflict, match="已经暂缓生效"):
        world.do("stay", appeal, "second", stay=True)
    world.do("stay", appeal, "second", stay=False)
    assert decision in due_for_effect(day)


@pytest.mark.parametrize("end", ["answer", "withdraw"])
def test_a_stay_ends_with_the_appeal(world: Appealed, end: str) -> None:
    appeal = world.hearing("M-CD1")
    world.do("stay", appeal, "second", stay=True)
    if end == "answer":
        world.answer(appeal, "second", "rejected", "none")
    else:
        world.do("withdraw", appeal, "cm")
    assert GradeAppeal.objects.get(pk=appeal.pk).suspended is False


def test_what_is_in_effect_is_not_stayed(world: Appealed) -> None:
    appeal = world.hearing("M-CD2")
    with pytest.raises(Conflict, match="已生效"):
        world.do("stay", appeal, "second", stay=True)


# --- the answer -----------------------------------------------------------------------------------------------------------
def effective(world: Appealed, number: str = "M-CD1") -> GradeAppeal:
    """An appeal against a demotion that has taken effect: the person is 初级 since 9-29."""
    appeal = world.hearing(number, state="effective")
    manager = appeal.decision.manager
    GradeRecord.objects.filter(manager=manager, ends_on=None).update(ends_on=TOLD)
    junior = world.cast.grades["JUNIOR"]
    GradeRecord.objects.create(manager=manager, grade=junior, starts_on=TOLD, cause="appraisal")
    RelationshipManager.objects.filter(pk=manager.pk).update(grade=junior)
    return appeal


def test_a_worse_grade_is_refused_and_nothing_is_written(world: Appealed) -> None:
    # 高级 was kept; 中级 and 初级 are below it.
    appeal = world.hearing("M-CD2")
    before = rows()
    for grade in ("MIDDLE", "JUNIOR"):
        with pytest.raises(ValidationError, match="申诉不得使结果更差") as refusal:
            world.answer(appeal, "second", "partly", "grade", grade)
        assert code_of(refusal) == [("grade_code", "worse")]
    with pytest.raises(ValidationError) as refusal:
        world.answer(appeal, "second", "partly", "grade", "SENIOR")
    assert code_of(refusal) == [("grade_code", "same")]
    assert rows() == before
    assert GradeDecision.objects.get(pk=appeal.decision_id).grade.code == "SENIOR"


def test_a_better_grade_stands_from_the_day_of_the_answer(world: Appealed) -> None:
    appeal = effective(world)
    answered = world.answer(appeal, "second", "partly", "grade", "SENIOR", date(2026, 10, 9))
    decision = world.decision("M-CD1")
    assert (answered.state, answered.outcome, answered.new_grade.code) == ("decided", "partly", "SENIOR")
    assert (decision.state, decision.grade.code, decision.kind) == ("effective", "SENIOR", "promotion")
    assert RelationshipManager.objects.get(employee_no="M-CD1").grade.code == "SENIOR"
    last = GradeRecord.objects.get(manager=decision.manager, ends_on=None)
    assert (last.grade.code, last.starts_on) == ("SENIOR", date(2026, 10, 9))


def test_a_demotion_in_effect_is_taken_back_and_its_plan_with_it(world: Appealed) -> None:
    appeal = effective(world)
    assert plans_open(actor=STAGE, now=at(TOLD), today=TOLD) == 1
    world.answer(appeal, "second", "upheld", "overturn", day=date(2026, 10, 9))
    decision, plan = world.decision("M-CD1"), ImprovementPlan.objects.get()
    assert (decision.grade.code, decision.kind) == ("MIDDLE", "hold")
    assert RelationshipManager.objects.get(employee_no="M-CD1").grade.code == "MIDDLE"
    assert (plan.state, plan.result) == ("cancelled", "申诉成立：销售额已核实")
    assert events(appeal) == ["appeal.lodge", "appeal.accept", "appeal.decide"]
    titles = Message.objects.filter(recipient=world.user("cm")).order_by("pk").values_list("title", flat=True)
    assert "您对 2025Q4 等级变更的申诉已答复：成立" in list(titles)


def test_a_demotion_before_its_day_is_withdrawn_by_head_office(world: Appealed) -> None:
    appeal = world.hearing("M-CD1")
    world.answer(appeal, "second", "upheld", "overturn")
    decision = world.decision("M-CD1")
    assert (decision.state, decision.steps.last().verb) == ("withdrawn", "withdraw")
    assert RelationshipManager.objects.get(employee_no="M-CD1").grade.code == "MIDDLE"


@pytest.mark.parametrize("remedy", ["overturn", "review"])
def test_what_was_served_falls_with_the_decision(world: Appealed, remedy: str) -> None:
    decision = world.decision("M-CD1")
    served = service_serve(
        actor=world.user("hrb"), decision_id=decision.pk, now=at(TOLD), today=TOLD,
        delivery=Delivery("in_person", "第四季度绩效得分 35"),
    )  # fmt: skip
    appeal = world.do("accept", world.lodge("M-CD1", LAST), "second", LAST)
    assert (appeal.told_on, appeal.window_ends_on) == (served.served_on, served.appeal_until) == (TOLD, LAST)
    world.answer(appeal, "second", "upheld", remedy, day=LAST)
    served.refresh_from_db()
    assert served.state == "void"


def test_a_branch_cannot_withdraw_but_sends_back_to_the_reviewers(world: Appealed) -> None:
    DecisionStep.objects.filter(decision=world.decision("M-CD1"), verb="confirm").update(
        actor=world.user("hrh")
    )
    GradeDecision.objects.filter(pk=world.decision("M-CD1").pk).update(confirmed_by=world.user("hrh"))
    appeal = world.hearing("M-CD1", "hrb")
    before = rows()
    with pytest.raises(ValidationError) as refusal:
        world.answer(appeal, "hrb", "upheld", "overturn")
    assert code_of(refusal) == [("remedy", "withdraw")]
    assert rows() == before
    world.answer(appeal, "hrb", "upheld", "review")
    decision = world.decision("M-CD1")
    assert (decision.state, decision.reviewed_by, decision.confirmed_by) == ("in_review", None, None)


def test_what_a_review_after_an_appeal_makes_worse_never_takes_effect(world: Appealed) -> None:
    decision = world.told("M-CX1", state="cleared")
    GradeDecision.objects.filter(pk=decision.pk).update(moved_at=at(TOLD), effective_from=TOLD)
    appeal = world.do("accept", world.lodge("M-CX1"), "second")
    world.answer(appeal, "second", "partly", "review")
    # 中级 was what the appeal was against; the reviewers come to 初级 now.
    ready = {"state": "cleared", "effective_from": TOLD, "stale": False}
    GradeDecision.objects.filter(pk=decision.pk).update(grade=world.cast.grades["JUNIOR"], **ready)
    assert decision not in due_for_effect(date(2026, 12, 1))
    GradeDecision.objects.filter(pk=decision.pk).update(grade=world.cast.grades["MIDDLE"], **ready)
    assert decision in due_for_effect(date(2026, 12, 1))


@pytest.mark.parametrize(
    ("number", "outcome", "remedy", "field"),
    [
        ("M-CD1", "rejected", "overturn", "remedy"),
        ("M-CD1", "upheld", "none", "remedy"),
        ("M-CD1", "upheld", "grade", "remedy"),  # not in effect yet
        ("M-CD2", "upheld", "overturn", "remedy"),  # nothing was taken away
        ("M-CD2", "upheld", "review", "remedy"),  # in effect
        ("M-CD1", "perhaps", "none", "outcome"),
        ("M-CD1", "partly", "perhaps", "remedy"),
    ],
)
def test_outcome_and_remedy_fit_each_other_and_the_decision(
    world: Appealed, number: str, outcome: str, remedy: str, field: str
) -> None:
    appeal = world.hearing(number)
    before = rows()
    with pytest.raises(ValidationError) as refusal:
        world.answer(appeal, "second", outcome, remedy, "SENIOR")
    assert list(refusal.value.error_dict) == [field]
    assert rows() == before


def test_wrong_figures_leave_the_decision_for_a_new_regrading(world: Appealed) -> None:
    appeal = world.hearing("M-CD1")
    answered = world.answer(appeal, "second", "upheld", "data")
    assert (answered.remedy, world.decision("M-CD1").state) == (Remedy.DATA, "served")


def test_a_form_sent_twice_answers_once(world: Appealed) -> None:
    from appraisal.appeals.services.deciding import Answer

    appeal = world.hearing("M-CD1")
    for _time in range(2):
        world.do("decide", appeal, "second", answer=Answer("rejected", "none"), nonce="d" * 32)
    assert events(appeal).count("appeal.decide") == 1
    with pytest.raises(Conflict, match="已答复"):
        world.do("decide", appeal, "second", answer=Answer("rejected", "none"), nonce="e" * 32)


# --- late -----------------------------------------------------------------------------------------------------------------
def test_head_office_is_told_once_of_a_late_answer(world: Appealed) -> None:
    appeal = world.lodged("M-CD1")
    due_on = appeal.due_on
    assert appeals_escalate(actor=STAGE, now=at(due_on), today=due_on) == 0
    late = due_on + timedelta(days=1)
    assert appeals_escalate(actor=STAGE, now=at(late), today=late) == 1
    assert appeals_escalate(actor=STAGE, now=at(late), today=late) == 0
    told = Message.objects.filter(key=f"appeal-{appeal.pk}-overdue").order_by("recipient__username")
    assert [message.recipient.username for message in told] == ["hrh", "second"]
    assert told[0].title == "陈思远的申诉逾期未答复（期限 2026-10-26）"
    assert events(appeal)[-1] == "appeal.escalate"
