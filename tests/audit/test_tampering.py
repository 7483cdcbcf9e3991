"""Whoever changes the ledger behind the application's back is found, and the place is named."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from cmsys.access.actors import SystemActor
from cmsys.audit.acting import acting_as
from cmsys.audit.ledger import record, record_many
from cmsys.audit.models import Event, Seal
from cmsys.audit.sealer import Sealer
from cmsys.audit.verify import verify
from tests.audit.bits import COLUMNS, KEY, Flip, draw

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
EVENTS, FLIPS = 24, 100


class Untouched(Exception):
    """Takes a tampering back after it was looked at."""


@pytest.fixture
def ledger(db: None) -> list[int]:
    """Sealed events of every shape; their ids in order."""
    actor = SystemActor("system:导入")
    with acting_as(actor, request_id="3f2a9c", address="2001:db8::7"):
        for number in range(EVENTS):
            record(
                "grade.decide", actor=actor, resource="grades", object_id=f"G-{number}", label="张伟 → 高级",
                before={"score": Decimal("87.40"), "grade": "中级", "days": number},
                after={"score": Decimal("88.45"), "open": True, "list": [1, None, "é𠮷"]},
                reason="季度定级", role="HRH", now=NOW + timedelta(microseconds=number * 37),
            )  # fmt: skip
    assert Sealer().tick(NOW) == EVENTS
    assert verify().breaks == []
    return list(Event.objects.order_by("id").values_list("id", flat=True))


def tampered(act: Callable[[Any], None]) -> list[int]:
    """The breaks verify finds after `act` was done as the owner; everything is put back afterwards."""
    breaks: list[int] = []
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE cmsys_owner")
            act(cursor)
            breaks = verify().breaks
            raise Untouched
    except Untouched:
        return breaks


def apply(flip: Flip) -> Callable[[Any], None]:
    def act(cursor: Any) -> None:
        cast = "::jsonb" if COLUMNS[flip.table][flip.column] == "json" else ""
        cursor.execute(
            f"UPDATE {flip.table} SET {flip.column} = %s{cast}"
            f" WHERE {KEY[flip.table]} = %s AND {flip.column} IS DISTINCT FROM %s{cast}",
            [flip.value, flip.key, flip.value],
        )
        if cursor.rowcount != 1:
            raise DatabaseError("nothing changed")

    return act


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_hundred_of_one_hundred_flipped_bits_are_found(
    seed: int, ledger: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(seed)
    rows = {
        "audit_event": list(Event.objects.values()),
        "audit_seal": list(Seal.objects.values("seq", "event_id", "sealed_at", "hash")),
    }
    place = {event_id: seq for seq, event_id in Seal.objects.values_list("seq", "event_id")}
    tried: Counter[str] = Counter()
    refused = 0
    while tried.total() < FLIPS:
        flip = draw(rows, dice)
        try:
            breaks = tampered(apply(flip))
        except DatabaseError:
            # A key that is taken or a text that is too long: the database itself refuses to hold it.
            refused += 1
            continue
        tried[f"{flip.table}.{flip.column}"] += 1
        assert breaks, flip
        if flip.table == "audit_event":
            assert place[flip.key] in breaks, flip
        elif flip.column != "seq":
            assert flip.key in breaks, flip
    assert verify().breaks == []
    with capsys.disabled():
        print(
            f"\n[ledger] {tried.total()} of {FLIPS} flipped bits found in {len(tried)} columns, {refused} refused"
        )


def test_every_column_is_under_the_seal(ledger: list[int]) -> None:
    """The list of columns is the tables' own: a new column cannot be forgotten."""
    with connection.cursor() as cursor:
        for table, columns in COLUMNS.items():
            cursor.execute(f"SELECT * FROM {table} LIMIT 0")
            assert {column.name for column in cursor.description} == set(columns)
    changes = {
        "audit_event": {"actor_id": "7", "success": "NOT success", "id": "-id", "before": "'{}'", "after": "'{\"open\": true}'",
                        "at": "at + interval '1 microsecond'"},
        "audit_seal": {"seq": "seq + 1000", "event_id": "event_id + 1000", "hash": "'\\x00'",
                       "sealed_at": "sealed_at - interval '1 microsecond'"},
    }  # fmt: skip
    middle = {"audit_event": ledger[9], "audit_seal": 10}
    for table, columns in COLUMNS.items():
        for column in columns:
            value = changes[table].get(column, f"{column} || '.'")

            def act(cursor: Any, table: str = table, column: str = column, value: str = value) -> None:
                cursor.execute(
                    f"UPDATE {table} SET {column} = {value} WHERE {KEY[table]} = %s", [middle[table]]
                )
                assert cursor.rowcount == 1

            assert set(tampered(act)) & {10, 11}, (table, column)


