"""The sealer, step by step: which events it takes when, in which order, and that it waits for nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from cmsys.audit import sealer as sealing
from cmsys.audit.models import Event, Seal
from cmsys.audit.sealer import Sealer
from cmsys.audit.verify import verify
from tests.audit.conftest import Open, ask, write_event

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def sealed() -> list[str]:
    """What was sealed, in the fixed order."""
    return list(Seal.objects.order_by("seq").values_list("event__object_id", flat=True))


def committed(session: Any, *objects: str) -> None:
    for name in objects:
        write_event(session, name)
    session.commit()


def test_committed_events_are_sealed_in_the_order_of_their_ids(another: Open) -> None:
    session = another()
    committed(session, "a", "b")
    committed(session, "c")
    assert Sealer().tick(NOW) == 3
    assert sealed() == ["a", "b", "c"]
    assert list(Seal.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3]


def test_an_empty_ledger_has_nothing_to_seal(transactional_db: None) -> None:
    assert Sealer().tick(NOW) == 0
    assert verify().breaks == []


def test_an_open_transaction_holds_back_what_came_after_it_and_nobody_waits(another: Open) -> None:
    slow, quick = another(), another()
    sealer = Sealer()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1ms'")
    write_event(slow, "slow")
    committed(quick, "quick")
    assert [sealer.tick(NOW) for _ in range(3)] == [0, 0, 0]
    slow.commit()
    assert sealer.tick(NOW) == 2
    assert sealed() == ["slow", "quick"]


def test_events_after_the_note_wait_for_the_next_one(another: Open) -> None:
    slow, quick = another(), another()
    sealer = Sealer()
    write_event(slow, "first")
    assert sealer.tick(NOW) == 0
    committed(quick, "second")
    slow.commit()
    assert sealer.tick(NOW) == 1
    assert sealed() == ["first"]
    assert sealer.tick(NOW) == 1
    assert sealed() == ["first", "second"]


def test_a_transaction_above_the_newest_finished_one_is_waited_for_too(another: Open) -> None:
    """A snapshot ends one above the newest *finished* transaction: a running one above that is not in it, and must be
    waited for all the same, because its event may lie below one of an older transaction."""
    older, bystander, newer = another(), another(), another()
    sealer = Sealer()
    ask(older, "SELECT pg_current_xact_id()")
    committed(bystander, "bystander")
    low = write_event(newer, "newer, lower id")
    high = write_event(older, "older, higher id")
    assert low < high
    sealer.tick(NOW)
    older.commit()
    assert [sealer.tick(NOW) for _ in range(2)] == [0, 0]
    newer.commit()
    for _ in range(2):
        sealer.tick(NOW)
    assert sealed() == ["bystander", "newer, lower id", "older, higher id"]
    assert verify().breaks == []


def test_an_id_is_drawn_after_the_transaction_is_known(another: Open) -> None:
    """Otherwise a transaction that has drawn an id and written nothing yet would not be waited for."""
    drawing, quick = another(), another()
    event_id = ask(drawing, "SELECT audit_next_id()")
    assert ask(drawing, "SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
    committed(quick, "later")
    sealer = Sealer()
    assert [sealer.tick(NOW) for _ in range(2)] == [0, 0]
    ask(
        drawing,
        "INSERT INTO audit_event SELECT %s, at, kind, resource, 'drawn first', object_label, actor_id, actor_name, role,"
        " before, after, reason, request_id, address, success FROM audit_event",
        event_id,
    )
    drawing.commit()
    assert sealer.tick(NOW) == 2
    assert sealed() == ["drawn first", "later"]


def test_ids_of_rolled_back_transactions_leave_no_gap_in_the_order(another: Open) -> None:
    session = another()
    committed(session, "a")
    write_event(session, "never")
    session.rollback()
    committed(session, "b")
    assert Sealer().tick(NOW) == 2
    assert list(Seal.objects.order_by("seq").values_list("seq", "event__object_id")) == [(1, "a"), (2, "b")]
    ids = list(Seal.objects.order_by("seq").values_list("event_id", flat=True))
    assert ids[1] - ids[0] == 2
    assert verify().breaks == []


def test_a_rolled_back_savepoint_takes_its_event_along(another: Open) -> None:
    session = another()
    write_event(session, "kept")
    ask(session, "SAVEPOINT here")
    write_event(session, "undone")
    ask(session, "ROLLBACK TO SAVEPOINT here")
    committed(session, "kept too")
    assert Sealer().tick(NOW) == 2
    assert sealed() == ["kept", "kept too"]


def test_a_second_sealer_does_nothing_while_the_first_is_sealing(another: Open) -> None:
    session, other = another(), another()
    committed(session, "a")
    ask(other, "SELECT pg_advisory_xact_lock(%s)", sealing._LOCK)
    second = Sealer()
    assert second.tick(NOW) == 0
    assert sealed() == []
    other.rollback()
    assert second.tick(NOW) == 1, "what it could not seal it seals later, without a further event"
    assert sealed() == ["a"]


def test_two_sealers_take_turns_without_doubling(another: Open) -> None:
    slow, quick = another(), another()
    first, second = Sealer(), Sealer()
    write_event(slow, "a")
    assert first.tick(NOW) == 0
    committed(quick, "b")
    assert second.tick(NOW) == 0
    slow.commit()
    assert second.tick(NOW) == 2
    assert first.tick(NOW) == 0
    committed(quick, "c")
    assert [first.tick(NOW), second.tick(NOW)] == [1, 0]
    assert sealed() == ["a", "b", "c"]
    assert verify().breaks == []


def test_a_sealer_that_starts_anew_goes_on_where_the_last_one_ended(another: Open) -> None:
    slow, quick = another(), another()
    committed(quick, "a")
    assert Sealer().tick(NOW) == 1
    write_event(slow, "b")
    forgetful = Sealer()
    assert forgetful.tick(NOW) == 0
    committed(quick, "c")
    slow.commit()
    assert Sealer().tick(NOW) == 2
    assert sealed() == ["a", "b", "c"]
    assert verify().breaks == []


def test_a_batch_that_is_too_small_is_followed_by_the_next(
    another: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    committed(another(), "a", "b", "c", "d", "e")
    sealer = Sealer()
    assert [sealer.tick(NOW) for _ in range(4)] == [2, 2, 1, 0]
    assert sealed() == ["a", "b", "c", "d", "e"]


def test_a_sealer_that_fails_leaves_nothing_half_sealed(
    another: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(another(), "a", "b")
    sealer = Sealer()
    with monkeypatch.context() as broken:
        broken.setattr(sealing, "link", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sealer.tick(NOW)
    assert sealed() == []
    assert sealer.tick(NOW) == 2


def test_a_quiet_ledger_costs_no_transaction_number(another: Open) -> None:
    committed(another(), "a")
    sealer = Sealer()
    assert sealer.tick(NOW) == 1
    before = ask(another(), "SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
    assert [sealer.tick(NOW) for _ in range(5)] == [0] * 5
    assert ask(another(), "SELECT pg_snapshot_xmax(pg_current_snapshot())::text") == before


def test_bulk_events_keep_the_order_they_were_given_in(transactional_db: None) -> None:
    from cmsys.audit.ledger import record_many

    names = [f"row {number}" for number in range(2500)]
    with transaction.atomic():
        record_many(
            [
                Event(at=NOW, kind="thing.import", resource="things", object_id=name, actor_name="test")
                for name in names
            ]
        )
    assert Sealer().tick(NOW) == 2500
    assert sealed() == names
