"""Two who pass each other: a row that is written beside a move of where it stands is noted where it stands in the end."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from cmsys.audit.models import Settled, settled_to
from cmsys.audit.sealer import Sealer
from cmsys.org.models import OrgUnit
from cmsys.org.services.units import unit_move
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager
from tests.audit.conftest import Open, ask, write_event
from tests.cast import STAGE, TODAY, Cast, stage
from tests.feed.conftest import written

pytestmark = pytest.mark.django_db(transaction=True)
NEW_MANAGER = """
    INSERT INTO managers_profiles_relationshipmanager (employee_no, name, name_pinyin, gender, unit_id, status, education,
        major, industries, region_code, mobile, email, updated_at)
    VALUES ('M-NEW', '孙悦', '', '', %s, 'active', '', '', '{}', '', '', '', now())
"""
NEW_ASSIGNMENT = """
    INSERT INTO customers_registry_assignment (customer_id, manager_id, role, starts_on, updated_at)
    VALUES (%s, %s, 'primary', '2026-03-02', now())
"""
SHORT = "SET lock_timeout = '300ms'"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    with transaction.atomic():
        return stage()


def move(cast: Cast) -> None:
    unit_move(
        actor=STAGE, today=TODAY, unit_id=cast.units["CD"].pk, parent_id=cast.units["SH"].pk, on=TODAY, reason="调整"
    )  # fmt: skip


def waits(session: Any, statement: str, *parameters: Any) -> bool:
    """Whether the statement would have to wait for somebody; its transaction is over then."""
    ask(session, SHORT)
    try:
        ask(session, statement, *parameters)
    except Exception as error:
        if "lock timeout" not in str(error):
            raise
        session.rollback()
        return True
    return False


def test_a_move_waits_for_who_is_noting_a_path(cast: Cast, another: Open) -> None:
    session = another()
    ask(session, NEW_MANAGER, cast.units["CD"].pk)
    with connection.cursor() as cursor:
        cursor.execute(SHORT)
    with pytest.raises(OperationalError, match="lock timeout"):
        move(cast)
    session.commit()
    move(cast)
    path = OrgUnit.objects.get(code="CD").path
    assert written("path_now", object_id="M-NEW")[-1] == path


def test_who_notes_a_path_waits_for_a_move(cast: Cast, another: Open) -> None:
    session = another()
    with transaction.atomic():
        move(cast)
        assert waits(session, NEW_MANAGER, cast.units["PD"].pk), "even where another unit is moved"
    ask(session, NEW_MANAGER, cast.units["CD"].pk)
    session.commit()
    assert written("path_now", object_id="M-NEW") == [OrgUnit.objects.get(code="CD").path]


def test_a_path_that_is_changed_without_the_service_waits_too(cast: Cast, another: Open) -> None:
    session, mover = another(), another()
    ask(session, NEW_MANAGER, cast.units["CD"].pk)
    assert waits(mover, "UPDATE org_orgunit SET path = '/x/' WHERE code = 'CX'")
    assert not waits(mover, "UPDATE org_orgunit SET name = '城西' WHERE code = 'CX'"), "a name hinders nobody"
    mover.rollback()
    session.rollback()


def test_an_assignment_waits_for_its_customer(cast: Cast, another: Open) -> None:
    customer = Customer.objects.create(customer_no="C-1", name="华东机械", unit=cast.units["CD"])
    manager = RelationshipManager.objects.get(employee_no="M-CX1")
    session, mover = another(), another()
    ask(mover, "UPDATE customers_registry_customer SET unit_id = %s", cast.units["PD"].pk)
    assert waits(session, NEW_ASSIGNMENT, customer.pk, manager.pk)
    mover.commit()
    ask(session, NEW_ASSIGNMENT, customer.pk, manager.pk)
    # And the other way round: the customer cannot leave before the assignment is noted.
    assert waits(mover, "UPDATE customers_registry_customer SET unit_id = %s", cast.units["CX"].pk)
    session.commit()
    assert written("path_now", resource="assignments") == [OrgUnit.objects.get(code="PD").path]


# --- how far everything is settled -------------------------------------------------------------------------------------
def test_numbers_of_changes_are_settled_without_an_event(transactional_db: None, another: Open) -> None:
    session = another()
    number = ask(session, "SELECT audit_next_id()")
    sealer = Sealer()
    assert [sealer.tick(timezone.now()) for _ in range(2)] == [0, 0]
    assert settled_to() < number, "whoever drew it may still write"
    session.rollback()
    sealer.tick(timezone.now())
    assert settled_to() == number


def test_what_is_settled_never_goes_back_and_is_written_only_when_it_moves(
    transactional_db: None, another: Open
) -> None:
    slow, quick = another(), another()
    write_event(slow, "a")
    late, early = Sealer(), Sealer()
    assert late.tick(timezone.now()) == 0, "it holds an old note"
    write_event(quick, "b")
    quick.commit()
    slow.commit()
    early.tick(timezone.now())
    here = settled_to()
    late.tick(timezone.now())
    assert settled_to() == here
    before = ask(another(), "SELECT xmin::text FROM audit_settled")
    for _ in range(3):
        Sealer().tick(timezone.now())
    assert ask(another(), "SELECT xmin::text FROM audit_settled") == before
    assert Settled.objects.count() == 1
