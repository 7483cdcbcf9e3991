"""What clients read of appeals and plans: where they stand, never what was pleaded or found."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.appeals.indicators import SOURCE
from cmsys.api.services.clients import client_create
from cmsys.ui.indicators import Span
from tests.appeals.world import TOLD, Appealed
from tests.cast import STAGE
from tests.permissions.house import token_of

pytestmark = pytest.mark.django_db


def client(*scopes: str, unit: Any = None) -> Browser:
    made, _secret = client_create(
        actor=STAGE, now=timezone.now(), name="仓库", scopes=list(scopes), unit=unit
    )
    return Browser(headers={"Authorization": f"Bearer {token_of(made)}"})


def test_an_appeal_says_where_it_stands_and_nothing_of_what_was_pleaded(world: Appealed) -> None:
    appeal = world.hearing("M-CD1")
    world.do("comment", appeal, "mgr", reason="口径不一致")
    world.answer(appeal, "second", "partly", "review")
    browser = client("appeals:read", unit=world.cast.units["BJ"])
    [found] = browser.get("/api/v1/appeals/").json()["results"]
    assert found == browser.get(f"/api/v1/appeals/{appeal.pk}/").json()
    assert {key: found[key] for key in found if key not in ("updated_at", "decided_at")} == {
        "id": appeal.pk, "manager": {"employee_no": "M-CD1", "name": "陈思远"}, "decision_id": appeal.decision_id,
        "cycle": "2025Q4", "ground": "data", "state": "decided", "told_on": "2026-09-29",
        "window_ends_on": "2026-10-12", "lodged_at": "2026-09-29T10:00:00+08:00", "due_on": "2026-10-26",
        "suspended": False, "outcome": "partly",
    }  # fmt: skip
    text = browser.get("/api/v1/appeals/").content.decode()
    assert not [words for words in ("少计", "请更正", "口径", "核实") if words in text]


def test_without_an_answer_there_is_no_outcome(world: Appealed) -> None:
    appeal = world.lodged("M-CD1")
    assert client("appeals:read").get(f"/api/v1/appeals/{appeal.pk}/").json()["outcome"] is None


def test_a_client_of_another_unit_reads_nothing(world: Appealed) -> None:
    appeal, plan = world.lodged("M-CD1"), world.plan("M-CD1")
    browser = client("appeals:read", "improvement-plans:read", unit=world.cast.units["SH"])
    assert browser.get("/api/v1/appeals/").json()["results"] == []
    assert browser.get("/api/v1/improvement-plans/").json()["results"] == []
    assert browser.get(f"/api/v1/appeals/{appeal.pk}/").status_code == 404
    assert browser.get(f"/api/v1/improvement-plans/{plan.pk}/").status_code == 404
    assert client("appeals:read").get("/api/v1/improvement-plans/").status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [("state=signing", 1), ("state=draft", 0), ("employee_no=M-CD1", 1), ("unit=CX", 0), ("unit=BJ", 1)],
)
def test_plans_are_asked_for_by_state_person_and_unit(world: Appealed, query: str, found: int) -> None:
    plan = world.plan("M-CD1")
    world.plan_do("write", plan)
    world.plan_do("issue", plan)
    rows = client("improvement-plans:read").get(f"/api/v1/improvement-plans/?{query}").json()["results"]
    assert [row["state"] for row in rows] == ["signing"] * found
    for row in rows:
        assert set(row) == {
            "id", "manager", "decision_id", "cause", "state", "starts_on", "ends_on", "signed_at", "refused",
            "closed_at", "updated_at",
        }  # fmt: skip
        assert row["refused"] is False


def test_the_next_grading_reads_the_latest_result(world: Appealed) -> None:
    quarter = Span(date(2026, 10, 1), date(2027, 1, 1))
    passed, failed = world.running(), world.running("M-CD2", person="wang")
    assert list(SOURCE.compute(quarter)) == []
    world.plan_do("pass", passed, day=date(2026, 10, 20))
    for check in failed.checks.all():
        given = {"check_id": check.pk, "progress": "behind", "note": "未完成"}
        world.plan_do("check", failed, day=check.on, **given)
    world.plan_do("fail", failed, day=date(2026, 12, 31))
    ids = {number: world.cast.managers[number].pk for number in ("M-CD1", "M-CD2")}
    assert dict(SOURCE.compute(quarter)) == {ids["M-CD1"]: 100, ids["M-CD2"]: 0}
    assert list(SOURCE.compute(quarter.previous)) == []
    # Closed at 14:00 on the last day of the year by the bank's clock; a day later it is the next year's.
    assert list(SOURCE.compute(Span(date(2027, 1, 1), date(2027, 4, 1)))) == []
    shown = SOURCE.records(quarter, ids["M-CD1"])
    assert (shown.value, shown.url) == (100, "/improvement-plans/?q=M-CD1")
    assert passed.starts_on == TOLD


@pytest.mark.parametrize("name", ["appeals", "improvement-plans"])
def test_a_list_costs_the_same_for_one_row_and_for_more(world: Appealed, name: str) -> None:
    make: Any = world.lodged if name == "appeals" else world.plan
    browser = client(f"{name}:read")
    costs = []
    for number in ("M-CD1", "M-CD2"):
        make(number)
        with CaptureQueriesContext(connection) as queries:
            rows = browser.get(f"/api/v1/{name}/?page_size=100").json()["results"]
        costs.append((len(rows), len(queries)))
    assert [rows for rows, _cost in costs] == [1, 2]
    assert {cost for _rows, cost in costs} == {costs[-1][1]} and costs[-1][1] <= 10
