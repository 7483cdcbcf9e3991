"""A new owner on a phone: his first contact in two taps, twice; and a paper signed on phones and at a desk."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from customers.engagement.models import Contract, Opportunity, Transaction
from customers.handover.models import FirstContact
from customers.service.models import Ticket
from tests.browsing import follow, overflow
from tests.cast import PASSWORD, stage
from tests.handover.world import World, world
from tests.journeys.conftest import browser

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1440


@pytest.fixture
def bank() -> World:
    """The plan takes effect today."""
    today = timezone.localdate()
    with transaction.atomic():
        made = world(stage(), today)
        customer = made.stage.customers["C-HD"]
        Contract.objects.create(
            contract_no="H-2024-018", customer=customer, amount=Decimal("3200000"), signed_on=date(2024, 3, 1),
            ends_on=today + timedelta(days=45),
        )  # fmt: skip
        Opportunity.objects.create(
            opportunity_no="O-31",
            customer=customer,
            stage="proposal",
            amount=Decimal("500000"),
            opened_on=today,
        )
        Ticket.objects.create(ticket_no="T-9", customer=customer, kind="complaint", opened_at=timezone.now())
        Transaction.objects.create(
            transaction_no="TX-1",
            customer=customer,
            occurred_on=today - timedelta(days=9),
            amount=Decimal("120000"),
        )
        made.apply(today=today)
    return made


@pytest.fixture
def seat(browser: Browser, live_server: Any) -> Iterator[Callable[[str, int], Page]]:
    """Somebody signed in, at a width; nothing may be complained about on his console."""
    contexts, complaints = [], []

    def make(username: str, width: int) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 860}, locale="zh-CN", base_url=live_server.url
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto("/sign-in/")
        page.locator("#id_username").fill(username)
        page.locator("#id_password").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("您好")
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def looked(page: Page, name: str) -> None:
    """Nothing is wider than the screen; a picture where one was asked for (CMSYS_SHOTS names the folder)."""
    assert overflow(page) == 0, page.url
    if folder := os.environ.get("CMSYS_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"handover-{name}.png"), full_page=True)


def test_two_taps_from_the_inbox_and_two_from_ones_own_customers(bank: World, seat: Any) -> None:
    phone = seat("wang", PHONE)
    phone.goto("/inbox/")
    looked(phone, "inbox-390")
    follow(phone, phone.get_by_role("link", name="首次联系 深圳恒达科技有限公司"))
    looked(phone, "record-390")
    button = phone.get_by_role("button", name="已联系")
    assert button.bounding_box()["height"] >= 44
    follow(phone, button)
    expect(phone.get_by_text("首次联系已记录。")).to_be_visible()
    done = FirstContact.objects.get(customer__customer_no="C-HD")
    assert (done.done_on, done.channel) == (timezone.localdate(), "phone")
    phone.goto("/my-customers/")
    looked(phone, "mine-390")
    mark = phone.get_by_role("link", name=re.compile("记录首次联系.*李雪梅"))
    assert mark.bounding_box()["height"] >= 44
    follow(phone, mark)
    follow(phone, phone.get_by_role("button", name="已联系"))
    assert FirstContact.objects.get(customer__customer_no="C-LI").done_name == "王雅琴（wang）"
    looked(phone, "recorded-390")


def test_a_paper_is_arranged_and_signed_by_three(bank: World, seat: Any) -> None:
    number = bank.paper().number
    mgr = seat("mgr", DESK)
    mgr.goto("/")
    looked(mgr, "desk-1440")
    mgr.goto("/handovers/")
    looked(mgr, "list-1440")
    follow(mgr, mgr.get_by_role("link", name=number, exact=True))
    looked(mgr, "open-1440")
    follow(mgr, mgr.get_by_role("link", name="李**"))
    follow(mgr, mgr.get_by_role("link", name="确定移交方式"))
    mgr.get_by_label("不移交").check()
    mgr.get_by_label("原因").fill("贷款逾期，暂不更换")
    looked(mgr, "arrange-1440")
    follow(mgr, mgr.get_by_role("button", name="确定"))
    for who, label in (("cm", "移交人签字"), ("wang", "接交人签字")):
        phone = seat(who, PHONE)
        phone.goto("/inbox/")
        follow(phone, phone.get_by_role("link", name=f"移交单 {number}"))
        looked(phone, f"{who}-paper-390")
        follow(phone, phone.get_by_role("link", name=label))
        looked(phone, f"{who}-sign-390")
        follow(phone, phone.get_by_role("button", name=label))
        expect(phone.get_by_text("已签字")).to_be_visible()
    follow(phone, phone.get_by_role("link", name="深圳恒达科技有限公司"))
    expect(phone.locator("#card-agenda li").first).to_contain_text("未办结投诉 1 件")
    looked(phone, "brief-390")
    mgr.goto(f"/handovers/{number}/")
    follow(mgr, mgr.get_by_role("link", name="监交签字"))
    follow(mgr, mgr.get_by_role("button", name="监交人签字"))
    expect(mgr.get_by_text("移交已办结。")).to_be_visible()
    looked(mgr, "closed-1440")
    follow(mgr, mgr.get_by_role("link", name="深圳恒达科技有限公司"))
    looked(mgr, "brief-1440")
    mgr.goto("/first-contacts/")
    looked(mgr, "contacts-1440")
    mgr.goto("/customers/C-HD/")
    expect(mgr.locator("#card-handovers")).to_contain_text("陈思远 移交 王雅琴")
    looked(mgr, "customer-1440")
    assert bank.paper().watched_name == "李敏（mgr）"
