"""customers, contacts and assignments for clients: masked, filtered, below a unit, and what a page costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from customers.registry.models import Assignment, Contact, Customer
from tests.cast import stage
from tests.customers.conftest import Stage
from tests.customers.stage import register
from tests.permissions.house import clients_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def served(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Stage, dict[str, Browser]]]:
    cache.clear()
    with django_db_blocker.unblock(), transaction.atomic():
        cast = stage()
        yield Stage(cast, register(cast)), clients_of(cast, "customers:read")
        transaction.set_rollback(True)


def rows(served: tuple[Stage, dict[str, Browser]], address: str, who: str = "client") -> list[dict[str, Any]]:
    answer = served[1][who].get(f"/api/v1/{address}")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["next"] is None
    return list(body["results"])


def test_a_customer_as_clients_read_it(served: Any) -> None:
    Customer.objects.filter(customer_no="C-OY").update(latitude="39.9", longitude="116.4")
    [person] = rows(served, "customers/?customer_no=C-OY")
    person.pop("updated_at")
    assert person == {
        "customer_no": "C-OY", "name": "欧阳**", "kind": "individual", "nature": "", "category": "",
        "tier": {"code": "B", "name": "B 级"}, "state": "prospect", "since": None, "group_no": "", "industry_code": "",
        "region_code": "", "latitude": None, "longitude": None, "scale": "", "credit_code": "", "source": "",
        "unit": {"code": "CD", "name": "城东支行"}, "owner": {"employee_no": "M-CD2", "name": "王雅琴"},
    }  # fmt: skip
    [institution] = rows(served, "customers/?customer_no=C-HD")
    assert (institution["name"], institution["state"], institution["since"]) == (
        "深圳恒达科技有限公司", "existing", "2024-03-01",
    )  # fmt: skip


def test_contacts_are_masked_for_every_client(served: Any) -> None:
    [found] = rows(served, "contacts/?customer_no=C-OY")
    assert (found["customer"], found["name"], found["mobile"], found["birthday"]) == (
        {"customer_no": "C-OY", "name": "欧阳**"}, "欧阳**", "139****6666", "1988-**-**",
    )  # fmt: skip
    assert (found["channel"], found["marketing"]) == ("", "")
    Contact.objects.filter(customer__customer_no="C-HD").update(channel="visit", marketing="refused")
    assert {
        row["customer"]["customer_no"] for row in rows(served, "contacts/?marketing=refused&channel=visit")
    } == {"C-HD"}
    assert rows(served, "contacts/?marketing=accepted") == []
    text = served[1]["client"].get("/api/v1/contacts/").content.decode()
    assert [clear for clear in ("13812345678", "张建国", "若兰", "1975-06-18") if clear in text] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["C-CX", "C-HD", "C-LI", "C-NO", "C-OY", "C-PD"]), ("unit=CD", ["C-HD", "C-LI", "C-OY"]), ("unit=NONE", []),
        ("owner=M-CD1", ["C-HD", "C-LI"]), ("tier=A", ["C-HD", "C-PD"]), ("tier=Z", []), ("kind=individual", ["C-LI", "C-OY"]),
        ("state=existing", ["C-CX", "C-HD"]), ("q=恒达", ["C-HD"]), ("q=若兰", []), ("q=欧阳", []), ("updated_since=2999-01-01", []),
        ("owned=no", ["C-NO"]),
    ],
)  # fmt: skip
def test_customers_by_condition(served: Any, query: str, found: list[str]) -> None:
    assert sorted(row["customer_no"] for row in rows(served, f"customers/?{query}")) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("customer_no=C-HD", ["C-HD M-CD1", "C-HD M-CD2"]), ("customer_no=C-HD&as_of=2024-12-31", ["C-HD M-CD2"]),
        ("customer_no=C-HD&as_of=2025-01-01", ["C-HD M-CD1"]), ("as_of=2023-12-31", []),
        ("employee_no=M-CD2", ["C-HD M-CD2", "C-OY M-CD2"]), ("employee_no=M-CD2&as_of=2026-01-01", ["C-OY M-CD2"]),
        ("unit=CX", ["C-CX M-CX1"]), ("role=assistant", []), ("role=primary&unit=SH", ["C-PD M-PD1"]),
    ],
)  # fmt: skip
def test_who_was_responsible_on_a_day(served: Any, query: str, found: list[str]) -> None:
    got = rows(served, f"assignments/?{query}")
    assert sorted(f"{row['customer']['customer_no']} {row['manager']['employee_no']}" for row in got) == found


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("customers/", ["C-CX", "C-HD", "C-LI", "C-NO", "C-OY"]), ("customers/?unit=PD", []), ("customers/?unit=HO", []),
        ("customers/?customer_no=C-PD", []), ("contacts/?customer_no=C-PD", []), ("assignments/?customer_no=C-PD", []),
        ("contacts/?unit=SH", []), ("assignments/?employee_no=M-PD1", []), ("contacts/?owner=M-CX1", ["C-CX"]),
    ],
)  # fmt: skip
def test_a_client_below_a_unit_gets_rows_of_that_unit(served: Any, address: str, found: list[str]) -> None:
    got = rows(served, address, "client_bj")
    assert sorted(row.get("customer_no") or row["customer"]["customer_no"] for row in got) == found


@pytest.mark.parametrize(
    "query", ["name=李雪梅", "mobile=13812345678", "name__startswith=李", "ordering=name"]
)
def test_there_is_no_condition_on_what_is_masked(served: Any, query: str) -> None:
    for address in ("customers", "contacts", "assignments"):
        assert served[1]["client"].get(f"/api/v1/{address}/?{query}").status_code == 400


@pytest.mark.parametrize("address", ["customers", "contacts", "assignments"])
def test_a_page_costs_the_same_for_one_row_and_for_thirty(served: Any, address: str) -> None:
    scene, clients = served
    manager = scene.cast.managers["M-CD1"]
    made = Customer.objects.bulk_create(
        Customer(customer_no=f"K-{n}", name=f"公司{n}", unit=scene.cast.units["CD"], owner=manager, tier=scene.cast.tiers["A"])
        for n in range(30)
    )  # fmt: skip
    Contact.objects.bulk_create(
        Contact(customer=customer, name="王海", mobile="13900001111") for customer in made
    )
    Assignment.objects.bulk_create(
        Assignment(customer=customer, manager=manager, role="primary", starts_on=date(2025, 1, 1))
        for customer in made
    )
    spent = []
    for size in (1, 30):
        with CaptureQueriesContext(connection) as queries:
            answer = clients["client"].get(f"/api/v1/{address}/?page_size={size}")
        assert len(answer.json()["results"]) == size
        spent.append(len(queries))
    assert spent[0] == spent[1] <= 10
