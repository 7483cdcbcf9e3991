"""公示异议: who may, when, who learns of it, who answers, and what follows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from appraisal.grading.models import DecisionStep
from appraisal.notices.drafting import Wording
from appraisal.notices.following import over, settle, take_down
from appraisal.notices.models import NoticeObjection, PublicNotice
from appraisal.notices.selectors import answerable, open_objections
from appraisal.notices.services.objections import objection_answer, objection_lodge
from appraisal.notices.services.publishing import notice_publish
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from cmsys.org.models import Deputyship
from managers.conduct.models import InterestDeclaration, RelationKind
from tests.notices.test_notices import end, published, rows
from tests.notices.world import BEFORE, Decided, at

pytestmark = pytest.mark.django_db

WITHIN = date(2026, 10, 8)
LAST, AFTER = date(2026, 10, 10), date(2026, 10, 11)


def line_of(notice: PublicNotice, name: str = "赵立群") -> int:
    return notice.lines.get(name=name).pk


def lodged(
    world: Decided, notice: PublicNotice, who: str = "cm", day: date = WITHIN, name: str = "赵立群"
) -> NoticeObjection:
    return objection_lodge(
        actor=world.user(who), notice_id=notice.pk, line_id=line_of(notice, name), text="业绩不实",
        facts="十月合同 C-1 尚未回款", now=at(day), today=day,
    )  # fmt: skip


def answered(
    world: Decided, objection: NoticeObjection, verdict: str = "reject", who: str = "second", day: date = WITHIN, **rest: Any
) -> NoticeObjection:  # fmt: skip
    return objection_answer(
        actor=world.user(who), objection_id=objection.pk, verdict=verdict,
        answer=rest.pop("answer", "经核实，合同已于十月五日回款。"), now=at(day, 15), today=day, **rest,
    )  # fmt: skip


def all_rows() -> tuple[Any, ...]:
    return (*rows(), *NoticeObjection.objects.order_by("pk").values_list())


# --- when and by whom ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("day", [BEFORE, date(2026, 10, 3), LAST])
def test_an_objection_is_lodged_while_the_notice_runs(world: Decided, day: date) -> None:
    objection = lodged(world, published(world), day=day)
    assert (objection.state, objection.objector.username) == ("open", "cm")
    event = Event.objects.get(kind="objection.lodge")
    assert (event.actor_name, event.object_label) == ("陈思远（cm）", "赵立群 中级客户经理")


@pytest.mark.parametrize(
    ("day", "due"),
    [
        # Five working days after it: 10-08, 10-09, 10-10 (Saturday), 10-12, 10-13.
        (date(2026, 10, 3), date(2026, 10, 13)),
        (LAST, date(2026, 10, 16)),
    ],
)
def test_an_objection_is_answered_within_five_working_days(world: Decided, day: date, due: date) -> None:
    assert lodged(world, published(world), day=day).due_on == due


@pytest.mark.parametrize("day", [date(2026, 9, 27), AFTER, date(2026, 12, 1)])
def test_outside_its_days_it_is_refused_with_the_days(world: Decided, day: date) -> None:
    notice = published(world)
    before = all_rows()
    with pytest.raises(ValidationError, match="公示期为 2026-09-28 至 2026-10-10，现在不能提出异议"):
        lodged(world, notice, day=day)
    assert all_rows() == before


def test_what_was_taken_down_cannot_be_objected_to(world: Decided) -> None:
    notice = published(world, decision_ids=[world.keys["M-CX1"]])
    line = line_of(notice)
    take_down(world.decision("M-CX1"), at(BEFORE))
    before = all_rows()
    with pytest.raises(ValidationError, match="公示已撤下"):
        objection_lodge(
            actor=world.user("cm"),
            notice_id=notice.pk,
            line_id=line,
            text="a",
            facts="b",
            now=at(WITHIN),
            today=WITHIN,
        )
    assert all_rows() == before


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("sys", MissingFunction), ("sec", MissingFunction), ("aud", MissingFunction), ("nobody", MissingFunction),
        # Not of the audience: head office, another branch.
        ("cmd", PublicNotice.DoesNotExist), ("da", PublicNotice.DoesNotExist), ("zhou", PublicNotice.DoesNotExist),
        ("chiefpd", PublicNotice.DoesNotExist), ("hrsh", PublicNotice.DoesNotExist),
        # The person himself.
        ("zhao", ValidationError),
    ],
)  # fmt: skip
def test_only_the_audience_objects(world: Decided, who: str, refusal: type[Exception]) -> None:
    bj = Wording(audience=world.cast.units["BJ"])
    notice = published(world, decision_ids=[world.keys["M-CX1"]], wording=bj)
    before = all_rows()
    with pytest.raises(refusal):
        lodged(world, notice, who)
    assert all_rows() == before
    for allowed in ("mgr", "cm", "wang", "hrb"):
        assert lodged(world, notice, allowed).state == "open"


@pytest.mark.parametrize("field", ["text", "facts"])
def test_words_and_facts_are_required(world: Decided, field: str) -> None:
    notice = published(world)
    given = {"text": "不实", "facts": "见附", field: "  "}
    before = all_rows()
    with pytest.raises(ValidationError) as refusal:
        objection_lodge(
            actor=world.user("cm"),
            notice_id=notice.pk,
            line_id=line_of(notice),
            now=at(WITHIN),
            today=WITHIN,
            **given,
        )
    assert list(refusal.value.message_dict) == [field]
    assert all_rows() == before


def test_sent_twice_it_is_one_objection(world: Decided) -> None:
    notice = published(world)
    first = lodged(world, notice)
    before = all_rows()
    assert lodged(world, notice).pk == first.pk
    assert all_rows() == before


def test_a_line_of_another_notice_is_refused(world: Decided) -> None:
    one = published(world, decision_ids=[world.keys["M-CX1"]])
    two = published(world, decision_ids=[world.keys["M-PD1"]])
    before = all_rows()
    with pytest.raises(ValidationError, match="这一项已不在公示中"):
        objection_lodge(
            actor=world.user("cm"), notice_id=one.pk, line_id=line_of(two, "周婷"), text="a", facts="b", now=at(WITHIN),
            today=WITHIN,
        )  # fmt: skip
    assert all_rows() == before


# --- who learns of it ----------------------------------------------------------------------------------------------------
def test_the_person_concerned_learns_that_and_not_who(world: Decided) -> None:
    notice = published(world)
    objection = lodged(world, notice)
    told = Message.objects.get(kind="objection.lodged")
    assert told.recipient.username == "zhao"
    assert "陈思远" not in told.title + told.body
    assert "回款" not in told.title + told.body
    assert open_objections(notice) == {objection.line_id: 1}
    seen = {
        who for who in ("zhao", "cm", "mgr", "wang", "chief", "hrb", "hrh", "second", "hrsh", "cmd")
        if NoticeObjection.objects.visible_to(world.user(who), "view").filter(pk=objection.pk).exists()
    }  # fmt: skip
    assert seen == {"cm", "hrb", "hrh", "second"}


def test_human_resources_do_not_find_objections_to_themselves(world: Decided) -> None:
    """Whoever works in human resources and is a relationship manager as well is the person concerned here."""
    notice = published(world)
    objection = lodged(world, notice, "wang")
    second = world.user("second")
    world.user("zhao").delete()
    second.employee_no = "M-CX1"
    second.save()
    assert not NoticeObjection.objects.visible_to(world.user("second"), "view").exists()
    with pytest.raises(NoticeObjection.DoesNotExist):
        answered(world, objection)


# --- who answers ---------------------------------------------------------------------------------------------------------
def test_whoever_decided_before_or_is_related_does_not_answer(world: Decided) -> None:
    """M-CX1 was confirmed by hrb; hrsh is out of reach; hrh has put it up, which decides nothing."""
    objection = lodged(world, published(world))
    InterestDeclaration.objects.create(
        declarant=world.user("second"), manager=world.cast.managers["M-CX1"], kind=RelationKind.INTEREST,
        starts_on=date(2020, 1, 1),
    )  # fmt: skip
    before = all_rows()
    refusals: dict[str, type[Exception]] = {
        "hrb": ValidationError, "second": ValidationError, "hrsh": NoticeObjection.DoesNotExist, "mgr": MissingFunction,
        "chief": MissingFunction, "cm": MissingFunction, "aud": MissingFunction,
    }  # fmt: skip
    for who, refusal in refusals.items():
        with pytest.raises(refusal):
            answered(world, objection, who=who)
    assert all_rows() == before
    able = [who for who in (*refusals, "hrh") if answerable_by(world, who)]
    assert able == ["hrh"]
    assert answered(world, objection, who="hrh").answered_by == world.user("hrh")


def answerable_by(world: Decided, who: str) -> bool:
    return answerable(world.user(who), WITHIN).exists()


def test_nobody_answers_his_own_objection(world: Decided) -> None:
    objection = lodged(world, published(world), "second")
    before = all_rows()
    with pytest.raises(ValidationError, match="这是您本人提出的异议"):
        answered(world, objection, who="second")
    assert all_rows() == before
    assert [answerable_by(world, who) for who in ("second", "hrh")] == [False, True]
    with pytest.raises(IntegrityError, match="notices_objection_other"), transaction.atomic():
        NoticeObjection.objects.update(
            answered_by=world.user("second"), answered_at=at(WITHIN), answer="a", state="rejected"
        )


def test_a_deputy_of_who_confirmed_does_not_answer_in_his_place(world: Decided) -> None:
    objection = lodged(world, published(world))
    Deputyship.objects.create(
        principal=world.user("hrb"),
        deputy=world.user("trn"),
        starts_on=date(2020, 1, 1),
        ends_on=date(2099, 1, 1),
        reason="休假",
    )
    before = all_rows()
    with pytest.raises(ValidationError, match="已经对该事项作过决定"):
        answered(world, objection, who="trn")
    assert all_rows() == before


# --- the answer ----------------------------------------------------------------------------------------------------------
def test_an_answer_needs_words(world: Decided) -> None:
    objection = lodged(world, published(world))
    before = all_rows()
    with pytest.raises(ValidationError, match="请填写“异议不成立”的理由"):
        answered(world, objection, answer="  ")
    assert all_rows() == before


def test_rejected_the_objector_reads_why_and_the_notice_goes_on(world: Decided) -> None:
    notice = published(world)
    objection = answered(world, lodged(world, notice))
    assert (objection.state, objection.answered_name) == ("rejected", "卫人事（second）")
    told = Message.objects.get(kind="objection.answered")
    assert (told.recipient.username, told.body) == ("cm", "经核实，合同已于十月五日回款。")
    assert world.decision("M-CX1").state == "on_notice"
    assert end(AFTER) == 2


def test_answered_once(world: Decided) -> None:
    objection = answered(world, lodged(world, published(world)))
    before = all_rows()
    with pytest.raises(Conflict, match=r"卫人事（second） 已于 2026-10-08 15:00:00 处理，现在是“异议不成立”"):
        answered(world, objection, "uphold", who="hrh")
    assert all_rows() == before


def test_upheld_the_case_goes_back_to_review_and_off_the_notice(world: Decided) -> None:
    notice = published(world)
    objection = lodged(world, notice)
    beside = lodged(world, notice, "wang")
    answered(world, objection, "uphold", answer="回款不实。")
    decision = world.decision("M-CX1")
    assert (decision.state, decision.effective_from) == ("in_review", None)
    assert (decision.reviewed_by, decision.confirmed_by, decision.flags) == (None, None, [{"code": "upheld"}])
    step = DecisionStep.objects.get(verb="uphold")
    assert (step.actor, step.reason) == (world.user("second"), "公示异议成立：回款不实。")
    # The objector is nowhere in the case.
    assert "陈思远" not in str(list(DecisionStep.objects.filter(decision=decision).values_list()))
    assert [(line.name, line.state) for line in notice.lines.order_by("name")] == [
        ("周婷", "standing"), ("赵立群", "struck"),
    ]  # fmt: skip
    beside.refresh_from_db()
    assert (beside.state, beside.answered_by) == ("moot", None)
    assert sorted(Message.objects.filter(kind="objection.answered").values_list("recipient__username", flat=True)) == [
        "cm", "wang",
    ]  # fmt: skip
    # The other promotion passes.
    assert end(AFTER) == 1
    notice.refresh_from_db()
    assert notice.state == "ended"


def test_an_open_objection_keeps_its_line_from_clearing_and_no_other(world: Decided) -> None:
    notice = published(world)
    objection = lodged(world, notice, day=LAST)
    assert end(AFTER) == 1
    assert {n: world.decision(n).state for n in ("M-CX1", "M-PD1")} == {
        "M-CX1": "on_notice",
        "M-PD1": "cleared",
    }
    notice.refresh_from_db()
    assert notice.state == "published"
    assert over(date(2026, 10, 14), 0, 10) == []
    # Answered on 10-14, it clears at once, and takes effect from that day, not from 10-11.
    answered(world, objection, day=date(2026, 10, 14))
    decision = world.decision("M-CX1")
    assert (decision.state, decision.effective_from) == ("cleared", date(2026, 10, 14))
    assert world.decision("M-PD1").effective_from == date(2026, 10, 11)
    notice.refresh_from_db()
    assert notice.state == "ended"


def test_one_of_two_objections_answered_clears_nothing(world: Decided) -> None:
    notice = published(world)
    first, second = lodged(world, notice), lodged(world, notice, "wang")
    answered(world, first, day=AFTER)
    assert world.decision("M-CX1").state == "on_notice"
    assert settle(over(AFTER, 0, 10), at(AFTER), AFTER) == 1
    answered(world, second, day=AFTER)
    assert world.decision("M-CX1").state == "cleared"


def test_a_second_notice_of_a_branch_is_numbered_in_the_same_series(world: Decided) -> None:
    published(world, decision_ids=[world.keys["M-PD1"]])
    again = notice_publish(
        actor=world.user("hrb"), round_id=world.round.pk, wording=Wording(audience=world.cast.units["BJ"]),
        now=at(BEFORE), today=BEFORE,
    )  # fmt: skip
    assert again.number == "公示〔2026〕2号"
