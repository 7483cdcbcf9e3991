"""Dealings and tickets for clients: the rows of the client's reach, filtered alike, customers by number only."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from customers.engagement.models import Transaction
from tests.engagement.world import World
from tests.permissions.house import clients_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def clients(world: World) -> Any:
    def of(scope: str) -> dict[str, Browser]:
        return clients_of(world.cast, scope)

    return of


def numbers(browser: Browser, address: str, key: str) -> list[str]:
    answer = browser.get(address)
    assert answer.status_code == 200, answer.content
    return sorted(row[key] for row in answer.json()["results"])


def test_a_transaction_as_clients_read_it(world: World, clients: Any) -> None:
    browser = clients("transactions:read")["client"]
    row = browser.get("/api/v1/transactions/T4/").json()
    assert row.pop("updated_at")
    assert row == {
        "transaction_no": "T4", "customer_no": "C2", "manager": {"employee_no": "M-CD1", "name": "陈思远"},
        "occurred_on": "2025-12-31", "product": "", "amount": 200.01, "quantity": None,
    }  # fmt: skip
    assert b'"amount":130.00,' in browser.get("/api/v1/transactions/T2/").content
    assert browser.get("/api/v1/transactions/T6/").json()["manager"] is None
    assert browser.get("/api/v1/transactions/NONE/").status_code == 404


def test_the_same_conditions_as_on_the_page_and_no_assumed_month(world: World, clients: Any) -> None:
    browser = clients("transactions:read")["client"]
    address = "/api/v1/transactions/"
    assert numbers(browser, address, "transaction_no") == [f"T{n}" for n in range(1, 9)]
    period = "from=2025-10-01&to=2025-12-31"
    assert numbers(browser, f"{address}?{period}", "transaction_no") == ["T2", "T4", "T5", "T6"]
    assert numbers(browser, f"{address}?manager=M-CD2", "transaction_no") == ["T3"]
    assert numbers(browser, f"{address}?customer=C2", "transaction_no") == ["T3", "T4"]
    assert numbers(browser, f"{address}?unit=CX", "transaction_no") == ["T5"]
    assert numbers(browser, f"{address}?unit=NONE", "transaction_no") == []
    browser = clients("opportunities:read")["client"]
    address = "/api/v1/opportunities/"
    assert numbers(browser, f"{address}?stage=closed&closed_to=2025-12-31", "opportunity_no") == [
        "O1", "O2", "O3", "O5",
    ]  # fmt: skip
    browser = clients("contracts:read")["client"]
    assert numbers(browser, "/api/v1/contracts/?from=2025-12-31", "contract_no") == ["K2", "K3"]


def test_a_client_below_a_unit_reads_the_managers_below_it(world: World, clients: Any) -> None:
    made = clients("transactions:read")
    assert numbers(made["client_bj"], "/api/v1/transactions/", "transaction_no") == [
        "T1", "T2", "T3", "T4", "T5", "T7", "T8",
    ]  # fmt: skip
    assert made["client_bj"].get("/api/v1/transactions/T6/").status_code == 404
    assert made["client_wrong"].get("/api/v1/transactions/").status_code == 403


def test_mistakes_are_answered_with_their_field(world: World, clients: Any) -> None:
    browser = clients("transactions:read")["client"]
    for query, field in (
        ("from=gestern", "from"), ("since=2025-01-01", "since"), ("manager=", "manager"),
    ):  # fmt: skip
        answer = browser.get(f"/api/v1/transactions/?{query}")
        assert answer.status_code == 400, query
        assert [error["field"] for error in answer.json()["errors"]] == [field], query


@pytest.mark.parametrize(
    ("query", "found"),
    [("from=2025-12-31&to=2025-01-01", 0), ("to=0001-01-01", 0), ("from=9999-12-31", 0), ("from=0001-01-01&to=9999-12-31", 8)],
)  # fmt: skip
def test_any_period_is_an_answerable_question(world: World, clients: Any, query: str, found: int) -> None:
    browser = clients("transactions:read")["client"]
    assert len(browser.get(f"/api/v1/transactions/?{query}").json()["results"]) == found


@pytest.mark.parametrize("name", ["transactions", "contracts", "opportunities"])
def test_pages_follow_one_another_and_cost_the_same(world: World, clients: Any, name: str) -> None:
    browser = clients(f"{name}:read")["client"]
    seen, address, costs = [], f"/api/v1/{name}/?page_size=2", set()
    while address:
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(address).json()
        costs.add(len(queries))
        seen += [row["updated_at"] for row in answer["results"]]
        address = answer["next"]
    assert len(seen) == {"transactions": 8, "contracts": 3, "opportunities": 6}[name]
    assert seen == sorted(seen)
    with CaptureQueriesContext(connection) as queries:
        browser.get(f"/api/v1/{name}/?page_size=1000")
    assert {len(queries)} == costs and max(costs) <= 10


def test_rows_changed_since_are_found(world: World, clients: Any) -> None:
    browser = clients("transactions:read")["client"]
    Transaction.objects.filter(transaction_no="T1").update(updated_at="2031-01-01T00:00:00Z")
    answer = numbers(browser, "/api/v1/transactions/?updated_since=2030-12-31", "transaction_no")
    assert answer == ["T1"]
