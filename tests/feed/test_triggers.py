"""What the triggers write for each way in which a row, or where it is seen, may change."""

from __future__ import annotations

import pytest
from django.db import connection

from cmsys.feed.models import FeedChange
from cmsys.feed.tables import FeedTable, feeds
from cmsys.feed.triggers import functions, statements
from cmsys.org.models import OrgUnit
from cmsys.org.services.units import unit_move
from customers.registry.models import Assignment, Customer
from managers.careers.models import Grade
from managers.profiles.models import Certificate, RelationshipManager
from tests.cast import STAGE, TODAY, Cast
from tests.feed.conftest import written

pytestmark = pytest.mark.django_db
SEEN = ("resource", "object_id", "path_was", "path_now")


@pytest.fixture
def paths(cast: Cast) -> dict[str, str]:
    return dict(OrgUnit.objects.values_list("code", "path"))


def manager(number: str) -> RelationshipManager:
    return RelationshipManager.objects.get(employee_no=number)


def test_the_feed_follows_these_resources() -> None:
    assert sorted(feeds()) == ["assignments", "certificates", "customers", "grades", "managers", "org-units"]


@pytest.mark.parametrize("resource", sorted(feeds()))
def test_what_stands_in_the_database_is_what_is_declared(resource: str, db: None) -> None:
    """A declaration that changes needs a migration: bodies of functions, and the tables they hang on."""
    table = feeds()[resource].table
    with connection.cursor() as cursor:
        for name, body in functions(table).items():
            cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [name])
            assert cursor.fetchone() == (body,), name
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'")
        standing = {name for (name,) in cursor.fetchall()}
    declared = {
        part.split(" ", 1)[0] for make, _ in statements(table) for part in make.split("CREATE TRIGGER ")[1:]
    }
    assert declared and declared <= standing


def test_a_new_row_a_change_and_its_end(paths: dict[str, str], cast: Cast) -> None:
    person = RelationshipManager.objects.create(employee_no="M-NEW", name="孙悦", unit=cast.units["CX"])
    assert written(*SEEN) == [("managers", "M-NEW", None, paths["CX"])]
    assert written("version", "scope_was", "scope_now") == [(person.updated_at, "", "managers:read")]
    FeedChange.objects.all().delete()
    person.capacity = 12
    person.save()
    assert written(*SEEN, "version") == [("managers", "M-NEW", paths["CX"], paths["CX"], person.updated_at)]
    FeedChange.objects.all().delete()
    RelationshipManager.objects.filter(pk=person.pk)._raw_delete("default")
    assert written(*SEEN, "version") == [("managers", "M-NEW", paths["CX"], None, None)]


def test_an_update_that_changes_nothing_is_no_change(cast: Cast) -> None:
    RelationshipManager.objects.update(capacity=None)
    assert written("id") == []


def test_many_rows_are_one_statement_and_each_has_its_change(paths: dict[str, str], cast: Cast) -> None:
    Customer.objects.bulk_create(
        [Customer(customer_no=f"C{n:03}", name="一企业", unit=cast.units["CD"]) for n in range(300)]
    )
    assert sorted(written("object_id")) == [f"C{n:03}" for n in range(300)]
    FeedChange.objects.all().delete()
    Customer.objects.filter(customer_no__lt="C100").update(unit=None)
    assert {(row[2], row[3]) for row in written(*SEEN)} == {(paths["CD"], "")}
    assert sorted(written("object_id")) == [f"C{n:03}" for n in range(100)]


def test_another_key_is_another_object(paths: dict[str, str], cast: Cast) -> None:
    RelationshipManager.objects.filter(employee_no="M-CD1").update(employee_no="M-CD9")
    assert sorted(written(*SEEN)[:2], key=lambda row: row[1]) == [
        ("managers", "M-CD1", paths["CD"], None),
        ("managers", "M-CD9", None, paths["CD"]),
    ]


def test_what_belongs_to_a_person_moves_with_him(paths: dict[str, str], cast: Cast) -> None:
    certificate = Certificate.objects.create(manager=manager("M-CD1"), name="AFP", issued_on=TODAY)
    FeedChange.objects.all().delete()
    RelationshipManager.objects.filter(employee_no="M-CD1").update(unit=cast.units["PD"])
    assert sorted(written(*SEEN)) == [
        ("certificates", str(certificate.pk), paths["CD"], paths["PD"]),
        ("managers", "M-CD1", paths["CD"], paths["PD"]),
    ]


