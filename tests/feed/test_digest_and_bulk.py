"""A copy proves itself, and all rows in one answer."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from cmsys.api.resources.bulk import safe_cell
from cmsys.api.resources.digest import bucket_of
from cmsys.feed.models import FeedChange
from cmsys.org.models import OrgUnit
from cmsys.transfers.export import safe_text
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager
from tests.cast import Cast
from tests.decisions.world import Proposals
from tests.feed.conftest import Caller, position, settle_here

pytestmark = pytest.mark.django_db
Make = Callable[..., Caller]


def rows_of(caller: Caller, resource: str, query: str = "") -> list[dict[str, Any]]:
    answer = caller.get(f"/api/v1/{resource}/bulk/{query}")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.getvalue().splitlines()]


def by_hand(rows: list[dict[str, Any]], key: str) -> tuple[int, str]:
    """As the guide says it: sorted lines, one hash."""
    lines = "".join(
        f"{row[key]} {row['updated_at']}\n" for row in sorted(rows, key=lambda row: str(row[key]))
    )
    return len(rows), hashlib.sha256(lines.encode()).hexdigest()


# --- digest --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("resource", "scope", "key"),
    [("managers", "managers:read", "employee_no"), ("org-units", "org:read", "code"),
     ("grades", "grades:read_unpublished", "id"), ("posts", "org:read", "code")],
)  # fmt: skip
def test_a_digest_is_that_of_the_rows_a_client_reads(
    submitted: Proposals, caller: Make, resource: str, scope: str, key: str
) -> None:
    client = caller(scope)
    # Keys in the order of their characters' numbers, as programs sort them, whatever the database's language.
    RelationshipManager.objects.create(employee_no="m-cd1", name="小写", unit=submitted.cast.units["CD"])
    RelationshipManager.objects.create(employee_no="M工1", name="汉字", unit=submitted.cast.units["CD"])
    RelationshipManager.objects.filter(employee_no="M-PD1").update(
        updated_at=timezone.now().replace(microsecond=0)
    )
    answer = client.get(f"/api/v1/digest/{resource}/").json()
    rows = rows_of(client, resource)
    assert (answer["count"], answer["sha256"]) == by_hand(rows, key)
    assert (answer["resource"], answer["key"], answer["version"]) == (resource, key, "updated_at")
    assert (answer["changed"], answer["rows"]) == (None, None)
    assert len(answer["buckets"]) == 256
    for name, told in answer["buckets"].items():
        inside = [row for row in rows if hashlib.sha256(str(row[key]).encode()).hexdigest()[:2] == name]
        assert (told["count"], told["sha256"]) == by_hand(inside, key)


def test_a_copy_that_differs_finds_where(cast: Cast, caller: Make) -> None:
    client = caller("managers:read")
    before = client.get("/api/v1/digest/managers/").json()
    RelationshipManager.objects.filter(employee_no="M-CD1").update(updated_at=timezone.now())
    after = client.get("/api/v1/digest/managers/").json()
    assert before["count"] == after["count"] and before["sha256"] != after["sha256"]
    differ = [name for name in before["buckets"] if before["buckets"][name] != after["buckets"][name]]
    assert differ == [bucket_of("M-CD1")]
    told = client.get(f"/api/v1/digest/managers/?bucket={differ[0]}").json()["rows"]
    row = client.get("/api/v1/managers/M-CD1/").json()
    assert {"id": "M-CD1", "version": row["updated_at"]} in told
    assert all(bucket_of(one["id"]) == differ[0] for one in told)


def test_a_digest_is_of_what_this_client_sees(submitted: Proposals, caller: Make) -> None:
    case = submitted.case("M-CD1").bring_to("on_notice")
    public, whole = caller("grades:read"), caller("grades:read_unpublished")
    branch = caller("grades:read_unpublished", unit=submitted.cast.units["CD"])
    assert public.get("/api/v1/digest/grades/").json()["count"] == 1
    assert whole.get("/api/v1/digest/grades/").json()["count"] == 4
    assert branch.get("/api/v1/digest/grades/").json()["count"] == 2
    assert [row["id"] for row in rows_of(public, "grades")] == [case.pk]
    assert caller("managers:read").get("/api/v1/digest/grades/").status_code == 403
    assert caller("managers:read").get("/api/v1/digest/nothing/").status_code == 404


def test_whether_a_position_can_be_compared_is_said(cast: Cast, caller: Make) -> None:
    client = caller("managers:read", "changes:read", unit=cast.units["CD"])
    settle_here()
    here = position(client)

    def changed() -> Any:
        return client.get(f"/api/v1/digest/managers/?after={here}").json()["changed"]

    assert changed() is False
    RelationshipManager.objects.filter(employee_no="M-PD1").update(updated_at=timezone.now())
    OrgUnit.objects.filter(code="CD").update(region_code="110101")
    assert changed() is False, "neither another unit's people nor another resource are in this copy"
    RelationshipManager.objects.filter(employee_no="M-CD1").update(updated_at=timezone.now())
    assert changed() is True, "whether it is settled or not"
    assert client.get("/api/v1/digest/managers/?bucket=xy").json()["errors"][0]["field"] == "bucket"


# --- bulk ---------------------------------------------------------------------------------------------------------------
def test_lines_are_the_rows_of_the_list(cast: Cast, caller: Make) -> None:
    client = caller("managers:read", unit=cast.units["BJ"])
    listed = client.get("/api/v1/managers/").json()["results"]
    assert len(listed) == 3 and rows_of(client, "managers") == listed
    assert [row["employee_no"] for row in rows_of(client, "managers", "?unit=CX")] == ["M-CX1"]
    assert client.get("/api/v1/managers/bulk/?format=xml").json()["errors"][0]["field"] == "format"
    assert client.get("/api/v1/managers/bulk/?page_size=3").json()["errors"][0]["code"] == "unknown_parameter"
    assert client.get("/api/v1/customers/bulk/").status_code == 403
    head = client.call("HEAD", "/api/v1/managers/bulk/")
    assert (head.status_code, head["Content-Type"], head.content) == (200, "application/x-ndjson", b"")


def test_numbers_are_written_as_the_database_holds_them(submitted: Proposals, caller: Make) -> None:
    client = caller("grades:read_unpublished")
    lines = client.get("/api/v1/grades/bulk/").getvalue()
    page = client.get("/api/v1/grades/?page_size=1000").content
    assert b'"total_score":' in lines
    assert [line for line in lines.splitlines() if line not in page] == []


def test_csv_flattens_what_is_nested_and_computes_nothing(cast: Cast, caller: Make) -> None:
    RelationshipManager.objects.filter(employee_no="M-CX1").update(
        name="=HYPERLINK(1)", industries=["制造", "能源"], major='\u200b,双"引号\n换行'
    )
    client = caller("managers:read", unit=cast.units["CX"])
    answer = client.get("/api/v1/managers/bulk/?format=csv")
    assert answer["Content-Type"] == "text/csv"
    written = answer.getvalue()
    [row] = csv.DictReader(io.StringIO(written.decode()))
    assert (row["employee_no"], row["name"], row["unit.code"], row["unit.name"]) == (
        "M-CX1", "'=HYPERLINK(1)", "CX", "城西支行",
    )  # fmt: skip
    assert (row["industries"], row["major"], row["post.code"], row["capacity"]) == (
        '["制造","能源"]', "\u200b,双\"引号\n换行", "", "",
    )  # fmt: skip
    by_accept = client.get("/api/v1/managers/bulk/", Accept="text/csv")
    assert (by_accept["Content-Type"], by_accept.getvalue()) == ("text/csv", written)


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x", "'=1", "''x", "x=1", "", "a\x00b", "'x"]
)  # fmt: skip
def test_cells_are_made_harmless_as_in_exports(text: str) -> None:
    assert safe_cell(text) == safe_text(text)


def test_pages_of_a_bulk_answer_are_one_stream(
    cast: Cast, caller: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cmsys.api.resources.bulk.AT_ONCE", 7)
    Customer.objects.bulk_create(
        [Customer(customer_no=f"C{n:02}", name="一企业", unit=cast.units["CD"]) for n in range(30)]
    )
    client = caller("customers:read")
    assert [row["customer_no"] for row in rows_of(client, "customers")] == sorted(
        f"C{n:02}" for n in range(30)
    )
    lines = client.get("/api/v1/customers/bulk/?format=csv").getvalue().decode().splitlines()
    assert len(lines) == 31
    assert FeedChange.objects.count() >= 30
