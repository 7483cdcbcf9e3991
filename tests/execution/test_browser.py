"""Carrying out and taking back in Chromium, wide and on a phone: nothing wider than the screen, axe finds nothing."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from cmsys.local.frontend import ensure_test_assets
from customers.planning.models import AllocationPlan
from managers.profiles.models import RelationshipManager, Status
from tests.browsing import follow, overflow
from tests.cast import stage
from tests.customers.stage import register
from tests.execution.world import approved, lines, run_jobs
from tests.journeys.conftest import browser
from tests.journeys.screens import AXE_TAGS
from tests.journeys.test_people import person

__all__ = ["browser", "person"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("EXECUTION_SHOTS", "")
PLAN = "/allocation-plans/FK-2026-0001/"


@pytest.fixture
def plan() -> AllocationPlan:
    with transaction.atomic():
        cast = stage()
        register(cast)
        made = approved(cast, {"C-HD": "M-CD2", "C-LI": "M-CD2", "C-CX": "M-PD1"}, timezone.localdate())
        RelationshipManager.objects.filter(employee_no="M-PD1").update(status=Status.LEFT)
    return made


def looked_at(page: Page, name: str) -> None:
    """Fits the screen, and axe has nothing to say."""
    assert overflow(page) == 0
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}-{page.viewport_size['width']}.png", full_page=True)  # type: ignore[index]
    page.evaluate((ensure_test_assets(print) / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: tags}).then(found => found.violations.map(one => one.id))",
        AXE_TAGS,
    )
    assert found == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_plan_is_carried_out_and_taken_back(plan: AllocationPlan, person: Any, width: int) -> None:
    cmd = person(width)
    cmd.sign_in("cmd")
    page = cmd.page
    page.goto(f"{cmd.address}{PLAN}")
    follow(page, page.get_by_role("link", name="执行", exact=True))
    looked_at(page, "apply")
    follow(page, page.get_by_role("button", name="执行", exact=True))
    expect(page.locator("#card-execution")).to_contain_text("由后台任务分批办理")
    looked_at(page, "running")
    run_jobs(timezone.now())
    page.reload()
    expect(page.locator("#card-execution")).to_contain_text("接收人已离职")
    looked_at(page, "applied")
    follow(page, page.get_by_role("link", name="未执行的方案行"))
    looked_at(page, "skipped")
    page.goto(f"{cmd.address}/assignments/")
    looked_at(page, "ownership")
    page.goto(f"{cmd.address}{PLAN}revert/")
    page.get_by_label("原因").fill("名单有误")
    page.get_by_label("方案编号").fill("FK-2026-0002")
    follow(page, page.get_by_role("button", name="撤回", exact=True))
    expect(page.locator("#page-form")).to_contain_text("与方案编号“FK-2026-0001”不一致")
    looked_at(page, "revert")
    page.get_by_label("方案编号").fill("FK-2026-0001")
    follow(page, page.get_by_role("button", name="撤回", exact=True))
    run_jobs(timezone.now())
    page.reload()
    looked_at(page, "reverted")
    assert {state for state, _note in lines(plan).values()} == {"reverted", "skipped"}
