"""公示稿, 送达通知书与回执, 聘任通知 as PDF: what they say, the same bytes, numbered once, each print an event."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from pypdf import PdfReader

from appraisal.grading.models import GradeDecision
from appraisal.notices.models import AppointmentLetter
from appraisal.notices.services.drafts import notice_draft
from appraisal.notices.services.serving import refusal_witness, service_serve, service_sign
from cmsys.audit.models import Event
from cmsys.local import frontend
from tests.notices.test_notices import published
from tests.notices.test_service import HANDED
from tests.notices.world import BEFORE, Decided, at

pytestmark = pytest.mark.django_db

SignIn = Callable[[str], Browser]


@pytest.fixture(scope="module", autouse=True)
def _fonts() -> None:
    frontend.ensure(print)


def words(content: bytes) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def printed(browser: Browser, address: str) -> bytes:
    answer = browser.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    return bytes(answer.content)


def missing(text: str, *expected: str) -> list[str]:
    return [item for item in expected if item not in text]


def test_a_notice_on_paper(world: Decided, signed_in: SignIn) -> None:
    notice = published(world)
    hrh, address = signed_in("hrh"), f"/notices/{notice.pk}/print.pdf"
    content = printed(hrh, address)
    found = words(content)
    assert missing(
        found, "关于2025Q4客户经理拟晋升人员的公示", "公示〔2026〕1号", "赵立群", "城西支行", "初级客户经理", "中级客户经理", "周婷",
        "公示时间：2026年9月28日至2026年10月10日（5个工作日，公布当日不计）", "公示范围：全行", "异议受理：", "总行人力资源部",
        "2026年9月28日", "盖章处", "第1页共1页",
    ) == []  # fmt: skip
    for hidden in ("M-CX1", "88.45", "陈思远", "王雅琴"):
        assert hidden not in found
    assert printed(hrh, address) == content
    assert Event.objects.filter(kind="notice.print", object_id=str(notice.pk)).count() == 2
    for who, status in (("zhao", 403), ("cmd", 403), ("hrb", 404), ("hrsh", 404)):
        assert signed_in(who).get(address).status_code == status


def test_a_draft_on_paper_says_that_it_is_one(world: Decided, signed_in: SignIn) -> None:
    draft = notice_draft(actor=world.user("hrh"), round_id=world.round.pk, now=at(BEFORE), today=BEFORE)
    found = words(printed(signed_in("hrh"), f"/notices/{draft.pk}/print.pdf"))
    assert missing(found, "（草稿，未编号）", "自公布之日起5个工作日（公布当日不计）") == []


def test_a_long_notice_repeats_its_head_and_cuts_no_row(world: Decided, signed_in: SignIn) -> None:
    from tests.notices.test_pages import crowd

    notice = published(world)
    crowd(world, 60)
    pages = PdfReader(io.BytesIO(printed(signed_in("hrh"), f"/notices/{notice.pk}/print.pdf"))).pages
    texts = [re.sub(r"\s", "", page.extract_text()) for page in pages]
    assert len(texts) >= 3
    # A page without rows of the table has no head either.
    for text in texts:
        assert ("序号姓名机构现等级拟晋升等级" in text) is ("员工" in text)
    assert len(re.findall(r"员工\d+城西支行", "".join(texts))) == 60


def serve(world: Decided) -> Any:
    return service_serve(
        actor=world.user("hrh"),
        decision_id=world.keys["M-CD1"],
        delivery=HANDED,
        now=at(BEFORE),
        today=BEFORE,
    )


def test_a_service_with_its_receipt(world: Decided, signed_in: SignIn) -> None:
    service = serve(world)
    address = f"/served/{service.pk}/print.pdf"
    content = printed(signed_in("hrh"), address)
    found = words(content)
    assert missing(
        found, "等级变更决定送达通知书", "送达〔2026〕1号", "陈思远（工号M-CD1）",
        "您的客户经理等级由“中级客户经理”调整为“初级客户经理”，自2026年10月1日起执行", "2025Q4考核绩效得分35.00，低于60分。",
        "可在2026年10月10日前（含当日）提出申诉", "结果不会更不利于您", "送达回执", "送达方式当面", "送达日期2026年9月28日",
        "签收情况待签收", "受送达人签收", "拒收时见证人", "盖章处",
    ) == []  # fmt: skip
    assert printed(signed_in("hrh"), address) == content
    # Another reader, another watermark.
    assert printed(signed_in("cm"), address) != content
    assert Event.objects.filter(kind="service.print").count() == 3
    service_sign(actor=world.user("cm"), service_id=service.pk, now=at(date(2026, 9, 29)))
    assert "已在系统签收2026-09-29" in words(printed(signed_in("cm"), address))


def test_a_refusal_names_its_witnesses_on_the_receipt(world: Decided, signed_in: SignIn) -> None:
    service = serve(world)
    refusal_witness(
        actor=world.user("second"), service_id=service.pk, witnesses=(world.user("mgr"), world.user("trn")), note="拒签",
        now=at(BEFORE),
    )  # fmt: skip
    found = words(printed(signed_in("hrh"), f"/served/{service.pk}/print.pdf"))
    assert (
        missing(found, "拒绝签收（有见证）2026-09-28", "见证人1：李敏（mgr）", "见证人2：韩培训（trn）") == []
    )


def test_a_letter_of_appointment_after_the_day(world: Decided, signed_in: SignIn) -> None:
    address = f"/grade-decisions/{world.keys['M-CX1']}/appointment.pdf"
    assert signed_in("hrh").get(address).status_code == 409
    assert not AppointmentLetter.objects.exists()
    GradeDecision.objects.filter(pk=world.keys["M-CX1"]).update(
        state="effective", effective_from=date(2026, 10, 11)
    )
    content = printed(signed_in("hrh"), address)
    year = timezone.localdate().year
    assert missing(
        words(content), "聘任通知", f"聘任〔{year}〕1号", "赵立群（工号M-CX1）：",
        "自2026年10月11日起聘任您为中级客户经理（原等级：初级客户经理）", "特此通知", "总行人力资源部", "盖章处",
    ) == []  # fmt: skip
    # Its number is given once, whoever prints it.
    assert f"聘任〔{year}〕1号" in words(printed(signed_in("zhao"), address))
    assert printed(signed_in("hrh"), address) == content
    assert AppointmentLetter.objects.count() == 1
    assert Event.objects.filter(kind="appointment.print").count() == 3
    for who, status in (
        ("chief", 200),
        ("hrb", 200),
        ("cm", 404),
        ("mgr", 404),
        ("hrsh", 404),
        ("cmd", 403),
        ("aud", 403),
    ):
        assert signed_in(who).get(address).status_code == status, who


@pytest.mark.parametrize(
    ("number", "state"), [("M-CD1", "effective"), ("M-CD2", "effective"), ("M-PD1", "cleared")]
)
def test_no_letter_for_anything_but_a_promotion_in_effect(
    world: Decided, signed_in: SignIn, number: str, state: str
) -> None:
    GradeDecision.objects.filter(pk=world.keys[number]).update(state=state, effective_from=date(2026, 10, 11))
    assert signed_in("hrh").get(f"/grade-decisions/{world.keys[number]}/appointment.pdf").status_code == 409
    assert not AppointmentLetter.objects.exists()
