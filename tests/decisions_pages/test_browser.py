"""A supervisor decides in Chromium, wide and on a phone; clicks, keys and taps are counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.services.review import decision_approve, decision_return
from cmsys.local.frontend import ensure_test_assets
from tests.browsing import follow, overflow
from tests.cast import stage as cast_stage
from tests.decisions_pages.stage import Stage, staged
from tests.journeys.conftest import browser
from tests.journeys.screens import AXE_TAGS
from tests.journeys.test_people import Person, person

__all__ = ["browser", "person"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stage() -> Stage:
    return staged(cast_stage(), 20)


class Counting:
    """Somebody at a screen whose clicks are counted by the page itself."""

    def __init__(self, who: Person) -> None:
        self.who, self.page, self.clicks = who, who.page, 0
        self.page.expose_function("counted", self._count)
        self.page.add_init_script(
            "addEventListener('click', event => event.isTrusted && event.detail > 0 && counted(), true)"
        )

    def _count(self) -> None:
        self.clicks += 1

    def begin(self, path: str) -> None:
        self.page.goto(self.who.address + path)
        self.clicks = 0


def signed(person: Any, width: int, who: str = "mgr") -> Counting:
    made = person(width)
    made.sign_in(who)
    return Counting(made)


def toast(page: Any) -> Any:
    return page.locator("#toasts")


def test_three_clicks_from_the_desk(stage: Stage, person: Any) -> None:
    """The tile, the person, 通过: and the next case is there at once."""
    at = signed(person, 1440)
    page = at.page
    at.begin("/")
    page.locator("section", has=page.get_by_role("heading", name="待我复核")).get_by_role(
        "link"
    ).first.click()
    page.get_by_role("link", name=re.compile("林若水")).click()
    expect(page).to_have_title(re.compile("林若水 初级 → 中级 · 第 2 项，共 21 项"))
    page.get_by_role("button", name="通过", exact=True).click()
    expect(toast(page)).to_contain_text("已通过：林若水 初级 → 中级，转人力资源审定。")
    expect(page.locator("#case")).to_contain_text("宋明哲")
    assert at.clicks == 3
    assert stage.case("P-000").state == "reviewed"


def test_two_taps_on_a_phone(stage: Stage, person: Any) -> None:
    for width in (390, 360):
        at = signed(person, width)
        page = at.page
        page.goto(f"{at.who.address}/grade-review/")
        assert overflow(page) == 0
        expect(page.locator("#case")).to_be_hidden()
        expect(page.locator(".review-dock")).to_be_hidden()
        number = "P-000" if width == 390 else "P-001"
        case = stage.case(number)
        page.get_by_role("link", name=re.compile(case.manager.name)).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"等级变更 2 / \d+"))
        assert overflow(page) == 0
        at.clicks = 0
        ok = page.get_by_role("button", name="通过", exact=True)
        box = ok.bounding_box()
        assert box["height"] >= 44
        # Within reach of the thumb: at the lower edge, whatever was scrolled.
        assert box["y"] + box["height"] <= 860
        assert box["y"] > 760
        ok.click()
        expect(toast(page)).to_contain_text(f"已通过：{case.manager.name}")
        assert at.clicks == 1
        assert stage.case(number).state == "reviewed"
        # A demotion shows what speaks for looking twice: two taps.
        page.goto(f"{at.who.address}/grade-review/?case={stage.case('M-CD1').pk}")
        page.get_by_role("link", name="通过", exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("建议降级，须逐人办理。")
        assert overflow(page) == 0
        dialog.get_by_role("button", name="取消").click()
        page.locator(".review-more > summary").click()
        expect(page.get_by_role("link", name="调整等级")).to_be_visible()
        expect(page.get_by_role("link", name="转办")).to_be_visible()
        assert overflow(page) == 0


def test_twenty_together_in_three_clicks(stage: Stage, person: Any) -> None:
    at = signed(person, 1440)
    page = at.page
    at.begin("/grade-review/")
    expect(page.get_by_role("button", name="通过选中的 0 项")).to_be_disabled()
    page.get_by_label("选中无提示的 20 项").click()
    page.get_by_role("button", name="通过选中的 20 项").click()
    expect(page.locator("#main")).to_contain_text("晋升 20 人。")
    page.get_by_role("button", name="通过这 20 项").click()
    expect(toast(page)).to_contain_text("已通过 20 项。")
    assert at.clicks <= 5
    assert GradeDecision.objects.filter(state="reviewed").count() == 20
    assert stage.case("M-CD1").state == "in_review"


def test_with_the_keyboard_alone(stage: Stage, person: Any) -> None:
    at = signed(person, 1440)
    page = at.page
    at.begin("/grade-review/")
    expect(page.locator("#case")).to_contain_text("陈思远")
    expect(page.get_by_text("打开完整页").first).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#case")).to_contain_text("林若水")
    page.keyboard.press("j")
    expect(page.locator("#case")).to_contain_text("宋明哲")
    page.keyboard.press("k")
    expect(page.locator("#case")).to_contain_text("林若水")
    page.keyboard.press("a")
    expect(toast(page)).to_contain_text("已通过：林若水")
    expect(page.locator("#case")).to_contain_text("宋明哲")
    # Back, with a phrase; letters typed into the reason are letters.
    page.keyboard.press("r")
    reason = page.get_by_role("dialog").get_by_label("理由")
    expect(reason).to_be_focused()
    page.get_by_role("dialog").get_by_role("button", name="数据与实际不符，请核对：").press("Enter")
    expect(reason).to_be_focused()
    page.keyboard.type("ajkr")
    expect(reason).to_have_value("数据与实际不符，请核对：ajkr")
    page.get_by_role("dialog").get_by_role("button", name="退回", exact=True).press("Enter")
    expect(toast(page)).to_contain_text("已退回：宋明哲")
    assert stage.case("P-001").state == "returned"
    # Esc closes and gives the focus back.
    page.keyboard.press("r")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    # Turned off, letters do nothing; and that is remembered.
    page.get_by_role("button", name="快捷键：开").press("Enter")
    page.reload()
    expect(page.get_by_role("button", name="快捷键：关")).to_be_visible()
    shown = page.title()
    page.keyboard.press("j")
    page.wait_for_timeout(300)
    assert page.title() == shown
    page.get_by_role("button", name="快捷键：关").press("Enter")
    page.locator("h1").click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("何雨桐的等级变更")
    assert at.clicks == 1


def test_amend_and_delegate_in_dialogs(stage: Stage, person: Any) -> None:
    at = signed(person, 1440)
    page = at.page
    page.goto(f"{at.who.address}/grade-review/?case={stage.case('P-000').pk}")
    page.get_by_role("link", name="调整", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("调整为").select_option("JUNIOR")
    dialog.get_by_role("button", name="任职时间尚短，本期暂缓晋升。").click()
    dialog.get_by_role("button", name="调整后通过").click()
    expect(toast(page)).to_contain_text("已调整：林若水 保持 初级")
    assert stage.case("P-000").kind == "hold"
    page.get_by_role("link", name="转办", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("转给").select_option(label="何平 · 城西支行")
    dialog.get_by_label("理由").fill("出差")
    dialog.get_by_role("button", name="转办").click()
    expect(toast(page)).to_contain_text("已转办：宋明哲")
    assert stage.case("P-001").assignee_id == stage.users["mgr2"].pk


def test_a_double_click_is_one_decision(stage: Stage, person: Any) -> None:
    at = signed(person, 1440)
    page = at.page
    page.goto(f"{at.who.address}/grade-review/?case={stage.case('P-000').pk}")
    page.get_by_role("button", name="通过", exact=True).dblclick()
    expect(page.locator("#case")).to_contain_text("宋明哲")
    page.wait_for_timeout(300)
    assert DecisionStep.objects.filter(verb="approve").count() == 1
    # The page before says what has become of it.
    page.go_back()
    expect(page.locator("#case")).to_contain_text("这一事项现在是“待审定”。")


@pytest.fixture
def without_script(browser: Browser, live_server: Any) -> Iterator[Any]:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="zh-CN", java_script_enabled=False
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{live_server.url}/sign-in/")
    page.locator("#id_username").fill("mgr")
    page.locator("#id_password").fill("Cast-password-1")
    follow(page, page.get_by_role("button", name="登录"))
    yield page, live_server.url
    context.close()


def test_without_script(stage: Stage, without_script: Any) -> None:
    page, address = without_script
    page.goto(f"{address}/grade-review/?case={stage.case('P-000').pk}")
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("已通过：林若水")
    page.get_by_role("link", name="退回（须填理由）").click()
    page.get_by_label("理由").fill("请核对")
    page.get_by_role("button", name="退回").click()
    expect(page.locator("#toasts")).to_contain_text("已退回：宋明哲")
    page.get_by_label("选中 何雨桐").check()
    page.get_by_role("button", name="批量办理所选").click()
    page.get_by_role("button", name="通过这 1 项").click()
    expect(page.locator("#toasts")).to_contain_text("已通过 1 项。")


def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(stage: Stage, person: Any) -> None:
    axe = (ensure_test_assets(print) / "axe.min.js").read_text(encoding="utf-8")
    stage.take("P-003", decision_approve, "mgr", "同意。")
    stage.take("P-004", decision_return, "mgr", "请核对")
    pages = {
        "mgr": [
            "/grade-review/", f"/grade-review/?case={stage.case('M-CD1').pk}", "/grade-review/?tab=handed", "/grade-decisions/",
            f"/grade-decisions/{stage.case('P-000').pk}/", f"/grade-decisions/{stage.case('P-000').pk}/delegate/",
            f"/grade-review/batch/?selected={stage.case('P-000').pk}",
        ],
        "hrh": ["/grade-confirm/", "/grade-confirm/?tab=returned", "/grading-rounds/", f"/grading-rounds/{stage.round.pk}/",
                f"/grading-rounds/{stage.round.pk}/close/"],
    }  # fmt: skip
    wrong = []
    for who, addresses in pages.items():
        for width in (1440, 390):
            at = signed(person, width, who)
            page = at.page
            for address in addresses:
                page.goto(at.who.address + address)
                if overflow(page):
                    wrong.append(f"{address} {width}: wider than the screen")
                page.evaluate(axe)
                states = [""]
                if (
                    page.locator("a[data-opens=dialog-return]").count()
                    and page.locator("a[data-opens=dialog-return]").is_visible()
                ):
                    states.append("a[data-opens=dialog-return]")
                for opener in states:
                    if opener:
                        page.locator(opener).click()
                    found = page.evaluate(
                        "tags => axe.run(document, {runOnly: tags}).then(found => found.violations.map(one =>"
                        " one.id + ' ' + one.nodes.slice(0, 2).map(node => node.target.join(' ')).join(' | ')))",
                        AXE_TAGS,
                    )
                    wrong += [f"{address} {width} {opener}: {violation}" for violation in found]
    assert wrong == []
