"""An appeal on a phone, its answer at a desk; a plan drawn up and signed on telephones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.grading.models import GradeDecision
from cmsys.org.workdays import add_working_days
from tests.appeals.world import Appealed, appealed
from tests.browsing import follow, overflow
from tests.cast import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1440


@pytest.fixture
def told() -> Appealed:
    """陈思远's demotion was served today."""
    world = appealed()
    world.told("M-CD1", timezone.localdate())
    return world


@pytest.fixture
def seat(browser: Browser, live_server: Any) -> Iterator[Callable[[str, int], Page]]:
    """Somebody signed in, at a width; nothing may be complained about on his console but a refused form."""
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
    assert [text for text in complaints if "422" not in text] == []


def narrow(page: Page) -> None:
    """Nothing is wider than the screen."""
    assert overflow(page) == 0, page.url


def act(page: Page, label: str) -> None:
    """A button of the page's head, then the one that confirms it."""
    follow(page, page.get_by_role("link", name=label, exact=True))
    narrow(page)


def test_an_appeal_is_lodged_on_a_phone_commented_on_and_answered(told: Appealed, seat: Any) -> None:
    decision = told.decision("M-CD1")
    cm = seat("cm", PHONE)
    cm.goto(f"/grade-decisions/{decision.pk}/appeal/")
    last = add_working_days(timezone.localdate(), 5)
    expect(cm.locator("main")).to_contain_text(f"{last} 截止")
    narrow(cm)
    cm.get_by_label("数据有误").check()
    cm.get_by_label("事实与理由").fill("第四季度销售额少计 200 万元，见合同台账")
    follow(cm, cm.get_by_role("button", name="提交申诉"))
    # What is missing is said, what was typed is still there.
    expect(cm.get_by_label("事实与理由")).to_have_value("第四季度销售额少计 200 万元，见合同台账")
    cm.get_by_label("您请求怎样处理").fill("撤销降级")
    cm.get_by_role("button", name="提交申诉").click()
    expect(cm.get_by_role("heading", level=1)).to_contain_text("陈思远对 2025Q4 等级变更的申诉")
    narrow(cm)
    page_url = cm.url

    mgr = seat("mgr", PHONE)
    mgr.goto(page_url)
    act(mgr, "提交说明")
    mgr.get_by_label("说明").fill("系统口径不含续贷")
    mgr.get_by_role("button", name="提交说明").click()
    expect(mgr.locator("#card-statements")).to_contain_text("系统口径不含续贷")

    second = seat("second", DESK)
    second.goto("/appeals/")
    second.get_by_role("link", name="陈思远", exact=True).click()
    act(second, "受理")
    second.get_by_role("button", name="受理").click()
    act(second, "答复")
    second.get_by_label("成立", exact=True).check()
    second.get_by_label("撤销降级，恢复原等级").check()
    second.get_by_label("答复理由").fill("续贷应计入，核对属实")
    second.get_by_role("button", name="答复").click()
    expect(second.locator("#card-answer")).to_contain_text("续贷应计入，核对属实")

    cm.reload()
    expect(cm.locator("#card-answer")).to_contain_text("撤销降级，恢复原等级")
    assert GradeAppeal.objects.get().outcome == "upheld"
    assert GradeDecision.objects.get(pk=decision.pk).state == "withdrawn"


def test_a_plan_is_drawn_up_and_signed_on_telephones(told: Appealed, seat: Any) -> None:
    mgr, today = seat("mgr", PHONE), timezone.localdate()
    mgr.goto("/managers/M-CD1/")
    mgr.get_by_role("link", name="制定改进计划").click()
    mgr.get_by_label("为什么制定").fill("连续两期未完成目标")
    follow(mgr, mgr.get_by_role("button", name="下一步"))
    narrow(mgr)
    mgr.get_by_label("改进目标").fill("销售额达到目标的 90%")
    mgr.get_by_label("辅导人").fill("李敏")
    mgr.locator("#id_m1_text").fill("每周拜访五户")
    mgr.locator("#id_m1_how").fill("拜访记录")
    mgr.locator("#id_m1_due_on").fill((today + timedelta(days=60)).isoformat())
    mgr.locator("#id_c1_on").fill(today.isoformat())
    follow(mgr, mgr.get_by_role("button", name="保存"))
    act(mgr, "签字并送本人签署")
    follow(mgr, mgr.get_by_role("button", name="签字并送本人签署"))
    plan = ImprovementPlan.objects.get()
    assert plan.state == "signing"

    cm = seat("cm", PHONE)
    cm.goto(f"/improvement-plans/{plan.pk}/")
    narrow(cm)
    act(cm, "签署")
    cm.get_by_label("本人意见").fill("同意")
    cm.get_by_role("button", name="签署").click()
    expect(cm.locator("#card-plan")).to_contain_text("同意")

    mgr.reload()
    mgr.get_by_role("link", name="登记检查情况").click()
    mgr.get_by_label("未达到进度").check()
    mgr.get_by_label("检查情况").fill("只拜访了三户")
    mgr.get_by_role("button", name="保存").click()
    expect(mgr.locator("#card-checks")).to_contain_text("只拜访了三户")
    narrow(mgr)
    assert ImprovementPlan.objects.get().state == "active"