def test_what_belongs_to_a_customer_moves_with_it(paths: dict[str, str], cast: Cast) -> None:
    customer = Customer.objects.create(customer_no="C-1", name="华东机械", unit=cast.units["CD"])
    held = Assignment.objects.create(
        customer=customer, manager=manager("M-CD1"), role="primary", starts_on=TODAY
    )
    assert written(*SEEN)[-1] == ("assignments", str(held.pk), None, paths["CD"])
    FeedChange.objects.all().delete()
    Customer.objects.filter(pk=customer.pk).update(unit=cast.units["CX"])
    assert sorted(written(*SEEN)) == [
        ("assignments", str(held.pk), paths["CD"], paths["CX"]),
        ("customers", "C-1", paths["CD"], paths["CX"]),
    ]


def test_a_unit_moves_in_the_tree_with_all_that_stands_below(paths: dict[str, str], cast: Cast) -> None:
    customer = Customer.objects.create(customer_no="C-1", name="华东机械", unit=cast.units["CD"])
    held = Assignment.objects.create(
        customer=customer, manager=manager("M-CX1"), role="primary", starts_on=TODAY
    )
    FeedChange.objects.all().delete()
    unit_move(
        actor=STAGE, today=TODAY, unit_id=cast.units["CD"].pk, parent_id=cast.units["SH"].pk, on=TODAY, reason="调整"
    )  # fmt: skip
    old, new = paths["CD"], f"{paths['SH']}{cast.units['CD'].pk}/"
    moved = [row for row in written(*SEEN) if row[2] != row[3]]
    assert sorted(moved) == [
        ("assignments", str(held.pk), old, new),
        ("customers", "C-1", old, new),
        ("managers", "M-CD1", old, new),
        ("managers", "M-CD2", old, new),
        ("org-units", "CD", old, new),
    ]


def test_a_new_name_is_a_change_of_every_row_that_shows_it(paths: dict[str, str], cast: Cast) -> None:
    before = manager("M-CD1").updated_at
    Grade.objects.filter(code="MIDDLE").update(name="中级")
    of_grade = list(
        RelationshipManager.objects.filter(grade__code="MIDDLE").values_list("employee_no", flat=True)
    )
    assert of_grade and sorted(written("object_id", resource="managers")) == sorted(of_grade)
    assert manager(of_grade[0]).updated_at > before
    FeedChange.objects.all().delete()
    OrgUnit.objects.filter(code="BJ").update(name="北京")
    # Its children show it as their parent; nobody works in it.
    assert sorted(written("resource", "object_id")) == [
        ("org-units", "BJ"), ("org-units", "CD"), ("org-units", "CX"),
    ]  # fmt: skip
    FeedChange.objects.all().delete()
    OrgUnit.objects.filter(code="BJ").update(region_code="110000")
    assert written("object_id") == ["BJ"]


def test_plans_fit_the_number_of_rows(cast: Cast) -> None:
    """After small changes of the same connection, ten thousand rows at once: row by row they would be a hundred million
    pairs, half a minute for each statement; joined as a whole they take a fraction of a second."""
    unit = cast.units["CD"]
    for number in range(8):
        Customer.objects.create(customer_no=f"S{number}", name="一企业", unit=unit)
        Customer.objects.filter(customer_no=f"S{number}").update(scale="小")
    Customer.objects.bulk_create(
        [Customer(customer_no=f"C{n:05}", name="一企业", unit=unit) for n in range(10_000)]
    )
    bodies = "".join(body for shown in feeds().values() for body in functions(shown.table).values())
    assert "EXISTS" not in bodies, "its planner hopes for an early end"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '20s'")
    Customer.objects.filter(customer_no__startswith="C").update(scale="大")
    assert FeedChange.objects.filter(object_id__startswith="C").count() == 20_000


def test_triggers_can_be_taken_away_again(db: None) -> None:
    table = FeedTable("probes", "managers_careers_grade", "'x'", hops=())
    for make, drop in statements(table):
        assert "CREATE FUNCTION feed_probes" in make and drop.endswith(
            "DROP FUNCTION IF EXISTS feed_probes();"
        )
