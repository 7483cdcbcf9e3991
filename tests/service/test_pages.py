"""Tickets on pages and over the API: conditions, totals, who sees which, and whom a complaint is laid to."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.service.models import Ticket
from tests.engagement.world import World
from tests.permissions.house import clients_of

pytestmark = pytest.mark.django_db

YEAR = "from=2025-01-01"


def found(browser: Any, query: str) -> list[str]:
    page = browser.get(f"/tickets/?{query}")
    assert page.status_code == 200
    return [row["cells"][0]["text"] for row in page.context["page"].rows]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"from": "2025-10-01", "to": "2025-12-31"}, ["S2", "S6", "S5", "S4", "S1"]),
        ({"from": "2025-12-31", "to": "2025-12-31"}, ["S2"]),
        ({"manager": "M-CX1"}, ["S4"]),
        ({"responsible": "M-CD2"}, ["S4"]),
        ({"customer": "C1"}, ["S3", "S2", "S5", "S1"]),
        ({"from": "2025-01-01", "kind": "complaint"}, ["S5", "S4"]),
        ({"from": "2025-01-01", "kind": "complaint", "upheld": "true"}, ["S4"]),
        ({"from": "2025-01-01", "upheld": "false"}, ["S5"]),
        ({"from": "2025-01-01", "rated": "true"}, ["S3", "S2", "S4", "S1"]),
        ({"from": "2025-01-01", "rated": "false"}, ["S6", "S5"]),
        ({"from": "2025-01-01", "unit": "SH"}, ["S6"]),
        ({"q": "S5"}, ["S5"]),
    ],
    ids=str,
)
def test_tickets_are_found_by(world: World, as_person: Any, query: dict[str, str], rows: list[str]) -> None:
    assert found(as_person("cmd"), urlencode(query)) == rows


def test_totals_are_exact(world: World, as_person: Any) -> None:
    html = as_person("cmd").get("/tickets/?from=2025-10-01&to=2025-12-31").content.decode()
    shown = dict(re.findall(r'<data data-total="(\w+)" value="([\d.]*)">', html))
    # (5.0 + 4.0 + 3.5) / 3; 120, 30 and 10 minutes
    assert shown == {"mean_rating": "4.166667", "rated": "3", "upheld": "1", "response_hours": "0.888889"}


@pytest.mark.parametrize(
    ("who", "rows"),
    [
        ("cmd", ["S3", "S2", "S6", "S5", "S4", "S1"]),
        # 王雅琴 of 城东 is charged with S4, which is 赵立群's customer's
        ("mgr", ["S3", "S2", "S5", "S4", "S1"]),
        ("cm", ["S3", "S2", "S5", "S1"]),
    ],
)
def test_a_reader_finds_the_tickets_of_his_managers_and_what_is_laid_to_them(
    world: World, as_person: Any, who: str, rows: list[str]
) -> None:
    assert found(as_person(who), YEAR) == rows


def test_nobody_is_charged_with_what_he_cannot_read(world: World, as_person: Any) -> None:
    ticket = Ticket.objects.get(ticket_no="S4")
    browser = as_person("cm")
    assert browser.get(f"/tickets/{ticket.pk}/").status_code == 404
    Ticket.objects.filter(pk=ticket.pk).update(responsible=world.managers["M-CD1"])
    html = browser.get(f"/tickets/{ticket.pk}/").content.decode()
    for text in ("S4", "投诉", "成立", "陈思远", "/managers/M-CD1/"):
        assert text in html, text
    assert found(browser, "responsible=M-CD1") == ["S4"]


def test_human_resources_read_no_tickets(world: World, as_person: Any) -> None:
    for who in ("hrh", "hrb", "da", "trn", "sys"):
        assert as_person(who).get("/tickets/").status_code == 403
    assert as_person("cm").get("/tickets/export.csv").status_code == 403


def test_without_conditions_the_list_begins_with_this_month(world: World, as_person: Any) -> None:
    first = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for number, at in (("NOW", first), ("BEFORE", first - timedelta(seconds=1))):
        Ticket.objects.create(ticket_no=number, customer=world.customers["C1"], kind="inquiry", opened_at=at)
    browser = as_person("cmd")
    assert found(browser, "") == ["NOW"]
    page = browser.get("/tickets/")
    assert f'name="from" value="{first.date().isoformat()}"' in page.content.decode()


def test_an_empty_month_says_how_to_see_more(world: World, as_person: Any) -> None:
    page = as_person("cmd").get("/tickets/")
    assert "默认只列本月受理的工单" in page.content.decode()
    assert len(as_person("cmd").get(page.context["page"].empty.action_url).context["page"].rows) == 6


def test_the_card_of_a_customer_shows_his_tickets(world: World, as_person: Any) -> None:
    html = as_person("cmd").get("/customers/C1/").content.decode()
    assert "共 4 条。" in html
    for text in ("S3", "/tickets/?customer=C1", "咨询"):
        assert text in html, text


def test_a_list_costs_the_same_for_few_rows_and_for_many(world: World, as_person: Any) -> None:
    browser = as_person("mgr")
    few = _queries(browser)
    for n in range(15):
        Ticket.objects.create(
            ticket_no=f"X{n}", customer=world.customers["C1"], kind="complaint", opened_at=timezone.now(), upheld=True,
            manager=world.managers["M-CD1"], responsible=world.managers["M-CD2"],
        )  # fmt: skip
    assert len(_queries(browser)) == len(few) <= 14


def _queries(browser: Any) -> Any:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(f"/tickets/?{YEAR}").status_code == 200
    return queries


def test_clients_read_tickets_without_names_and_causes(world: World) -> None:
    made = clients_of(world.cast, "tickets:read")
    Ticket.objects.filter(ticket_no="S4").update(cause="某先生来电")
    row = made["client"].get("/api/v1/tickets/S4/").json()
    assert row.pop("updated_at")
    assert row == {
        "ticket_no": "S4", "customer_no": "C3", "manager": {"employee_no": "M-CX1", "name": "赵立群"},
        "kind": "complaint", "channel": "", "opened_at": "2025-11-01T09:00:00+08:00",
        "responded_at": "2025-11-01T09:30:00+08:00", "resolved_at": None, "rating": 3.5, "upheld": True,
        "responsible": {"employee_no": "M-CD2", "name": "王雅琴"},
    }  # fmt: skip
    answer = made["client"].get("/api/v1/tickets/?from=2025-10-01&to=2025-12-31&kind=complaint").json()
    assert sorted(row["ticket_no"] for row in answer["results"]) == ["S4", "S5"]
    below = made["client_bj"].get("/api/v1/tickets/").json()
    assert sorted(row["ticket_no"] for row in below["results"]) == ["S1", "S2", "S3", "S4", "S5"]
    assert made["client_wrong"].get("/api/v1/tickets/").status_code == 403
    with CaptureQueriesContext(connection) as queries:
        made["client"].get("/api/v1/tickets/?page_size=1000")
    assert len(queries) <= 10
