"""acting_as: the database knows whose transaction it is, for exactly as long as it lasts."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from cmsys.access.actors import SystemActor
from cmsys.accounts.models import User
from cmsys.audit.acting import acting, acting_as
from cmsys.audit.ledger import record
from cmsys.audit.models import Event

SYSTEM = SystemActor("system:test")


def told() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.actor_id', true), '')")
        return str(cursor.fetchone()[0])


def person(number: int) -> User:
    return User(pk=number, username=f"user{number}", name=f"用户{number}")


@pytest.mark.django_db(transaction=True)
def test_the_setting_ends_with_the_transaction(transactional_db: None) -> None:
    with acting_as(person(41)):
        assert told() == "41"
    assert told() == ""
    with acting_as(SYSTEM):
        assert told() == "0"
    assert told() == ""


@pytest.mark.django_db(transaction=True)
def test_nothing_leaks_after_an_error(transactional_db: None) -> None:
    with pytest.raises(ZeroDivisionError), acting_as(person(41)):
        1 / 0  # noqa: B018
    assert told() == ""
    assert acting() is None
    with transaction.atomic():
        assert told() == ""


@pytest.mark.django_db(transaction=True)
def test_nothing_leaks_after_an_error_of_the_database(transactional_db: None) -> None:
    from django.db import DataError

    with pytest.raises(DataError), acting_as(person(41)), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    assert told() == ""
    assert acting() is None


@pytest.mark.django_db(transaction=True)
def test_after_an_inner_actor_the_outer_one_acts_again(transactional_db: None) -> None:
    """The setting lives until the end of the outer transaction, so the inner block has to put it back."""
    with acting_as(person(41), request_id="outer"):
        with acting_as(SYSTEM, request_id="inner"):
            assert told() == "0"
        assert told() == "41"
        assert acting().request_id == "outer"  # type: ignore[union-attr]
        with pytest.raises(ZeroDivisionError), acting_as(person(42)):
            1 / 0  # noqa: B018
        assert told() == "41"
    assert told() == ""


@pytest.mark.django_db(transaction=True)
def test_an_inner_block_inside_an_unnamed_transaction_leaves_it_unnamed(transactional_db: None) -> None:
    with transaction.atomic():
        with acting_as(person(41)):
            assert told() == "41"
        assert told() == ""


@pytest.mark.django_db(transaction=True)
def test_a_block_that_is_rolled_back_by_hand_leaves_quietly(transactional_db: None) -> None:
    with acting_as(person(41)):
        with acting_as(person(42)):
            transaction.set_rollback(True)
        assert told() == "41"
    assert told() == ""


def test_an_event_carries_request_and_address_of_its_acting(db: None) -> None:
    with acting_as(SYSTEM, request_id="r-1", address="192.0.2.7"):
        event = record("thing.change", actor=SYSTEM, resource="things", object_id="1")
    event.refresh_from_db()
    assert (event.request_id, event.address, event.actor_id, event.actor_name) == (
        "r-1", "192.0.2.7", None, "system:test"
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(RuntimeError):
        record("thing.change", actor=SYSTEM, resource="things", object_id="1")
    assert Event.objects.count() == 0
