"""Satisfaction, upheld complaints, time to respond: exact, in the bank's own days, proven by the tickets."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cmsys.ui.indicators import Span, indicator_source
from customers.registry.models import Customer
from customers.service.indicators import SOURCES
from customers.service.models import Ticket, TicketKind
from tests.engagement.world import Q4, World

pytestmark = pytest.mark.django_db


def computed(world: World, code: str, span: Span = Q4) -> dict[str, str]:
    source = indicator_source(code)
    assert source is not None
    return {number: f"{value}" for number, value in world.named(source.compute(span)).items()}


def test_satisfaction_is_the_mean_rating_of_the_days_of_the_span_in_shanghai(world: World) -> None:
    """The first second of October and the last of December count, the first of January does not: 5.0 and 4.0."""
    assert computed(world, "SATISFACTION") == {"M-CD1": "4.500000", "M-CX1": "3.500000"}
    assert computed(world, "SATISFACTION", Span(date(2026, 1, 1), date(2026, 2, 1))) == {"M-CD1": "1.000000"}
    Ticket.objects.filter(ticket_no="S2").update(rating="4.5")
    Ticket.objects.filter(ticket_no="S5").update(rating="3.0")
    # (5.0 + 4.5 + 3.0) / 3
    assert computed(world, "SATISFACTION")["M-CD1"] == "4.166667"


def test_complaints_are_laid_to_whom_they_were_upheld_against(world: World) -> None:
    assert computed(world, "COMPLAINT") == {"M-CD1": "0", "M-CD2": "1", "M-CX1": "0", "M-PD1": "0"}
    Ticket.objects.filter(ticket_no="S4").update(kind=TicketKind.DISPUTE)
    assert computed(world, "COMPLAINT")["M-CD2"] == "0"
    Ticket.objects.filter(ticket_no="S4").update(kind=TicketKind.COMPLAINT, upheld=False)
    assert computed(world, "COMPLAINT")["M-CD2"] == "0"


def test_somebody_without_any_dealing_has_a_complaint_when_it_is_laid_to_him(world: World) -> None:
    assert "M-NEW" not in computed(world, "COMPLAINT")
    Ticket.objects.filter(ticket_no="S4").update(responsible=world.managers["M-NEW"])
    assert computed(world, "COMPLAINT") == {
        "M-CD1": "0", "M-CD2": "0", "M-CX1": "0", "M-NEW": "1", "M-PD1": "0",
    }  # fmt: skip


def test_without_any_ticket_in_the_bank_complaints_are_not_known(world: World) -> None:
    early = Span(date(2025, 7, 1), date(2025, 10, 1))
    assert computed(world, "COMPLAINT", early) == {}
    source = indicator_source("COMPLAINT")
    assert source is not None and source.records(early, world.managers["M-CD1"].pk).value is None
    assert (source.better, source.kind) == ("lower", "event")


def test_response_time_is_a_mean_of_hours(world: World) -> None:
    assert computed(world, "RESPONSE_HOURS") == {
        "M-CD1": "2.000000",
        "M-CX1": "0.500000",
        "M-PD1": "0.166667",
    }
    opened = Ticket.objects.get(ticket_no="S1").opened_at
    Ticket.objects.filter(ticket_no="S1").update(responded_at=opened + timedelta(days=3, seconds=1))
    # 72 h and 1 s, and 2 h: 37.0001388…
    assert computed(world, "RESPONSE_HOURS")["M-CD1"] == "37.000139"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.code)
def test_the_number_of_queries_is_fixed(world: World, source: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        list(source.compute(Q4))
    assert len(queries) == {"COMPLAINT": 3}.get(source.code, 1)


def test_the_list_behind_a_figure_shows_the_same_figure(world: World, as_person: Any) -> None:
    browser = as_person("cmd")
    for source in SOURCES:
        for manager in world.managers.values():
            records = source.records(Q4, manager.pk)
            page = browser.get(records.url)
            assert page.status_code == 200, (source.code, records.url)
            [total] = [total for total in page.context["page"].totals if total["key"] == records.figure]
            assert Decimal(total["value"] or 0) == (records.value or 0), (source.code, manager.employee_no)


def test_figures_and_their_records_agree_in_a_random_world(world: World, as_person: Any) -> None:
    chance = random.Random(11)
    people = [*world.managers.values(), None]
    customers = list(Customer.objects.all())
    start = datetime(2025, 9, 1, tzinfo=UTC)
    for n in range(200):
        opened = start + timedelta(seconds=chance.randrange(200 * 24 * 3600))
        wait = chance.choice(
            [None, timedelta(seconds=chance.randrange(10**6), microseconds=chance.randrange(10**6))]
        )
        Ticket.objects.create(
            ticket_no=f"R{n}", customer=chance.choice(customers), manager=chance.choice(people), opened_at=opened,
            responded_at=None if wait is None else opened + wait, kind=chance.choice(TicketKind.values),
            rating=chance.choice([None, Decimal(chance.randrange(10, 51)) / 10]),
            upheld=chance.choice([None, True, False]), responsible=chance.choice(people),
        )  # fmt: skip
    browser = as_person("cmd")
    for span in (Q4, Span(date(2025, 10, 1), date(2025, 11, 1)), Span(date(2025, 1, 1), date(2026, 1, 1))):
        for source in SOURCES:
            found = dict(source.compute(span))
            for manager in world.managers.values():
                records = source.records(span, manager.pk)
                assert found.get(manager.pk) == records.value, (source.code, span, manager.employee_no)
                totals = browser.get(records.url).context["page"].totals
                [shown] = [total["value"] for total in totals if total["key"] == records.figure]
                assert Decimal(shown or 0) == (records.value or 0), (source.code, span, manager.employee_no)
