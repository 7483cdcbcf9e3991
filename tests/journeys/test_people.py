"""People come in, played by hand in Chromium: sign in, find, change, import, take back; and a supervisor on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from cmsys.audit.models import Event
from managers.profiles.models import RelationshipManager
from tests.browsing import follow, overflow
from tests.cast import PASSWORD, Cast, stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEADERS = "工号,姓名,所属机构,等级,入职日期,手机\n"
FAULTY = (
    HEADERS
    + "M-N1,林一,CD,JUNIOR,2025-03-01,13800000001\nM-N2,林二,没有这个机构,JUNIOR,2025-13-01,13800000002\n"
)
MENDED = FAULTY.replace("没有这个机构", "CX").replace("2025-13-01", "2025-03-01")


@pytest.fixture
def cast() -> Cast:
    return stage()


class Person:
    """Somebody at a screen; collects what a person would not see and a developer must."""

    def __init__(self, browser: Browser, address: str, width: int) -> None:
        self.address = address
        self.context = browser.new_context(viewport={"width": width, "height": 860}, locale="zh-CN")
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: Any) -> None:
        # A refused form is a 422 on purpose, and the browser reports every such answer.
        if message.type == "error" and "422" not in message.text:
            self.complaints.append(message.text)

    def sign_in(self, username: str) -> None:
        self.page.goto(f"{self.address}/sign-in/")
        self.page.locator("#id_username").fill(username)
        self.page.locator("#id_password").fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("您好")


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


def test_hr_finds_a_manager_by_pinyin_changes_him_and_sees_who_did_it(cast: Cast, person: Any) -> None:
    hr = person(1440)
    hr.sign_in("hrh")
    page = hr.page
    page.get_by_role("link", name="客户经理", exact=True).first.click()
    page.get_by_label("姓名/工号/拼音").fill("csy")
    page.get_by_role("button", name="查询").click()
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"[?&]q=csy"))
    page.get_by_role("link", name="陈思远", exact=True).click()
    page.get_by_role("link", name="编辑").click()
    page.get_by_label("专业").fill("应用统计")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存。")).to_be_visible()
    history = page.locator("#card-history")
    expect(history).to_contain_text("修改档案")
    expect(history).to_contain_text("郑人事（hrh）")
    expect(history.locator("del").first).to_have_text("金融学")
    expect(history.locator("ins").first).to_have_text("应用统计")
    assert RelationshipManager.objects.get(employee_no="M-CD1").major == "应用统计"


def test_hr_imports_a_faulty_file_mends_it_brings_it_in_and_takes_it_back(
    cast: Cast, person: Any, tmp_path: Path
) -> None:
    hr = person(1440)
    hr.sign_in("hrh")
    page = hr.page
    before = RelationshipManager.objects.count()
    for name, text in (("错的.csv", FAULTY), ("改好的.csv", MENDED)):
        (tmp_path / name).write_text(text, encoding="utf-8-sig")
    page.goto(f"{hr.address}/imports/managers/new/")
    page.locator("#id_file").set_input_files(tmp_path / "错的.csv")
    page.get_by_role("button", name="上传并检查").click()
    findings = page.locator("section[aria-labelledby=errors-title]")
    expect(findings).to_contain_text("没有这个机构")
    expect(findings).to_contain_text("2025-13-01")
    assert RelationshipManager.objects.count() == before
    page.get_by_role("link", name="重新上传").first.click()
    page.locator("#id_file").set_input_files(tmp_path / "改好的.csv")
    page.get_by_role("button", name="上传并检查").click()
    page.get_by_role("button", name=re.compile("导入")).last.click()
    expect(page.get_by_role("link", name="撤销这一批")).to_be_visible()
    assert RelationshipManager.objects.count() == before + 2
    follow(page, page.get_by_role("link", name="撤销这一批"))
    if page.get_by_label("原因").count():
        page.get_by_label("原因").first.fill("演练")
    page.get_by_role("button", name=re.compile("撤销")).click()
    expect(page.locator("#main")).to_contain_text("已撤销，恢复到导入之前。")
    assert RelationshipManager.objects.count() == before


def test_a_supervisor_on_a_phone_sees_his_own_people_and_may_ask_for_a_number(
    cast: Cast, person: Any
) -> None:
    supervisor = person(390)
    supervisor.sign_in("mgr")
    page = supervisor.page
    page.goto(f"{supervisor.address}/managers/")
    expect(page.locator("#results tbody tr")).to_have_count(2)
    assert overflow(page) == 0
    follow(page, page.get_by_role("link", name="王雅琴", exact=True))
    expect(page.get_by_role("heading", level=1)).to_contain_text("王雅琴")
    assert overflow(page) == 0
    expect(page.get_by_text("139****1111")).to_be_visible()
    follow(page, page.get_by_role("link", name=re.compile("查看原文")).first)
    page.get_by_label("原因").fill("外出联系")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_text("13900001111")).to_be_visible()
    look = Event.objects.get(kind="pii.reveal")
    assert (look.actor_name, look.object_label, look.reason) == ("李敏（mgr）", "王雅琴（M-CD2）", "外出联系")
    assert "13900001111" not in str(look.after)
