"""Pages: whole, in order, none lost while rows change, and as cheap at the end as at the start."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cmsys.api.paging import Position
from cmsys.org.models import OrgUnit

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def many(units):
    """200 further teams, one second apart, then 40 at one and the same moment."""
    rows = [
        OrgUnit(code=f"T{number:03}", name=f"第{number}组", kind="team", parent=units["SH"])
        for number in range(240)
    ]
    OrgUnit.objects.bulk_create(rows)
    OrgUnit.objects.filter(parent=None).update(updated_at=START - timedelta(days=1))
    for number, row in enumerate(rows):
        row.path = f"{units['SH'].path}{row.pk}/"
        row.updated_at = START + timedelta(seconds=min(number, 200))
    OrgUnit.objects.bulk_update(rows, ["path", "updated_at"])
    return units["SH"]


def walk(us, path: str):
    """Every row of every page, in the order it comes."""
    found, pages = [], 0
    while path:
        answer = us.get(path)
        assert answer.status_code == 200, answer.content
        found += answer.json()["results"]
        path = answer.json()["next"]
        pages += 1
        assert pages < 500
    return found


@pytest.mark.parametrize("size", [7, 40, 100, 1000])
def test_pages_put_together_are_the_whole_list_in_order(caller, many, size):
    found = [row["code"] for row in walk(caller(), f"/api/v1/org-units/?page_size={size}&kind=team")]
    assert found == [f"T{number:03}" for number in range(240)]


def test_rows_of_one_moment_are_passed_one_by_one(caller, many):
    found = walk(caller(), "/api/v1/org-units/?page_size=1&kind=team&updated_since=2026-01-01T00:03:20Z")
    assert [row["code"] for row in found] == [f"T{number:03}" for number in range(200, 240)]


def test_the_default_page_has_100_rows_and_next_keeps_the_filters(caller, many):
    answer = caller().get("/api/v1/org-units/?kind=team")
    assert len(answer.json()["results"]) == 100
    assert answer.json()["next"].startswith("http://testserver/api/v1/org-units/?cursor=AQ")
    assert answer.json()["next"].endswith("&kind=team")


def test_there_is_no_next_after_the_last_row_even_when_the_page_is_full(caller, units):
    assert caller().get("/api/v1/org-units/?page_size=4").json()["next"] is None
    assert caller().get("/api/v1/org-units/?page_size=3").json()["next"] is not None
    assert caller().get("/api/v1/org-units/?code=NONE").json() == {"results": [], "next": None}


def test_none_is_lost_when_rows_change_between_pages(caller, many):
    """A row that changes comes again; what a client keeps by key is the state at the end."""
    us = caller()
    path, kept, times = "/api/v1/org-units/?page_size=30&kind=team", {}, 0
    while path:
        answer = us.get(path).json()
        for row in answer["results"]:
            kept[row["code"]] = row["name"]
            times += 1
        path = answer["next"]
        if times < 200:  # changes rows that were seen, and rows that were not yet
            for code in ("T001", "T150", f"T{times:03}"):
                OrgUnit.objects.filter(code=code).update(
                    name=f"改{times}", updated_at=START + timedelta(days=1, seconds=times)
                )
    assert kept == dict(OrgUnit.objects.filter(kind="team").values_list("code", "name"))
    assert times > 240


def test_the_last_page_is_one_range_of_the_index_without_offset(caller, many):
    us = caller()
    cursor = Position(START + timedelta(seconds=200), OrgUnit.objects.get(code="T230").pk).encoded()
    with CaptureQueriesContext(connection) as queries:
        assert len(us.get(f"/api/v1/org-units/?page_size=5&cursor={cursor}").json()["results"]) == 5
    [sql] = [query["sql"] for query in queries if 'FROM "org_orgunit"' in query["sql"]]
    assert "OFFSET" not in sql
    assert "COUNT(" not in sql.upper()
    assert '("org_orgunit"."updated_at", "org_orgunit"."id") > (' in sql
    with connection.cursor() as raw:
        raw.execute("SET LOCAL enable_seqscan = off")
        raw.execute("SET LOCAL enable_sort = off")
        raw.execute(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {sql}")
        plan = json.dumps(raw.fetchone()[0])
    assert '"Index Name": "org_unit_updated"' in plan
    assert "ROW(" in plan  # the condition is the range itself, not a filter over rows already read
    assert '"Rows Removed by Filter": 0' in plan or "Rows Removed by Filter" not in plan


def test_a_cursor_is_a_place_and_survives_the_row_it_came_from(caller, units):
    us = caller()
    after = us.get("/api/v1/org-units/?page_size=2").json()["next"]
    OrgUnit.objects.filter(code="SH").update(updated_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert [row["code"] for row in us.get(after).json()["results"]] == ["SH-PD", "BJ"]


def test_a_position_comes_back_as_it_was():
    position = Position(datetime(2026, 11, 20, 8, 30, 1, 234567, tzinfo=UTC), 2**40)
    assert len(position.encoded()) == 23
    assert Position.decoded(position.encoded()) == position


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "AQ",
        "AQ" + "A" * 20,
        "AQ" + "A" * 22,
        "Ag" + "A" * 21,
        "AQ" + "_" * 21,
        "AQ" + "A" * 20 + "B",
        "AQ" + "é" * 21,
    ],
)
def test_what_no_page_gave_out_is_no_cursor(text):
    with pytest.raises(ValueError, match="not a cursor"):
        Position.decoded(text)
