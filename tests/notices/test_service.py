"""送达: a demotion reaches its person and nobody else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from appraisal.grading.models import GradeDecision
from appraisal.notices.following import take_down
from appraisal.notices.models import ServiceOfNotice
from appraisal.notices.selectors import unsigned, waiting_for_service
from appraisal.notices.services.serving import (
    Delivery,
    receipt_enter,
    refusal_witness,
    service_serve,
    service_sign,
)
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from managers.conduct.models import InterestDeclaration, RelationKind
from tests.notices.test_notices import rows
from tests.notices.world import BEFORE, Decided, at

pytestmark = pytest.mark.django_db

HANDED = Delivery("in_person", "2025Q4考核绩效得分 35.00，低于 60 分。")


def served(
    world: Decided, who: str = "hrh", number: str = "M-CD1", delivery: Delivery = HANDED, day: date = BEFORE, **rest: Any
) -> ServiceOfNotice:  # fmt: skip
    return service_serve(
        actor=world.user(who),
        decision_id=world.keys[number],
        delivery=delivery,
        now=at(day),
        today=day,
        **rest,
    )


def all_rows() -> tuple[Any, ...]:
    return (*rows(), *ServiceOfNotice.objects.order_by("pk").values_list())


def test_a_demotion_is_served_before_national_day(world: Decided) -> None:
    service = served(world)
    assert (service.number, service.state, service.method) == ("送达〔2026〕1号", "served", "in_person")
    assert (service.from_grade, service.to_grade) == ("中级客户经理", "初级客户经理")
    # Five working days after 9-28: 9-29, 9-30, 10-08, 10-09, 10-10 (a Saturday that is worked).
    assert (service.served_on, service.appeal_until) == (BEFORE, date(2026, 10, 10))
    decision = world.decision("M-CD1")
    # The round's day is later than the day after service.
    assert (decision.state, decision.status, decision.effective_from) == (
        "served",
        "confirmed",
        date(2026, 10, 1),
    )
    told = Message.objects.get(kind="service.served")
    assert (told.recipient.username, told.url) == ("cm", f"/served/{service.pk}/")
    assert not waiting_for_service(world.user("hrh")).exists()


def test_it_never_holds_before_the_day_after_service(world: Decided) -> None:
    served(world, day=date(2026, 10, 9))
    assert world.decision("M-CD1").effective_from == date(2026, 10, 10)


@pytest.mark.parametrize("number", ["M-CX1", "M-CD2"])
def test_only_demotions_are_served(world: Decided, number: str) -> None:
    before = all_rows()
    with pytest.raises(ValidationError, match="只有降级须送达"):
        served(world, number=number)
    assert all_rows() == before


@pytest.mark.parametrize(
    ("delivery", "field"),
    [
        (Delivery("in_person", " "), "reasons"),
        (Delivery("mail", "理由"), "mail_no"),
        (Delivery("pigeon", "理由"), "method"),
    ],
)
def test_what_is_missing_is_said(world: Decided, delivery: Delivery, field: str) -> None:
    before = all_rows()
    with pytest.raises(ValidationError) as refusal:
        served(world, delivery=delivery)
    assert list(refusal.value.message_dict) == [field]
    assert all_rows() == before


def test_through_the_system_only_to_an_account(world: Decided) -> None:
    world.cast.users["cm"].is_active = False
    world.cast.users["cm"].save()
    before = all_rows()
    with pytest.raises(ValidationError, match="当事人没有可用的账号"):
        served(world, delivery=Delivery("system", "理由"))
    assert all_rows() == before
    world.cast.users["cm"].is_active = True
    assert served(world, delivery=Delivery("mail", "理由", mail_no="EMS-1")).mail_no == "EMS-1"
    assert not Message.objects.filter(kind="service.served").exists()


def test_figures_that_moved_wait_for_the_regrading(world: Decided) -> None:
    GradeDecision.objects.filter(pk=world.keys["M-CD1"]).update(stale=True)
    before = all_rows()
    with pytest.raises(ValidationError, match="提交后数据有变动"):
        served(world)
    assert all_rows() == before


@pytest.mark.parametrize("who", ["mgr", "cm", "cmd", "da", "trn", "sys", "sec", "aud", "nobody"])
def test_only_human_resources_serve(world: Decided, who: str) -> None:
    before = all_rows()
    with pytest.raises(MissingFunction):
        served(world, who)
    assert all_rows() == before


def test_out_of_reach_and_relatives(world: Decided) -> None:
    before = all_rows()
    with pytest.raises(GradeDecision.DoesNotExist):
        served(world, "hrsh")
    assert all_rows() == before
    InterestDeclaration.objects.create(
        declarant=world.user("hrh"),
        manager=world.cast.managers["M-CD1"],
        kind=RelationKind.IN_LAW,
        starts_on=date(2020, 1, 1),
    )
    before = all_rows()
    with pytest.raises(ValidationError, match="已申报的利害关系"):
        served(world)
    assert all_rows() == before


def test_served_once(world: Decided) -> None:
    served(world)
    before = all_rows()
    with pytest.raises(Conflict, match=r"郑人事（hrh） 已于 2026-09-28 09:00:00 处理，现在是“已送达”"):
        served(world, "second")
    assert all_rows() == before


SEEN_BY = {"hrh", "second", "hrb", "mgr", "cm"}
EVERYBODY = sorted({
    "sys", "sec", "aud", "hrh", "hrb", "mgr", "cm", "cmd", "da", "trn", "nobody", "chief", "chiefpd", "second", "hrsh", "zhao",
    "zhou", "wang",
})  # fmt: skip


def test_nobody_sees_it_but_the_person_his_supervisors_and_human_resources(world: Decided) -> None:
    service = served(world)
    seen = {
        who for who in EVERYBODY
        if ServiceOfNotice.objects.visible_to(world.user(who), "view").filter(pk=service.pk).exists()
    }  # fmt: skip
    assert seen == SEEN_BY


# --- the receipt ---------------------------------------------------------------------------------------------------------
def test_the_person_signs_and_twice_is_once(world: Decided) -> None:
    service = served(world)
    assert [s.pk for s in unsigned(world.user("cm"))] == [service.pk]
    assert not unsigned(world.user("wang")).exists()
    signed = service_sign(actor=world.user("cm"), service_id=service.pk, note="保留申诉", now=at(BEFORE, 10))
    assert (signed.state, signed.note, signed.closed_at) == ("signed", "保留申诉", at(BEFORE, 10))
    assert Event.objects.filter(kind="service.sign", actor_id=world.cast.users["cm"].pk).count() == 1
    before = all_rows()
    service_sign(actor=world.user("cm"), service_id=service.pk, now=at(BEFORE, 11))
    assert all_rows() == before
    assert not unsigned(world.user("cm")).exists()
    # Neither service nor effect depend on the receipt.
    assert world.decision("M-CD1").effective_from == date(2026, 10, 1)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("wang", ServiceOfNotice.DoesNotExist), ("mgr", ServiceOfNotice.DoesNotExist), ("hrh", MissingFunction),
        ("cmd", MissingFunction),
    ],
)  # fmt: skip
def test_nobody_signs_for_another(world: Decided, who: str, refusal: type[Exception]) -> None:
    service = served(world)
    before = all_rows()
    with pytest.raises(refusal):
        service_sign(actor=world.user(who), service_id=service.pk, now=at(BEFORE))
    assert all_rows() == before


def test_a_receipt_on_paper(world: Decided) -> None:
    service = served(world)
    before = all_rows()
    with pytest.raises(ValidationError, match="请写明回执的签收日期"):
        receipt_enter(actor=world.user("second"), service_id=service.pk, note="", now=at(BEFORE))
    assert all_rows() == before
    entered = receipt_enter(
        actor=world.user("second"), service_id=service.pk, note="九月二十八日签，卷宗 7", now=at(BEFORE)
    )
    assert (entered.state, entered.on_paper) == ("signed", True)
    assert Event.objects.filter(kind="service.paper").count() == 1
    before = all_rows()
    with pytest.raises(Conflict, match="现在是“已签收”"):
        service_sign(actor=world.user("cm"), service_id=service.pk, now=at(BEFORE))
    assert all_rows() == before


def witnessed(
    world: Decided, service: ServiceOfNotice, one: str, two: str, who: str = "second", note: str = "当面拒签"
) -> Any:
    return refusal_witness(
        actor=world.user(who),
        service_id=service.pk,
        witnesses=(world.user(one), world.user(two)),
        note=note,
        now=at(BEFORE),
    )


def test_refusal_before_two_witnesses(world: Decided) -> None:
    refused = witnessed(world, served(world), "mgr", "trn")
    assert (refused.state, refused.witness_one.username, refused.witness_two.username) == (
        "refused",
        "mgr",
        "trn",
    )
    event = Event.objects.get(kind="service.refuse")
    assert event.after == {
        "state": "refused", "note": "当面拒签", "witness_one": "李敏（mgr）", "witness_two": "韩培训（trn）",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "two", "field"),
    [
        ("cm", "trn", "witness_one"),  # himself
        ("trn", "cm", "witness_two"),
        ("hrh", "trn", "witness_one"),  # who served it
        ("trn", "second", "witness_two"),  # who enters it
        ("trn", "trn", "witness_two"),  # the same person
    ],
)
def test_who_cannot_witness(world: Decided, one: str, two: str, field: str) -> None:
    service = served(world)
    before = all_rows()
    with pytest.raises(ValidationError) as refusal:
        witnessed(world, service, one, two)
    assert list(refusal.value.message_dict) == [field]
    assert all_rows() == before


def test_the_database_wants_two_different_witnesses_and_not_the_server(world: Decided) -> None:
    service = served(world)
    rows_of = ServiceOfNotice.objects.filter(pk=service.pk)
    mgr, trn, hrh = (world.user(name) for name in ("mgr", "trn", "hrh"))
    for one, two, name in (
        (mgr, mgr, "notices_service_witnesses"), (mgr, None, "notices_service_witnesses"),
        (hrh, trn, "notices_service_not_server"), (None, None, "notices_service_refused"),
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            rows_of.update(state="refused", closed_at=at(BEFORE), witness_one=one, witness_two=two)


def test_a_refusal_needs_its_story_and_reach(world: Decided) -> None:
    service = served(world)
    before = all_rows()
    with pytest.raises(ValidationError, match="请写明拒绝签收的时间"):
        witnessed(world, service, "mgr", "trn", note=" ")
    with pytest.raises(ServiceOfNotice.DoesNotExist):
        witnessed(world, service, "mgr", "trn", who="hrsh")
    with pytest.raises(MissingFunction):
        witnessed(world, service, "wang", "trn", who="mgr")
    assert all_rows() == before


def test_withdrawn_it_holds_no_more_and_can_be_served_anew(world: Decided) -> None:
    service = served(world)
    GradeDecision.objects.filter(pk=world.keys["M-CD1"]).update(state="in_review", effective_from=None)
    take_down(world.decision("M-CD1"), at(BEFORE))
    service.refresh_from_db()
    assert service.state == "void"
    assert Message.objects.get(kind="service.void").recipient.username == "cm"
    before = all_rows()
    take_down(world.decision("M-CD1"), at(BEFORE))
    assert all_rows() == before
    GradeDecision.objects.filter(pk=world.keys["M-CD1"]).update(state="confirmed")
    assert served(world, day=date(2026, 10, 12)).number == "送达〔2026〕2号"
