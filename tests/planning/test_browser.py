"""The workbench in Chromium: lines are ticked, their effect is told below, a line is sent to another one, the plan is computed
again, wide and on a phone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page, expect

from customers.planning.models import AllocationPlan, PlanChoice
from customers.registry.models import Assignment, Customer
from managers.profiles.services.managers import manager_create
from tests.browsing import follow, overflow
from tests.cast import PASSWORD, STAGE, TODAY, Cast, stage
from tests.planning.world import planned, policy

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1440
TEAM = (("M-CD3", "孙立", "CD"), ("M-CD4", "何欣", "CD"), ("M-CX2", "高远", "CX"))
NAMES = ("精密制造", "医药连锁", "物流", "软件", "餐饮", "建材")


@pytest.fixture
def crowded() -> tuple[Cast, AllocationPlan]:
    """六十户企业客户 of 北京分行, two thirds of them with 陈思远, some with nobody; the branch is planned as one."""
    cast = stage()
    for number, name, unit in TEAM:
        cast.managers[number] = manager_create(
            actor=STAGE, today=TODAY, employee_no=number, name=name, unit=cast.units[unit], grade=cast.grades["MIDDLE"],
            hire_date=date(2018, 7, 1), mobile="", education="bachelor", experience_years=7, line=cast.line, major="金融学",
            email="", birth_date=date(1990, 5, 17),
        )  # fmt: skip
    staff = list(cast.managers.values())
    made = Customer.objects.bulk_create(
        Customer(
            customer_no=f"K-{n:02}", name=f"北京第{n}{NAMES[n % 6]}有限公司", name_pinyin=f"bei jing {n}", unit=cast.units["CD"],
            owner=None if n % 9 == 8 else staff[0] if n % 3 else staff[n % 3 + 4], tier=cast.tiers["ABC"[n % 3]],
        )
        for n in range(60)
    )  # fmt: skip
    Assignment.objects.bulk_create(
        Assignment(customer=one, manager_id=one.owner_id, role="primary", starts_on=date(2025, 1, 1))
        for one in made
        if one.owner_id
    )
    policy(
        area="branch", capacity={"JUNIOR": 60, "MIDDLE": 90, "SENIOR": 110, "none": 10},
        weights={"expertise": 30, "proximity": 20, "shortfall": 20, "waste": 5, "merit": 5, "fairness": 60_000},
    )  # fmt: skip
    with transaction.atomic():
        return cast, planned(cast, "BJ")


@pytest.fixture
def seat(browser: Browser, live_server: Any) -> Iterator[Callable[[str, int], Page]]:
    """Somebody signed in, at a width; nothing may be complained about on the console."""
    contexts, complaints = [], []

    def make(username: str, width: int) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="zh-CN", base_url=live_server.url
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


def test_lines_are_ticked_sent_elsewhere_and_planned_again(crowded: Any, seat: Any) -> None:
    cast, plan = crowded
    page = seat("cmd", DESK)
    page.goto(f"/allocation-plans/{plan.number}/")
    shot(page, "wide")
    bar = page.locator("#plan-bench")
    expect(bar.get_by_role("button", name="锁定")).to_be_disabled()
    boxes = page.locator("[data-plan-pick]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    expect(page.locator("#plan-effect")).to_contain_text("已选 2 行")
    line = page.locator("[data-plan-line]").nth(1)
    line.get_by_role("button", name="为什么").click()
    expect(page.locator(".plan-why-body")).to_contain_text("其次人选")
    shot(page, "why")
    line.get_by_role("button", name="为什么").click()
    expect(page.locator(".plan-why-body")).to_be_hidden()
    follow(page, bar.get_by_role("button", name="改派…"))
    expect(page.get_by_role("heading", level=1)).to_have_text("改派 2 户")
    shot(page, "assign")
    page.get_by_role("radio").nth(1).check()
    follow(page, page.get_by_role("button", name="改派"))
    expect(page.locator("#card-choices")).to_contain_text("蒋客管（cmd）")
    assert PlanChoice.objects.filter(plan=plan, kind="lock").count() == 2
    follow(page, page.locator("#plan-bench").get_by_role("link", name="按选择重算"))
    follow(page, page.get_by_role("button", name="重算"))
    expect(page.locator("#card-changes")).to_contain_text("第 1 版")
    shot(page, "again")
    plan.refresh_from_db()
    assert plan.revision == 2

    phone = seat("cmd", PHONE)
    phone.goto(f"/allocation-plans/{plan.number}/?group=proposed&mark=none")
    assert overflow(phone) == 0
    shot(phone, "phone")
    phone.locator("[data-plan-pick]").nth(0).check()
    expect(phone.locator("#plan-effect")).to_contain_text("已选 1 行")
    follow(phone, phone.locator("#plan-bench").get_by_role("button", name="驳回"))
    assert overflow(phone) == 0
    shot(phone, "phone-bar")
    phone.get_by_label("理由").fill("客户不愿意")
    follow(phone, phone.get_by_role("button", name="驳回"))
    assert PlanChoice.objects.filter(plan=plan, kind="bar", reason="客户不愿意").count() == 1
    with transaction.atomic():
        other = planned(cast, "BJ")
    phone.goto(f"/allocation-plans/{plan.number}/compare/{other.number}/")
    assert overflow(phone) == 0
    shot(phone, "compare")


def shot(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
