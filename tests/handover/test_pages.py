"""Handovers in the browser and for clients: what each reader finds, what costs the same for few rows and many, the paper."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from cmsys.api.services.clients import client_create
from customers.engagement.models import Contract
from customers.handover.models import FirstContact, Handover, HandoverLine
from customers.registry.models import Customer
from customers.service.models import Ticket
from tests.cast import STAGE
from tests.customers.stage import thirty_customers
from tests.handover.world import EFFECTIVE, NOW, World
from tests.permissions.house import token_of

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]
PAGE_LIMIT, API_LIMIT = 25, 10
NONCE = {"nonce": "0" * 32}
PAPER = "/handovers/YJ-2026-0001/"


@pytest.fixture
def opened(bank: World) -> World:
    customer = bank.stage.customers["C-HD"]
    Contract.objects.create(
        contract_no="H-1",
        customer=customer,
        amount=Decimal("1234.50"),
        signed_on=date(2025, 1, 1),
        ends_on=date(2026, 12, 1),
    )
    Ticket.objects.create(
        ticket_no="T-1", customer=customer, kind="complaint", opened_at=NOW - timedelta(days=3)
    )
    bank.apply()
    return bank


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_lists_show_each_reader_his_own(opened: World, signed_in: SignedIn) -> None:
    both, first, second = {"YJ-2026-0001", "YJ-2026-0002"}, {"YJ-2026-0001"}, {"YJ-2026-0002"}
    seen = {"cm": both, "wang": first, "mgr": both, "cxm": second, "bjm": both, "ldr": both, "cmd": both}
    for who, numbers in seen.items():
        page = text(signed_in(who).get("/handovers/"))
        assert {number for number in both if number in page} == numbers, who
    cm = signed_in("cm")
    for query, numbers in (
        ("mine=giver", first), ("mine=taker", second), ("person=M-CX1", second), ("state=pending", both),
        ("state=overdue", both), ("state=closed", set()), ("plan=FK-2026-0001", both),
    ):  # fmt: skip
        page = text(cm.get(f"/handovers/?{query}"))
        assert {number for number in both if f"/handovers/{number}/" in page} == numbers, query
    assert signed_in("hrh").get("/handovers/").status_code == 403
    assert signed_in("cxm").get(PAPER).status_code == 404


def test_a_paper_is_signed_by_its_pages(opened: World, signed_in: SignedIn) -> None:
    cm, wang, mgr = signed_in("cm"), signed_in("wang"), signed_in("mgr")
    page = text(cm.get(PAPER))
    for part in (
        "陈思远（城东支行）→ 王雅琴（城东支行）",
        "移交人签字",
        "深圳恒达科技有限公司",
        "¥1,234.50",
        "打印移交清单",
        "李**",
    ):
        assert part in page, part
    assert f"{PAPER}take/" not in page
    assert f"{PAPER}give/" not in text(wang.get(PAPER))
    assert wang.get(f"{PAPER}give/").status_code == 404
    assert cm.post(f"{PAPER}give/", NONCE).status_code == 302
    assert cm.post(f"{PAPER}give/", NONCE).status_code == 302
    assert f"{PAPER}decline/" in text(wang.get(PAPER))
    assert wang.post(f"{PAPER}decline/", NONCE | {"nonce": "1"}).status_code == 422
    assert wang.post(f"{PAPER}take/", {"nonce": "2"}).status_code == 302
    page = text(mgr.get(PAPER))
    assert f"{PAPER}close/" in page and f"{PAPER}return/" in page
    assert mgr.post(f"{PAPER}close/", {"nonce": "3"}).status_code == 302
    page = text(mgr.get(PAPER))
    assert "已办结" in page and "李敏（mgr）" in page and f"{PAPER}close/" not in page
    late = mgr.post(f"{PAPER}close/", {"nonce": "4"})
    assert late.status_code == 409
    for verb in ("arrange", "cancel", "nothing"):
        assert mgr.get(f"{PAPER}{verb}/").status_code == 404


def test_the_brief_of_a_customer_and_who_reads_his_people(opened: World, signed_in: SignedIn) -> None:
    line = opened.line("C-HD")
    url = f"/handover-lines/{line.pk}/"
    page = text(signed_in("wang").get(url))
    for part in (
        "未办结投诉 1 件：当面说明处理进展", "90 天内到期合同 1 份，¥1,234.50：商定续签安排", "联系人 2 位（刘芳、张建国）",
        "H-1", "T-1", "张建国", "13812345678",
    ):  # fmt: skip
        assert part in page, part
    # The giver holds the customer no more: he reads what he hands over, but no names and numbers.
    page = text(signed_in("cm").get(url))
    assert "截止日登记联系人 2 位" in page and "张建国" not in page and "H-1" in page
    # His head reads them masked.
    page = text(signed_in("mgr").get(url))
    assert "张**" in page and "张建国" not in page and "138****5678" in page
    # A person is named to his new owner alone.
    person = f"/handover-lines/{opened.line('C-LI').pk}/"
    assert "李雪梅" in text(signed_in("wang").get(person))
    assert "李**" in text(signed_in("cm").get(person))


def test_a_line_is_arranged_and_its_visit_noted_by_pages(opened: World, signed_in: SignedIn) -> None:
    line = opened.line("C-HD")
    mgr, cm = signed_in("mgr"), signed_in("cm")
    refused = mgr.post(f"/handover-lines/{line.pk}/arrange/", NONCE | {"kind": "stay"})
    assert refused.status_code == 422 and "不移交须写明原因" in text(refused)
    assert mgr.post(f"/handover-lines/{line.pk}/arrange/", NONCE | {"kind": "full"}).status_code == 302
    assert "管户和业绩余额" in text(cm.get(PAPER))
    body = NONCE | {"on": EFFECTIVE.isoformat(), "note": "见了张总，没有异议"}
    assert cm.post(f"/handover-lines/{line.pk}/visit/", body).status_code == 302
    assert "没有异议" in text(cm.get(f"/handover-lines/{line.pk}/"))
    assert mgr.get(f"/handover-lines/{line.pk}/visit/").status_code == 403


def test_a_first_contact_by_its_pages(opened: World, signed_in: SignedIn) -> None:
    contact = opened.contact("C-HD")
    wang = signed_in("wang")
    assert f"/first-contacts/{contact.pk}/record/" in text(wang.get("/inbox/"))
    mine = text(wang.get("/my-customers/"))
    assert f"/first-contacts/{contact.pk}/record/" in mine
    form = text(wang.get(f"/first-contacts/{contact.pk}/record/"))
    assert 'value="phone" checked' in form or 'checked value="phone"' in form or 'value="phone"' in form
    body = NONCE | {"channel": "visit", "on": timezone.localdate().isoformat(), "note": "已拜访"}
    body["objection"] = "希望不换"
    assert wang.post(f"/first-contacts/{contact.pk}/record/", body).status_code == 302
    page = text(wang.get(f"/first-contacts/{contact.pk}/"))
    assert "已联系" in page and "上门拜访" in page and "已拜访" in page and "希望不换" in page
    for asked, found in (("yes", True), ("no", False)):
        assert ("C-HD" in text(signed_in("cmd").get(f"/first-contacts/?objection={asked}"))) is found
    assert wang.post(f"/first-contacts/{contact.pk}/record/", body | {"nonce": "9"}).status_code == 409
    assert signed_in("cm").get(f"/first-contacts/{contact.pk}/record/").status_code == 404
    # On the customer's own page, to his owner and to his head.
    for who in ("wang", "mgr"):
        page = text(signed_in(who).get("/customers/C-HD/"))
        assert "陈思远 移交 王雅琴" in page and "上门拜访" in page
    # The list by where they stand; all that are left are late by now.
    for state, numbers in (
        ("late", {"C-CX", "C-LI", "C-NO"}),
        ("done", {"C-HD"}),
        ("due", set()),
        ("cancelled", set()),
    ):
        page = text(signed_in("cmd").get(f"/first-contacts/?state={state}"))
        assert {number for number in ("C-CX", "C-HD", "C-LI", "C-NO") if number in page} == numbers, state


def test_the_desk_of_a_head_counts_what_is_late(opened: World, signed_in: SignedIn) -> None:
    page = text(signed_in("mgr").get("/"))
    assert "逾期未首次联系" in page
    assert "逾期未首次联系" not in text(signed_in("wang").get("/"))
    FirstContact.objects.update(cancelled_at=NOW)
    assert "逾期未首次联系" not in text(signed_in("mgr").get("/"))


def test_the_paper_on_paper(opened: World, signed_in: SignedIn) -> None:
    mgr = signed_in("mgr")
    answer = mgr.get(f"{PAPER}print.pdf")
    assert answer["Content-Type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.content))
    said = "".join(page.extract_text() for page in reader.pages)
    for part in (
        "客户移交清单", "YJ-2026-0001", "陈思远 M-CD1", "王雅琴 M-CD2", "深圳恒达科技有限公司", "C-HD", "¥1,234.50", "李**", "监交人",
        "截止日", "2026-09-29", "签字：", "第 1 页 共 1 页",
    ):  # fmt: skip
        assert part in said, part
    assert "李雪梅" not in said
    fonts = {str(font) for page in reader.pages for font in page["/Resources"]["/Font"]}
    assert fonts
    # The same data, the same bytes.
    assert mgr.get(f"{PAPER}print.pdf").content == answer.content
    assert signed_in("cxm").get(f"{PAPER}print.pdf").status_code == 404


def test_lists_pages_and_resources_cost_the_same_for_few_and_many(opened: World, signed_in: SignedIn) -> None:
    cast, line = opened.cast, opened.line("C-HD")
    client, _secret = client_create(actor=STAGE, now=timezone.now(), name="移交", scopes=["handovers:read"])
    caller: Any = Client(headers={"Authorization": f"Bearer {token_of(client)}"})
    mgr, wang = signed_in("mgr"), signed_in("wang")
    asked = [
        (mgr, url, PAGE_LIMIT)
        for url in (
            "/handovers/",
            "/handover-lines/",
            "/first-contacts/",
            PAPER,
            f"/handover-lines/{line.pk}/",
        )
    ]
    asked += [(wang, url, PAGE_LIMIT) for url in ("/handovers/", "/my-customers/", "/inbox/")]
    asked += [
        (caller, f"/api/v1/{name}/?page_size=100", API_LIMIT) for name in ("handovers", "first-contacts")
    ]

    def cost(browser: Client, url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url).status_code == 200
        return len(queries)

    for browser, url, _limit in asked:
        cost(browser, url)
    few = [cost(browser, url) for browser, url, _limit in asked]
    thirty_customers(cast)
    paper = opened.paper()
    for place, customer in enumerate(Customer.objects.filter(customer_no__startswith="K-")):
        HandoverLine.objects.create(handover=paper, customer=customer, snapshot=line.snapshot)
        FirstContact.objects.create(
            customer=customer,
            manager=cast.managers["M-CD2"],
            handover=paper,
            begins_on=EFFECTIVE,
            due_on=EFFECTIVE,
            made_at=NOW,
        )
        Handover.objects.create(
            number=f"YJ-2000-{place}",
            year=2000,
            serial=place,
            giver=cast.managers["M-CD1"],
            taker=cast.managers["M-CD2"],
            unit=cast.units["CD"],
            cutoff_on=EFFECTIVE - timedelta(days=place),
            due_on=EFFECTIVE,
            opened_at=NOW,
        )
    many = [cost(browser, url) for browser, url, _limit in asked]
    assert [(url, n) for (_browser, url, _limit), n in zip(asked, many, strict=True)] == [
        (url, n) for (_browser, url, _limit), n in zip(asked, few, strict=True)
    ]
    over = [(url, n) for (_browser, url, limit), n in zip(asked, few, strict=True) if n > limit]
    assert over == []


def test_clients_read_papers_and_contacts(opened: World) -> None:
    client, _secret = client_create(actor=STAGE, now=timezone.now(), name="移交", scopes=["handovers:read"])
    caller: Any = Client(headers={"Authorization": f"Bearer {token_of(client)}"})
    [paper] = caller.get("/api/v1/handovers/?person=M-CX1").json()["results"]
    assert paper["number"] == "YJ-2026-0002"
    assert (paper["plan"], paper["giver"]["employee_no"], paper["cutoff_on"], paper["state"], paper["customers"]) == (
        "FK-2026-0001", "M-CX1", "2026-09-29", "open", 1,
    )  # fmt: skip
    rows = caller.get("/api/v1/first-contacts/?handover=YJ-2026-0001").json()["results"]
    assert sorted((row["customer_no"], row["due_on"], row["done_on"]) for row in rows) == [
        ("C-HD", "2026-10-12", None), ("C-LI", "2026-10-12", None),
    ]  # fmt: skip
    assert caller.get("/api/v1/handovers/?mine=giver").status_code == 400
