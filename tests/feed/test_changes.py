"""`changes`: what each client is told, in which order, and when it must begin anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cmsys.access.actors import SystemActor
from cmsys.api.models import Client
from cmsys.feed import selectors
from cmsys.feed.housekeeping import purge
from cmsys.feed.models import FeedChange, FeedMark
from cmsys.jobs.kinds import Run
from cmsys.org.models import OrgUnit
from cmsys.org.services.units import unit_create, unit_move
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager
from managers.profiles.services.managers import manager_update
from tests.cast import STAGE, TODAY, Cast
from tests.decisions.world import Proposals
from tests.feed.conftest import Caller, position, settle_here, told, written

pytestmark = pytest.mark.django_db
Make = Callable[..., Caller]
FEED = "changes:read"


def touch(*numbers: str) -> None:
    for number in numbers:
        RelationshipManager.objects.filter(employee_no=number).update(
            capacity=TODAY.day, updated_at=timezone.now()
        )


def move(cast: Cast, number: str, code: str) -> None:
    manager = RelationshipManager.objects.get(employee_no=number)
    manager_update(actor=STAGE, manager_id=manager.pk, values={"unit": cast.units[code]}, reason="调动")


# --- what is told --------------------------------------------------------------------------------------------------------
def test_without_after_a_client_learns_where_it_stands(cast: Cast, caller: Make) -> None:
    client = caller(FEED, "managers:read")
    touch("M-CD1")
    last = settle_here()
    answer = client.get("/api/v1/changes/")
    assert answer.json() == {"results": [], "next_after": last, "more": False}
    assert told(client, last) == []


def test_three_rows_touched_three_come(cast: Cast, caller: Make) -> None:
    client = caller(FEED, "managers:read")
    settle_here()
    here = position(client)
    touch("M-PD1", "M-CD1", "M-CX1")
    last = settle_here()
    page = client.get(f"/api/v1/changes/?after={here}").json()
    rows = RelationshipManager.objects.in_bulk(["M-PD1", "M-CD1", "M-CX1"], field_name="employee_no")
    assert [(one["resource"], one["id"], one["op"]) for one in page["results"]] == [
        ("managers", "M-PD1", "upsert"), ("managers", "M-CD1", "upsert"), ("managers", "M-CX1", "upsert"),
    ]  # fmt: skip
    # The version is what the row itself says, in the same letters.
    listed = {row["employee_no"]: row for row in client.get("/api/v1/managers/").json()["results"]}
    assert [one["version"] for one in page["results"]] == [
        listed[one["id"]]["updated_at"] for one in page["results"]
    ]
    assert page["results"][0]["at"] and rows
    assert [one["seq"] for one in page["results"]] == sorted(written("id"))
    assert (page["next_after"], page["more"]) == (last, False)


def test_one_transaction_tells_an_object_once(cast: Cast, caller: Make) -> None:
    """The whole test is one transaction here: what is changed twice in it is told once, what is made and gone not at all."""
    client = caller(FEED, "managers:read")
    settle_here()
    here = position(client)
    touch("M-CD1")
    touch("M-CX1")
    touch("M-CD1")
    RelationshipManager.objects.create(employee_no="M-TMP", name="临时", unit=cast.units["CX"])
    RelationshipManager.objects.filter(employee_no="M-TMP")._raw_delete("default")
    assert told(client, here) == [("managers", "M-CX1", "upsert"), ("managers", "M-CD1", "upsert")]
    # Of different transactions each is told.
    FeedChange.objects.filter(id=FeedChange.objects.order_by("id").values("id")[:1]).update(transaction=1)
    assert [one[1] for one in told(client, here)] == ["M-CD1", "M-CX1", "M-CD1"]


def test_pages_follow_each_other_without_gap_or_double(cast: Cast, caller: Make) -> None:
    client = caller(FEED, "customers:read")
    settle_here()
    after = position(client)
    Customer.objects.bulk_create(
        [Customer(customer_no=f"C{n:02}", name="一企业", unit=cast.units["CD"]) for n in range(25)]
    )
    settle_here()
    seen, pages = [], 0
    while True:
        page = client.get(f"/api/v1/changes/?after={after}&limit=10").json()
        seen += [one["id"] for one in page["results"]]
        pages, after = pages + 1, page["next_after"]
        if not page["more"]:
            break
    # Rows of one statement have no order among themselves; each comes once.
    assert (sorted(seen), pages) == ([f"C{n:02}" for n in range(25)], 3)


def test_a_client_that_sees_little_is_not_made_to_wait(
    cast: Cast, caller: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = caller(FEED, "managers:read")
    # A change of this very test, so that its numbers do not begin where another test's ended.
    touch("M-CD2")
    settle_here()
    here = position(client)
    Customer.objects.bulk_create(
        [Customer(customer_no=f"C{n:02}", name="一企业", unit=cast.units["CD"]) for n in range(25)]
    )
    touch("M-CD1")
    last = settle_here()
    monkeypatch.setattr(selectors, "WINDOW", 10)
    page = client.get(f"/api/v1/changes/?after={here}").json()
    assert page == {"results": [], "next_after": here + 10, "more": True}
    assert told(client, here) == [("managers", "M-CD1", "upsert")]
    assert client.get(f"/api/v1/changes/?after={last}").json()["more"] is False


def test_only_resources_whose_scope_the_token_has(cast: Cast, caller: Make) -> None:
    both, units, none = caller(FEED, "managers:read", "org:read"), caller(FEED, "org:read"), caller(FEED)
    settle_here()
    here = position(both)
    touch("M-CD1")
    OrgUnit.objects.filter(code="CX").update(region_code="110105")
    assert told(both, here) == [("managers", "M-CD1", "upsert"), ("org-units", "CX", "upsert")]
    assert told(units, here) == [("org-units", "CX", "upsert")]
    assert told(none, here) == []
    assert caller("managers:read").get("/api/v1/changes/").status_code == 403


def test_nothing_is_told_that_is_not_settled(cast: Cast, caller: Make) -> None:
    client = caller(FEED, "managers:read")
    settle_here()
    here = position(client)
    touch("M-CD1")
    page = client.get(f"/api/v1/changes/?after={here}").json()
    assert page == {"results": [], "next_after": here, "more": False}


# --- who leaves whose view -----------------------------------------------------------------------------------------------
def test_a_moved_person_leaves_one_client_and_comes_to_the_other(cast: Cast, caller: Make) -> None:
    old = caller(FEED, "managers:read", unit=cast.units["CD"])
    new = caller(FEED, "managers:read", unit=cast.units["SH"])
    other = caller(FEED, "managers:read", unit=cast.units["CX"])
    above = caller(FEED, "managers:read", unit=cast.units["HO"])
    settle_here()
    here = position(old)
    move(cast, "M-CD1", "PD")
    assert told(old, here) == [("managers", "M-CD1", "leave")]
    assert told(new, here) == [("managers", "M-CD1", "upsert")]
    assert told(other, here) == []
    assert told(above, here) == [("managers", "M-CD1", "upsert")]
    [gone] = old.get(f"/api/v1/changes/?after={here}").json()["results"]
    assert gone["version"] is None, "of what one does not see one learns no version"
    assert old.get("/api/v1/managers/M-CD1/").status_code == 404
    assert new.get("/api/v1/managers/M-CD1/").status_code == 200


def test_his_grades_go_with_him(submitted: Proposals, caller: Make) -> None:
    cast = submitted.cast
    case = submitted.case("M-CD1").bring_to("on_notice")
    old = caller(FEED, "grades:read", unit=cast.units["CD"])
    new = caller(FEED, "grades:read", unit=cast.units["PD"])
    settle_here()
    here = position(old)
    before = case.now.updated_at
    move(cast, "M-CD1", "PD")
    assert (case.now.unit.code, case.now.updated_at > before) == ("PD", True)
    key = str(case.pk)
    assert told(old, here) == [("grades", key, "leave")]
    assert told(new, here) == [("grades", key, "upsert")]
    assert [row["id"] for row in new.get("/api/v1/grades/").json()["results"]] == [case.pk]
    assert old.get("/api/v1/grades/").json()["results"] == []


def test_a_case_that_is_made_while_he_is_elsewhere_stands_where_he_is(submitted: Proposals) -> None:
    """Whoever writes a decision: it is put where the person is."""
    decision = submitted.decision("M-CD1")
    type(decision).objects.filter(pk=decision.pk)._raw_delete("default")
    decision.unit = submitted.cast.units["SH"]
    decision.save(force_insert=True)
    assert submitted.decision("M-CD1").unit.code == "CD"


def test_grades_that_are_taken_out_of_view_leave(submitted: Proposals, caller: Make) -> None:
    public = caller(FEED, "grades:read")
    everything = caller(FEED, "grades:read_unpublished")
    case = submitted.case("M-CD1")
    key = str(case.pk)
    settle_here()
    here = position(public)
    case.bring_to("confirmed")
    assert told(public, here) == []
    assert set(told(everything, here)) == {("grades", key, "upsert")}
    here = settle_here()
    case.do("publish", "hrh")
    FeedChange.objects.filter(id__gt=here).update(transaction=2)
    assert told(public, here) == [("grades", key, "upsert")]
    here = settle_here()
    case.at(state="in_review", reviewed_by=None, confirmed_by=None)
    FeedChange.objects.filter(id__gt=here).update(transaction=3)
    assert told(public, here) == [("grades", key, "leave")]
    assert told(everything, here) == [("grades", key, "upsert")]
    assert public.get(f"/api/v1/grades/{key}/").status_code == 404


def test_a_row_that_is_gone_is_told_to_who_saw_it(cast: Cast, caller: Make) -> None:
    RelationshipManager.objects.create(employee_no="M-NEW", name="孙悦", unit=cast.units["CX"])
    near, far = (caller(FEED, "managers:read", unit=cast.units[code]) for code in ("BJ", "SH"))
    here = settle_here()
    RelationshipManager.objects.filter(employee_no="M-NEW")._raw_delete("default")
    FeedChange.objects.filter(id__gt=here).update(transaction=2)
    assert told(near, here) == [("managers", "M-NEW", "delete")]
    assert told(far, here) == []


def test_a_unit_moves_with_all_that_stands_below(cast: Cast, caller: Make) -> None:
    old = caller(FEED, "managers:read", "org:read", unit=cast.units["BJ"])
    new = caller(FEED, "managers:read", "org:read", unit=cast.units["SH"])
    settle_here()
    here = position(old)
    unit_move(
        actor=STAGE, today=TODAY, unit_id=cast.units["CD"].pk, parent_id=cast.units["SH"].pk, on=TODAY, reason="调整"
    )  # fmt: skip
    moved = [("managers", "M-CD1"), ("managers", "M-CD2"), ("org-units", "CD")]
    assert sorted(told(old, here)) == [(*one, "leave") for one in moved]
    assert sorted(told(new, here)) == [(*one, "upsert") for one in moved]


def test_customers_without_a_unit_are_for_clients_of_the_whole(cast: Cast, caller: Make) -> None:
    whole, branch = caller(FEED, "customers:read"), caller(FEED, "customers:read", unit=cast.units["HO"])
    Customer.objects.create(customer_no="C-1", name="华东机械", unit=cast.units["CD"])
    here = settle_here()
    Customer.objects.filter(customer_no="C-1").update(unit=None)
    assert told(whole, here) == [("customers", "C-1", "upsert")]
    assert told(branch, here) == [("customers", "C-1", "leave")]


# --- beginning anew ------------------------------------------------------------------------------------------------------
def resync(answer: Any) -> bool:
    return answer.status_code == 410 and answer.json()["code"] == "resync"


@pytest.mark.parametrize("change", ["scopes", "unit", "move", "name"])
def test_other_rights_need_a_new_beginning(cast: Cast, caller: Make, change: str) -> None:
    client = caller(FEED, "managers:read", "org:read", unit=cast.units["CD"])
    touch("M-CX1")
    settle_here()
    here = position(client)
    touch("M-CD1")
    row = Client.objects.get(pk=client.client.pk)
    if change == "scopes":
        Client.objects.filter(pk=row.pk).update(allowed_scopes=[FEED, "managers:read"])
    elif change == "unit":
        Client.objects.filter(pk=row.pk).update(unit=cast.units["BJ"])
    elif change == "move":
        unit_move(
            actor=STAGE, today=TODAY, unit_id=cast.units["BJ"].pk, parent_id=cast.units["SH"].pk, on=TODAY,
            reason="调整",
        )  # fmt: skip
    else:
        Client.objects.filter(pk=row.pk).update(name="另一个名字")
        assert told(client, here) == [("managers", "M-CD1", "upsert")]
        return
    assert resync(client.get(f"/api/v1/changes/?after={here}"))
    # A position for the new rights cannot be told from one for the old ones before it is settled.
    begin = client.get("/api/v1/changes/")
    assert (begin.status_code, begin.json()["code"], begin["Retry-After"]) == (503, "settling", "4")
    FeedChange.objects.create(
        at=timezone.now(), transaction=9, resource="x", object_id="x", scope_was="", scope_now=""
    )
    settle_here()
    assert resync(client.get(f"/api/v1/changes/?after={here}"))
    here = position(client)
    touch("M-CD2")
    FeedChange.objects.filter(id__gt=here).update(transaction=3)
    assert told(client, here) == [("managers", "M-CD2", "upsert")]


def test_a_position_beyond_ours_is_one_of_other_data(cast: Cast, caller: Make) -> None:
    """After a restore from a backup the numbers begin lower again."""
    client = caller(FEED, "managers:read")
    touch("M-CD1")
    last = settle_here()
    assert resync(client.get(f"/api/v1/changes/?after={last + 1}"))


def run_purge(now: Any, cursor: Any = None) -> Any:
    return purge(Run(1, "", SystemActor("system:test"), None, cursor, now))


def test_what_is_too_old_goes_and_who_stayed_away_begins_anew(
    cast: Cast, caller: Make, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.FEED_DAYS = 30
    monkeypatch.setattr("cmsys.feed.housekeeping.AT_ONCE", 2)
    client = caller(FEED, "managers:read")
    begun = timezone.now()
    settle_here()
    early = position(client)
    touch("M-CD1", "M-CD2", "M-CX1")
    first = settle_here()
    run_purge(begun)
    touch("M-PD1")
    second = settle_here()
    run_purge(begun + timedelta(days=20))
    assert len(written("id")) == 4, "nothing is older than 30 days yet"
    chunk = run_purge(begun + timedelta(days=31))
    assert (chunk.done, chunk.cursor.floor) == (2, first)
    # From the first deletion on nobody reads across the gap.
    assert resync(client.get(f"/api/v1/changes/?after={early}"))
    chunk = run_purge(begun + timedelta(days=31), chunk.cursor)
    assert (chunk.done, chunk.cursor) == (3, None)
    assert written("object_id") == ["M-PD1"]
    assert told(client, first) == [("managers", "M-PD1", "upsert")]
    assert resync(client.get(f"/api/v1/changes/?after={first - 1}"))
    run_purge(begun + timedelta(days=51))
    assert written("id") == [] and told(client, second) == []
    assert resync(client.get(f"/api/v1/changes/?after={first}"))
    assert FeedMark.objects.filter(is_floor=True).count() == 1


# --- what is asked wrongly, and what it costs --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "field"),
    [("after=-1", "after"), ("after=x", "after"), ("after=9223372036854775808", "after"), ("limit=0", "limit"),
     ("limit=1001", "limit"), ("afer=1", "afer"), ("after=", "after"), ("after=1&after=2", "after")],
)  # fmt: skip
def test_a_wrong_parameter_is_named(cast: Cast, caller: Make, query: str, field: str) -> None:
    answer = caller(FEED).get(f"/api/v1/changes/?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_the_cost_does_not_grow_with_the_rows(cast: Cast, caller: Make) -> None:
    client = caller(FEED, "managers:read", "customers:read", unit=cast.units["CD"])
    settle_here()
    here = position(client)
    counts = []
    for number in (1, 30):
        Customer.objects.bulk_create(
            [
                Customer(customer_no=f"C{number}-{n}", name="一企业", unit=cast.units["CD"])
                for n in range(number)
            ]
        )
        settle_here()
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/api/v1/changes/?after={here}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_unit_opened_in_the_tree_comes_once(cast: Cast, caller: Make) -> None:
    """The service writes it twice, without a place and with one."""
    client = caller(FEED, "org:read", unit=cast.units["BJ"])
    here = settle_here()
    unit_create(
        actor=STAGE, today=TODAY, code="NEW", parent=cast.units["BJ"], name="城南支行", kind="subbranch"
    )
    assert told(client, here) == [("org-units", "NEW", "upsert")]
