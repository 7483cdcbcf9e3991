"""A supervisor rates two people on a phone, played in Chromium: buttons, a draft that survives, one tap to the next."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from appraisal.ratings.models import Rating
from tests.browsing import overflow
from tests.cast import Cast, stage
from tests.journeys.conftest import browser
from tests.journeys.test_people import person
from tests.ratings.stage import open_demo

__all__ = ["browser", "person"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast() -> Cast:
    return stage()


def test_a_supervisor_rates_his_people_on_a_phone(cast: Cast, person: Any) -> None:
    open_demo()
    supervisor = person(390)
    supervisor.sign_in("mgr")
    page = supervisor.page
    tile = page.locator("section", has=page.get_by_role("heading", name="评分任务"))
    expect(tile).to_contain_text("待评")
    page.goto(f"{supervisor.address}/rating-tasks/")
    assert overflow(page) == 0
    page.get_by_role("link", name="下一位：陈思远").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("给陈思远评分")
    assert overflow(page) == 0
    comm = page.get_by_role("group", name="快速评分").first
    good = comm.get_by_role("button", name="85 良好")
    box = good.bounding_box()
    assert box["height"] >= 44
    assert box["width"] >= 44
    good.click()
    expect(page.locator("[name=COMM]")).to_have_value("85")
    expect(good).to_have_attribute("aria-pressed", "true")
    page.locator("[name=COMM]").fill("86.5")
    expect(good).to_have_attribute("aria-pressed", "false")
    page.locator("[name='COMM.comment']").fill("客户反映好")
    # Half a sheet: he is called away, and finds it again.
    page.wait_for_timeout(600)
    page.goto(f"{supervisor.address}/rating-tasks/")
    page.go_back()
    page.reload()
    expect(page.locator("[name=COMM]")).to_have_value("86.5")
    expect(page.locator("[name='COMM.comment']")).to_have_value("客户反映好")
    page.get_by_role("button", name="保存，评下一位").click()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    assert not Rating.objects.exists()
    page.get_by_role("group", name="快速评分").nth(1).get_by_role("button", name="95 优秀").click()
    page.get_by_role("button", name="保存，评下一位").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("给王雅琴评分")
    expect(page.get_by_text("陈思远的评分已保存。")).to_be_visible()
    # The draft of one person is not the next one's.
    expect(page.locator("[name=COMM]")).to_have_value("")
    for group in page.get_by_role("group", name="快速评分").all():
        group.get_by_role("button", name="75 合格").click()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page).to_have_url(re.compile("/rating-tasks/$"))
    expect(page.locator("#main")).to_contain_text("2 / 2 人")
    given = Rating.objects.order_by("manager__employee_no", "indicator_code")
    assert [(r.manager.employee_no, r.indicator_code, str(r.score), r.comment) for r in given] == [
        ("M-CD1", "COMM", "86.50", "客户反映好"),
        ("M-CD1", "TEAM", "95.00", ""),
        ("M-CD2", "COMM", "75.00", ""),
        ("M-CD2", "TEAM", "75.00", ""),
    ]
    assert overflow(page) == 0
