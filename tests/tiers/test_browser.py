"""A rule is tried, adopted and carried out at a desk; a supervisor reads the reasons on a telephone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from cmsys.demo.tiers import sort_customers
from cmsys.jobs.models import Job
from customers.registry.models import Customer
from customers.tiers.models import TierChange, TierRule, TierRun
from tests.cast import PASSWORD, STAGE, TODAY, stage
from tests.customers.stage import register
from tests.tiers.world import NOW, dealings, run_jobs, text

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1440


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


def narrow(page: Page) -> None:
    """Nothing is wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url  # type: ignore[index]


def test_from_a_document_to_the_tiers_of_customers(
    seat: Callable[[str, int], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_given: TODAY)
    register(stage())
    dealings()
    cmd = seat("cmd", DESK)
    cmd.goto("/tier-rules/import/")
    cmd.get_by_label("文本", exact=True).fill(text(hysteresis={"points": 5, "runs": 2}))
    cmd.get_by_role("button", name="检查并导入").click()
    cmd.get_by_role("link", name="试算").click()
    cmd.get_by_role("button", name="开始试算").click()
    expect(cmd.locator("main")).to_contain_text("正在计算")
    run_jobs()
    cmd.reload()
    trial = TierRun.objects.get()
    expect(cmd.locator("[data-matrix]")).to_be_visible()
    expect(cmd.locator(".chart-canvas[data-drawn]")).to_be_visible()
    # A number of the flow opens its customers.
    cmd.locator("[data-matrix] a").first.click()
    expect(cmd).to_have_url(
        f"{cmd.url.split('/tier-changes')[0]}/tier-changes/?run={trial.number}&before=A&after=C"
    )
    rule = TierRule.objects.get()
    cmd.goto(f"/tier-rules/{rule.pk}/")
    cmd.get_by_role("link", name="采用", exact=True).click()
    cmd.get_by_label("理由").fill("办公会通过")
    cmd.get_by_role("button", name="采用").click()
    cmd.get_by_role("link", name="运行分级").click()
    cmd.get_by_role("button", name="开始").click()
    run_jobs()
    run = TierRun.objects.get(purpose="proposal")
    cmd.goto(f"/tier-runs/{run.number}/")
    cmd.get_by_role("link", name="采用建议").click()
    cmd.get_by_label("理由").fill("季度评审")
    cmd.get_by_role("button", name="采用").click()
    run_jobs()
    cmd.reload()
    expect(cmd.locator("main")).to_contain_text("已写入")
    assert Customer.objects.get(customer_no="C-NO").tier is not None
    # On a telephone: the list, the reasons of a line, the customer's page.
    mgr = seat("mgr", PHONE)
    line = TierChange.objects.filter(run=run).order_by("customer__customer_no").first()
    assert line is not None
    for address in (
        f"/tier-rules/{rule.pk}/",
        f"/tier-runs/{run.number}/",
        "/tier-changes/",
        "/customers/C-HD/",
    ):
        mgr.goto(address)
        narrow(mgr)
    phone = seat("cmd", PHONE)
    phone.goto(f"/tier-changes/{line.pk}/")
    expect(phone.locator("main")).to_contain_text("得分的由来")
    narrow(phone)


def test_the_demonstration_sorts_its_customers(transactional_db: None) -> None:
    """The example rule, by the jobs themselves: proposed first, then asked again and applied."""
    register(stage())
    dealings()
    run = sort_customers(actor=STAGE, today=TODAY, now=NOW)
    assert (run.state, str(run.rule), run.customers) == ("proposed", "KHFJ v1", 4)
    again = sort_customers(actor=STAGE, today=TODAY, now=NOW, apply=True)
    assert (again.state, again.done_count, again.digest) == ("applied", again.moves, run.digest)
    assert {job.state for job in Job.objects.filter(kind__startswith="customers.tiers")} == {"done"}
