"""Played by hand in Chromium: a supervisor on her phone answers in two taps and refuses with a reason, another by keys alone,
the head approves; nothing wider than the screen, axe finds nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from cmsys.local.frontend import ensure_test_assets
from customers.service.models import Ticket
from tests.approval.world import NOW, Bench, bench
from tests.browsing import follow, overflow
from tests.cast import stage
from tests.customers.stage import register
from tests.journeys.conftest import browser
from tests.journeys.screens import AXE_TAGS
from tests.journeys.test_people import person

__all__ = ["browser", "person"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REVIEW = "/allocation-reviews/FK-2026-0001/"


@pytest.fixture
def fresh() -> Bench:
    with transaction.atomic():
        cast = stage()
        register(cast)
        found = bench(cast)
        complained = found.line("C-OY").customer
        Ticket.objects.create(ticket_no="T-1", customer=complained, kind="complaint", opened_at=NOW)
        found.submit()
    return found


def violations(page: Page, within: str = "main, .dock") -> list[str]:
    page.evaluate((ensure_test_assets(print) / "axe.min.js").read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(
        "([within, tags]) => axe.run(within, {runOnly: tags}).then(found => found.violations.map(one =>"
        " one.id + ' ' + one.nodes.slice(0, 2).map(node => node.target.join(' ')).join(' | ')))",
        [within, AXE_TAGS],
    )
    return found


def test_a_plan_on_a_phone_and_by_keys(fresh: Bench, person: Any) -> None:
    phone = person(390)
    phone.sign_in("mgr")
    page = phone.page
    page.goto(f"{phone.address}{REVIEW}")
    assert overflow(page) == 0
    expect(page.locator("[data-picked]")).to_have_text("请先选中客户")
    assert violations(page) == []
    # One line: a tick and a button.
    page.get_by_role("checkbox", name="选中 李*").check()
    expect(page.locator("[data-picked]")).to_have_text("已选 1 户")
    follow(page, page.get_by_role("button", name=re.compile("^同意所选")))
    assert fresh.side("C-LI", "both").verdict == "agreed"
    # A refusal: the bar opens into its reason; a phrase fills it.
    page.get_by_role("checkbox", name="选中 欧阳**").check()
    page.locator("[data-refuse] > summary").click()
    expect(page.locator("#answer-reason")).to_be_focused()
    page.get_by_role("button", name="有在办业务，暂不宜更换。").click()
    assert overflow(page) == 0
    # What lies below the open reason is no target meanwhile.
    assert violations(page, ".dock") == []
    follow(page, page.get_by_role("button", name="不同意所选"))
    assert fresh.side("C-OY", "giving").reason == "有在办业务，暂不宜更换。"
    # Why, and back.
    page.get_by_role("link", name=re.compile("为什么.*深圳恒达")).click()
    expect(page.get_by_role("heading", name="为什么是他")).to_be_visible()
    assert overflow(page) == 0
    assert violations(page) == []
    follow(page, page.get_by_role("button", name="同意", exact=True))
    follow(page, page.get_by_role("button", name="同意全部 2 户"))
    expect(page.get_by_text("这里没有等您审核的客户。")).to_be_visible()

    keys = person(1440)
    keys.sign_in("mgrcx")
    page = keys.page
    page.goto(f"{keys.address}{REVIEW}")
    # Nothing is picked: A does nothing.
    page.keyboard.press("a")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-picked]")).to_have_text("已选 2 户")
    assert violations(page) == []
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("a")
    assert len(fresh.sides(unit__code="CX", verdict="agreed")) == 2
    page.get_by_role("checkbox", name="选中 欧阳**").check()
    page.keyboard.press("a")
    expect(page.get_by_text("各方都已答复，转分管领导审批")).to_be_visible()

    head = person(390)
    head.sign_in("ldr")
    page = head.page
    page.goto(f"{head.address}/allocation-plans/FK-2026-0001/approve/")
    assert overflow(page) == 0
    assert violations(page) == []
    expect(page.get_by_role("button", name="批准 4 户")).to_be_visible()
    follow(page, page.get_by_role("button", name="批准 4 户"))
    expect(page.locator("#card-approval")).to_contain_text("批准 4 户，未批准 0 户，不同意 1 户")
    assert fresh.plan.state == "approved"
