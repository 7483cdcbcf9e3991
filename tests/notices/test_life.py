"""From confirmation to the day it takes effect: a promotion that is objected to twice, a demotion that is signed, and what is
withdrawn on the way, through the services of the room of grading."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from appraisal.grading.services.confirming import decision_confirm, decision_withdraw
from appraisal.grading.services.effect import take_effect
from appraisal.grading.services.review import decision_approve
from appraisal.notices.models import NoticeLine, PublicNotice, ServiceOfNotice
from appraisal.notices.services.serving import service_sign
from cmsys.workflow.form import Form
from managers.profiles.models import RelationshipManager
from tests.cast import STAGE
from tests.notices.test_notices import end, published
from tests.notices.test_objections import answered, lodged
from tests.notices.test_service import served
from tests.notices.world import BEFORE, Decided, at

pytestmark = pytest.mark.django_db


def grade_of(number: str) -> str:
    manager = RelationshipManager.objects.select_related("grade").get(employee_no=number)
    return manager.grade.code if manager.grade else ""


def move(service: Any, world: Decided, who: str, number: str, day: date, reason: str = "") -> None:
    service(
        actor=world.user(who),
        decision_id=world.keys[number],
        form=Form(reason=reason),
        now=at(day, 16),
        today=day,
    )


def effect(day: date) -> int:
    return take_effect(actor=STAGE, today=day, now=at(day, 0, 10)).effective


def test_a_promotion_from_its_notice_to_its_day(world: Decided) -> None:
    assert grade_of("M-CX1") == "JUNIOR"
    first = published(world, decision_ids=[world.keys["M-CX1"]])
    answered(world, lodged(world, first), "uphold", answer="回款未到。")
    assert world.decision("M-CX1").state == "in_review"
    # Reviewed and confirmed anew on 10-09, by those whose levels they are.
    day = date(2026, 10, 9)
    move(decision_approve, world, "chief", "M-CX1", day)
    move(decision_confirm, world, "hrb", "M-CX1", day)
    second = published(world, decision_ids=[world.keys["M-CX1"]], day=day)
    # 10-10 (Saturday), 10-12, 10-13, 10-14, 10-15.
    assert (second.number, second.ends_on) == ("公示〔2026〕2号", date(2026, 10, 15))
    answered(world, lodged(world, second, day=day), day=date(2026, 10, 12))
    # 王雅琴 keeps her grade from the day of the round on; 赵立群 waits.
    assert [effect(date(2026, 10, d)) for d in (11, 15)] == [1, 0]
    assert end(date(2026, 10, 16)) == 1
    assert effect(date(2026, 10, 16)) == 1
    decision = world.decision("M-CX1")
    assert (decision.state, decision.status, decision.effective_from) == (
        "effective",
        "effective",
        date(2026, 10, 16),
    )
    assert grade_of("M-CX1") == "MIDDLE"
    assert [(n.number, n.state) for n in PublicNotice.objects.order_by("pk")] == [
        ("公示〔2026〕1号", "withdrawn"), ("公示〔2026〕2号", "ended"),
    ]  # fmt: skip
    assert [step.verb for step in decision.steps.order_by("pk")] == [
        "approve", "confirm", "publish", "uphold", "approve", "confirm", "publish", "clear", "take_effect",
    ]  # fmt: skip


def test_a_demotion_from_its_service_to_its_day(world: Decided) -> None:
    # Confirmed is not enough: what nobody has served never takes effect.
    assert [effect(date(2026, 10, d)) for d in (1, 9)] == [0, 0] or world.decision(
        "M-CD1"
    ).state == "confirmed"
    service = served(world, day=date(2026, 10, 9))
    service_sign(actor=world.user("cm"), service_id=service.pk, now=at(date(2026, 10, 9), 11))
    effect(date(2026, 10, 9))
    assert (world.decision("M-CD1").state, grade_of("M-CD1")) == ("served", "MIDDLE")
    effect(date(2026, 10, 10))
    assert (world.decision("M-CD1").state, grade_of("M-CD1")) == ("effective", "JUNIOR")
    assert world.decision("M-CD1").effective_from == date(2026, 10, 10)
    assert not NoticeLine.objects.filter(decision=world.keys["M-CD1"]).exists()


def test_a_withdrawal_takes_down_what_stands_and_voids_what_was_served(world: Decided) -> None:
    notice, service = published(world), served(world)
    for number in ("M-CX1", "M-CD1"):
        move(decision_withdraw, world, "hrh", number, BEFORE, reason="材料有误")
    assert [(line.name, line.state) for line in notice.lines.order_by("name")] == [
        ("周婷", "standing"), ("赵立群", "struck"),
    ]  # fmt: skip
    assert ServiceOfNotice.objects.get(pk=service.pk).state == "void"
    assert end(date(2026, 10, 11)) == 1
    assert {world.decision(number).state for number in ("M-CX1", "M-CD1")} == {"withdrawn"}
