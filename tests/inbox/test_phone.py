"""Played in Chromium: approving in place from the to-do centre, and signing one's sheet with a thumb."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import clear_url_caches, path, reverse, set_urlconf
from django.utils import timezone
from playwright.sync_api import expect

import cmsys.urls
from appraisal.feedback.models import SheetAcknowledgement
from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import Actor
from cmsys.inbox.items import InboxItem, InboxSource, InPlace, add_inbox_source
from cmsys.inbox.returning import back_to
from cmsys.org.models import BusinessLine
from tests.appraisal.world import computing
from tests.browsing import overflow
from tests.cast import Cast, stage
from tests.decisions.world import opened
from tests.inbox.conftest import sources
from tests.journeys.conftest import browser
from tests.journeys.test_people import person

__all__ = ["browser", "person", "sources"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast() -> Cast:
    return stage()


def shot(page: Any, name: str) -> None:
    """A picture where one was asked for (CMSYS_SHOTS names the folder)."""
    if folder := os.environ.get("CMSYS_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


# --- a source of the test: business lines wait to be renamed ---------------------------------------------------------------
def _decide(request: HttpRequest) -> HttpResponse:
    line = BusinessLine.objects.select_for_update().get(code=request.POST["code"])
    if line.name == request.POST["nonce"]:
        messages.info(request, "这份表单已经提交过。")
    else:
        BusinessLine.objects.filter(pk=line.pk).update(name=request.POST["nonce"])
        messages.success(request, "已通过。")
    return HttpResponseRedirect(back_to(request, "/"))


def _waiting() -> Any:
    return (
        BusinessLine.objects.filter(code__startswith="W-")
        .exclude(name__regex="^[0-9a-f]{32}$")
        .order_by("code")
    )


def _items(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    return [
        InboxItem(
            f"{line.name} 等您通过", "对公业务部 · 第 1 次提交", "/managers/", timezone.now(),
            today + timedelta(days=int(line.code.removeprefix("W-")) - 1), "待复核",
            InPlace("通过", reverse("decide"), (("code", line.code),)),
        )
        for line in _waiting()[:limit]
    ]  # fmt: skip


@pytest.fixture
def deciding(sources: Any) -> Iterator[None]:
    """A source whose items are decided at an address of the test."""
    added = path("decide/", _decide, name="decide")
    cmsys.urls.urlpatterns.append(added)
    clear_url_caches()
    set_urlconf(None)
    add_inbox_source(InboxSource("lines", "条线更名", 10, lambda actor, today: _waiting().count(), _items))
    add_inbox_source(
        InboxSource("none", "别的事项", 20, lambda actor, today: 0, lambda actor, today, limit: [])
    )
    yield
    cmsys.urls.urlpatterns.remove(added)
    clear_url_caches()


@pytest.mark.parametrize("width", [390, 1440])
def test_approved_in_place_it_comes_back_without_the_item(
    cast: Cast, person: Any, deciding: None, width: int
) -> None:
    for n in range(3):
        BusinessLine.objects.create(code=f"W-{n}", name=f"条线 {n}")
    supervisor = person(width)
    supervisor.sign_in("mgr")
    page = supervisor.page
    shot(page, f"desk-{width}")
    tile = page.locator("#card-inbox")
    expect(tile).to_contain_text("全部 3 件待办")
    page.goto(f"{supervisor.address}/inbox/")
    shot(page, f"inbox-{width}")
    assert overflow(page) == 0
    items = page.locator(".inbox-list > li")
    expect(items).to_have_count(3)
    expect(items.nth(0)).to_contain_text("已逾期 1 天")
    expect(items.nth(1)).to_contain_text("今天到期")
    expect(items.nth(2)).to_contain_text("明天到期")
    button = items.nth(1).get_by_role("button", name=re.compile("通过.*条线 1 等您通过"))
    if width == 390:
        assert button.bounding_box()["height"] >= 44
    button.click()
    expect(page.get_by_text("已通过。")).to_be_visible()
    expect(page).to_have_url(re.compile("/inbox/$"))
    expect(items).to_have_count(2)
    expect(page.locator(".topbar").get_by_role("link", name=re.compile("^待办"))).to_contain_text("2")
    assert re.fullmatch("[0-9a-f]{32}", BusinessLine.objects.get(code="W-1").name)
    # Going back and pressing the same button again is one decision.
    kept = BusinessLine.objects.get(code="W-1").name
    page.go_back()
    page.go_forward()
    assert BusinessLine.objects.get(code="W-1").name == kept


def test_a_manager_signs_his_sheet_on_a_phone(cast: Cast, person: Any) -> None:
    with computing({}), transaction.atomic():
        proposals = opened(cast)
        proposals.submit()
    manager = person(390)
    manager.sign_in("cm")
    page = manager.page
    page.goto(f"{manager.address}/my-grade/")
    shot(page, "my-grade-390")
    assert overflow(page) == 0
    # Two taps: the sheet, the signature.
    page.get_by_role("link", name="查看并签字").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("签收 2025Q4 考核表")
    expect(page.locator("#main")).to_contain_text("销售额")
    shot(page, "sign-390")
    assert overflow(page) == 0
    page.get_by_role("button", name="签字").click()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    assert not SheetAcknowledgement.objects.exists()
    page.get_by_label("无异议，签字确认").check()
    page.get_by_role("button", name="签字").click()
    expect(page).to_have_url(re.compile("/my-grade/$"))
    expect(page.get_by_text("已签收 2025Q4 考核表。")).to_be_visible()
    expect(page.locator("#main")).to_contain_text("已签字")
    shot(page, "signed-390")
    assert overflow(page) == 0
    sheet = ScoreSheet.objects.get(manager__employee_no="M-CD1")
    [row] = SheetAcknowledgement.objects.all()
    assert (row.sheet_id, row.digest, row.outcome, row.by.username) == (
        sheet.pk,
        sheet.digest,
        "signed",
        "cm",
    )
    wide = person(1440)
    wide.sign_in("cm")
    wide.page.goto(f"{wide.address}/my-grade/")
    shot(wide.page, "my-grade-1440")
    reader = person(1440)
    reader.sign_in("mgr")
    for address, name in (
        (f"/score-sheets/{sheet.pk}/", "sheet"), ("/acknowledgements/", "list"), ("/inbox/", "mgr-inbox"),
        ("/deputies/", "deputies"), ("/deputies/new/?q=韩", "deputy-new"),
        ("/interest-declarations/new/?q=陈思远", "declare"), ("/interest-declarations/", "declarations"),
        ("/messages/", "messages"), (f"/score-sheets/{sheet.pk}/interview/", "interview"),
    ):  # fmt: skip
        for width in (1440, 390):
            reader.page.set_viewport_size({"width": width, "height": 860})
            reader.page.goto(f"{reader.address}{address}")
            shot(reader.page, f"{name}-{width}")
            assert overflow(reader.page) == 0, (address, width)
