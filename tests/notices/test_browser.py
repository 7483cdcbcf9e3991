"""Played by hand in Chromium: HR puts a notice up, a colleague objects on a phone, another of HR answers; a demotion is
served and signed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from appraisal.notices.models import NoticeObjection, PublicNotice, ServiceOfNotice
from appraisal.notices.words import last_day
from tests.browsing import follow, overflow
from tests.journeys.test_people import Person
from tests.notices.world import Decided, decided

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def bank() -> Decided:
    return decided()


@pytest.fixture
def person(browser: Browser, live_server: Any) -> Iterator[Any]:
    made: list[Person] = []

    def make(width: int) -> Person:
        made.append(Person(browser, live_server.url, width))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
        assert one.complaints == []


def test_a_notice_from_draft_to_answer(bank: Decided, person: Any) -> None:
    hr = person(1440)
    hr.sign_in("hrh")
    page = hr.page
    page.get_by_role("link", name="公示栏", exact=True).first.click()
    page.get_by_role("link", name="起草公示").first.click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("#card-people tbody tr")).to_have_count(2)
    page.get_by_role("link", name="发布", exact=True).click()
    today = timezone.localdate()
    ends_on = last_day(today, 5).isoformat()
    expect(page.locator(".effects")).to_contain_text(f"公示期 {today.isoformat()} 至 {ends_on}")
    follow(page, page.get_by_role("button", name="发布", exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text("关于2025Q4客户经理拟晋升人员的公示")
    notice = PublicNotice.objects.get()
    assert notice.state == "published"

    # 陈思远 on his phone: the tile of his desk leads to the notice.
    colleague = person(390)
    colleague.sign_in("cm")
    page = colleague.page
    page.locator(f'a[href="/notices/{notice.pk}/"]').first.click()
    expect(page.locator("#card-people")).to_contain_text("赵立群")
    assert overflow(page) == 0
    page.get_by_role("link", name="提出异议").click()
    page.get_by_label("对谁").select_option(label="赵立群 · 城西支行 · 初级客户经理 → 中级客户经理")
    page.get_by_label("异议内容").fill("业绩不实")
    follow(page, page.get_by_role("button", name="提交异议"))
    expect(page.locator(".field.bad")).to_have_count(1)
    page.get_by_label("事实与依据").fill("合同 C-1 尚未回款")
    assert overflow(page) == 0
    page.get_by_role("button", name="提交异议").click()
    expect(page.locator("#card-objection")).to_contain_text("陈思远（cm）")
    objection = NoticeObjection.objects.get()

    # 赵立群 learns that there is one, and nothing else.
    concerned = person(390)
    concerned.sign_in("zhao")
    concerned.page.goto(f"{concerned.address}/notices/{notice.pk}/")
    expect(concerned.page.locator("#card-people")).to_contain_text("有异议正在核实（1）")
    assert "陈思远" not in concerned.page.content()
    assert overflow(concerned.page) == 0

    second = person(1440)
    second.sign_in("second")
    page = second.page
    page.get_by_role("link", name="公示异议", exact=True).first.click()
    page.get_by_role("link", name="赵立群", exact=True).click()
    page.get_by_role("link", name="答复", exact=True).click()
    page.get_by_label("异议不成立，继续晋升").check()
    page.get_by_label("答复", exact=False).last.fill("经核实，已于月初回款。")
    page.get_by_role("button", name="答复", exact=True).click()
    expect(page.locator("#card-answer")).to_contain_text("经核实，已于月初回款。")
    objection.refresh_from_db()
    assert (objection.state, objection.answered_by) == ("rejected", bank.user("second"))


def test_a_demotion_is_served_and_signed(bank: Decided, person: Any) -> None:
    hr = person(1440)
    hr.sign_in("hrh")
    page = hr.page
    page.get_by_role("link", name="送达", exact=True).first.click()
    page.get_by_role("link", name="待送达 1 人").click()
    page.get_by_role("link", name=re.compile("^送达：?陈思远|送达")).last.click()
    expect(page.get_by_label("理由")).to_have_value(re.compile("绩效得分 35.00"))
    page.get_by_role("radio", name="系统").check()
    page.get_by_role("button", name="登记送达").click()
    expect(page.locator("#card-receipt")).to_contain_text("待签收")
    service = ServiceOfNotice.objects.get()

    concerned = person(390)
    concerned.sign_in("cm")
    page = concerned.page
    page.goto(f"{concerned.address}/inbox/")
    page.get_by_role("link", name="请签收等级变更决定").first.click()
    expect(page.locator("#card-decision")).to_contain_text("中级客户经理 → 初级客户经理")
    assert overflow(page) == 0
    page.get_by_role("link", name="签收", exact=True).click()
    page.get_by_role("button", name="签收", exact=True).click()
    expect(page.locator("#card-receipt")).to_contain_text("已在系统签收")
    service.refresh_from_db()
    assert service.state == "signed"