@pytest.mark.parametrize(
    ("statement", "breaks"),
    [
        pytest.param("DELETE FROM audit_event WHERE id = {event}", [10], id="event deleted"),
        pytest.param("DELETE FROM audit_seal WHERE seq = 10", [11], id="seal deleted"),
        pytest.param("DELETE FROM audit_event; DELETE FROM audit_seal WHERE seq < 20", [20, 21, 22, 23, 24], id="head cut off"),
        pytest.param(
            "DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_seal WHERE seq BETWEEN 5 AND 15);"
            " DELETE FROM audit_seal WHERE seq BETWEEN 5 AND 15",
            [16],
            id="middle cut out",
        ),
        pytest.param(
            "DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_seal WHERE seq BETWEEN 5 AND 15);"
            " DELETE FROM audit_seal WHERE seq BETWEEN 5 AND 15; UPDATE audit_seal SET seq = seq - 11 WHERE seq > 15",
            list(range(5, 14)),
            id="middle cut out, places closed up",
        ),
        pytest.param(
            "INSERT INTO audit_event SELECT {event} - 1000000, at, kind, resource, object_id, object_label, actor_id,"
            " actor_name, role, before, after, reason, request_id, address, success FROM audit_event WHERE id = {event}",
            [1],
            id="event put in below",
        ),
        pytest.param(
            "DELETE FROM audit_seal WHERE seq > 10; UPDATE audit_event SET reason = '' WHERE id > {event};"
            " UPDATE audit_event SET id = {event} - 1000000 WHERE id = {event} + 1",
            [1],
            id="event moved below the last seal",
        ),
        pytest.param(
            "UPDATE audit_seal SET hash = CASE seq WHEN 10 THEN (SELECT hash FROM audit_seal WHERE seq = 11)"
            " ELSE (SELECT hash FROM audit_seal WHERE seq = 10) END WHERE seq IN (10, 11)",
            [10, 11, 12],
            id="hashes swapped",
        ),
        pytest.param(
            "UPDATE audit_seal SET event_id = -event_id WHERE seq IN (10, 11);"
            " UPDATE audit_seal SET event_id = CASE seq WHEN 10 THEN {event} + 1 ELSE {event} END WHERE seq IN (10, 11)",
            [10, 11],
            id="events of two seals swapped",
        ),
        pytest.param(
            "UPDATE audit_event SET id = -id WHERE id IN ({event}, {event} + 1);"
            " UPDATE audit_event SET id = CASE id WHEN -{event} THEN {event} + 1 ELSE {event} END WHERE id < 0",
            [10, 11],
            id="ids of two events swapped",
        ),
    ],
)  # fmt: skip
def test_a_tampering_is_found_at_its_place(statement: str, breaks: list[int], ledger: list[int]) -> None:
    assert ledger == list(range(ledger[0], ledger[0] + EVENTS))

    def act(cursor: Any) -> None:
        for part in statement.format(event=ledger[9]).split(";"):
            cursor.execute(part)

    assert tampered(act) == breaks
    assert verify().breaks == []


def test_a_chain_that_was_computed_anew_has_another_head(ledger: list[int]) -> None:
    """Whoever owns the tables can rewrite everything from a place on; what gives him away is the head that was noted
    elsewhere, which verify_audit prints and the nightly job keeps in its result."""
    noted = verify().head
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE cmsys_owner")
        cursor.execute("DELETE FROM audit_seal WHERE seq >= 10")
        cursor.execute("UPDATE audit_event SET reason = '' WHERE id = %s", [ledger[9]])
        cursor.execute("SET LOCAL ROLE cmsys_app")
    assert Sealer().tick(NOW) == EVENTS - 9
    found = verify()
    assert found.breaks == []
    assert found.head != noted


def test_the_ledger_holds_no_floating_numbers(db: None) -> None:
    """Their last digits would be rounded away by the reader, and a change there would pass unseen."""
    actor = SystemActor("system:test")
    one = record("thing.change", actor=actor, resource="things", object_id="1", after={"x": 0.1 + 0.2})
    record_many(
        [Event(at=NOW, kind="thing.change", resource="things", object_id="2", actor_name="t", after={"x": 0.1 + 0.2})]
    )  # fmt: skip
    assert one.after == {"x": "0.30000000000000004"}
    assert (
        list(Event.objects.order_by("id").values_list("after__x", flat=True)) == ["0.30000000000000004"] * 2
    )


def test_what_is_written_is_what_is_read(db: None) -> None:
    """Whatever text a person may enter is sealed and verified as it stands."""
    actor = SystemActor("system:test")
    texts = [
        "𠮷田·é",
        "e\u0301",
        "\u200b",
        "‮abc",
        "a\r\nb\t",
        "\\u0041",
        '"',
        "'; DROP",
        "１２３",
        "👩‍👩‍👧",
        " \u3000",
        "x" * 2000,
    ]
    for text in texts:
        record("thing.change", actor=actor, resource="things", object_id="1", before={"t": text}, after={text: [text]},
               reason=text, label=text)  # fmt: skip
    assert Sealer().tick(NOW) == len(texts)
    assert verify().breaks == []
