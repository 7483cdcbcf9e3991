"""org-units: exact rows, every filter."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cmsys.accounts.models import User
from cmsys.org.models import OrgUnit
from cmsys.org.services.units import unit_close, unit_create, unit_update
from tests.api.conftest import SYSTEM, TODAY


def codes(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["code"] for row in answer.json()["results"]]


def test_a_unit_has_exactly_these_fields_and_exact_decimals(caller, units):
    head = User.objects.create(username="zhang", name="张三", employee_no="A001")
    unit = unit_update(actor=SYSTEM, unit_id=units["SH"].pk, values={"head": head, "longitude": "121.470000"})
    answer = caller().get("/api/v1/org-units/SH/")
    stamp = unit.updated_at.astimezone(unit.updated_at.tzinfo)
    assert answer.content.decode() == (
        '{"code":"SH","name":"上海分行","kind":"branch","parent":{"code":"HQ","name":"总行"},"region_code":"",'
        '"latitude":31.230400,"longitude":121.470000,"head":{"employee_no":"A001","name":"张三"},'
        f'"opened_on":null,"closed_on":null,"updated_at":"{(stamp + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S.%f")}+08:00"}}'
    )


def test_a_root_has_no_parent_and_no_head(caller, units):
    row = caller().get("/api/v1/org-units/HQ/").json()
    assert (row["parent"], row["head"], row["latitude"], row["region_code"]) == (None, None, None, "310000")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["HQ", "SH", "SH-PD", "BJ"]),
        ("code=SH-PD", ["SH-PD"]),
        ("code=sh-pd", []),
        ("kind=branch", ["SH", "BJ"]),
        ("parent=HQ", ["SH", "BJ"]),
        ("parent=NONE", []),
        ("under=SH", ["SH", "SH-PD"]),
        ("under=HQ&kind=subbranch", ["SH-PD"]),
        ("under=NONE", []),
        ("open_on=2015-01-01", ["HQ", "SH", "BJ"]),
        ("open_on=2014-12-31", ["HQ", "SH"]),
        ("open_on=2020-05-01", ["HQ", "SH", "SH-PD", "BJ"]),
    ],
)
def test_filters(caller, units, query, expected):
    assert codes(caller().get(f"/api/v1/org-units/?{query}")) == expected


def test_a_unit_is_not_open_any_more_on_the_day_it_closes(caller, units):
    unit_close(
        actor=SYSTEM, unit_id=units["BJ"].pk, on=date(2024, 7, 1), today=date(2024, 7, 1), reason="并入"
    )
    us = caller()
    assert "BJ" in codes(us.get("/api/v1/org-units/?open_on=2024-06-30"))
    assert "BJ" not in codes(us.get("/api/v1/org-units/?open_on=2024-07-01"))


def test_updated_since_takes_the_moment_itself_and_what_came_later(caller, units):
    us = caller()
    moment = OrgUnit.objects.get(code="SH-PD").updated_at
    assert codes(us.get(f"/api/v1/org-units/?updated_since={moment.strftime('%Y-%m-%dT%H:%M:%S.%fZ')}")) == [
        "SH-PD",
        "BJ",
    ]
    later = moment + timedelta(microseconds=1)
    assert codes(us.get(f"/api/v1/org-units/?updated_since={later.strftime('%Y-%m-%dT%H:%M:%S.%fZ')}")) == [
        "BJ"
    ]


@pytest.mark.parametrize("value", ["2020-01-01", "2020-01-01T00:00:00%2B08:00", "2020-01-01T00:00:00 08:00"])
def test_updated_since_takes_a_date_and_forgives_a_lost_plus(caller, units, value):
    assert len(codes(caller().get(f"/api/v1/org-units/?updated_since={value}"))) == 4


def test_a_date_is_midnight_in_shanghai(caller, units):
    OrgUnit.objects.filter(code="HQ").update(updated_at="2026-01-30T15:59:59Z")
    OrgUnit.objects.filter(code="SH").update(updated_at="2026-01-30T16:00:00Z")
    found = codes(caller().get("/api/v1/org-units/?updated_since=2026-01-31"))
    assert "SH" in found
    assert "HQ" not in found


def reads(us, path: str) -> list[str]:
    """The queries of a request that read tables, without what opens and closes its transaction."""
    with CaptureQueriesContext(connection) as queries:
        assert us.get(path).status_code == 200
    return [query["sql"] for query in queries if " FROM " in query["sql"]]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/api/v1/org-units/", 2), ("/api/v1/org-units/SH-PD/", 2), ("/api/v1/org-units/?under=HQ", 3)],
)
def test_the_number_of_queries_does_not_depend_on_the_rows(caller, units, path, expected):
    """The token with its client and unit, the rows, and the unit that `under` names."""
    us = caller(unit=units["HQ"])
    assert len(reads(us, path)) == expected
    for number in range(30):
        values = {"parent": units["SH"], "name": f"第{number}组", "kind": "team"}
        unit_create(actor=SYSTEM, today=TODAY, code=f"T{number}", **values)
    assert len(reads(us, path)) == expected
