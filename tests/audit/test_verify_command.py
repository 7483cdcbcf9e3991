"""`manage.py verify_audit` prints one JSON object and ends with 1 on a break (interfaces 1)."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from cmsys.access.actors import SystemActor
from cmsys.audit.chain import GENESIS, canonical, link
from cmsys.audit.ledger import record
from cmsys.audit.models import Seal
from cmsys.audit.sealer import Sealer
from tests.sealing import sealed

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def printed() -> dict[str, object]:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    found: dict[str, object] = json.loads(out.getvalue())
    return found


def write(count: int) -> None:
    for number in range(count):
        record("thing.change", actor=SystemActor("system:test"), resource="things", object_id=str(number))


def test_an_empty_ledger_is_whole(db: None) -> None:
    assert printed() == {"events": 0, "sealed": 0, "head": GENESIS.hex(), "breaks": []}


def test_events_that_are_not_yet_sealed_are_no_break(db: None) -> None:
    write(3)
    assert sealed(Sealer(), NOW) == 3
    write(2)
    head = bytes(Seal.objects.get(seq=3).hash).hex()
    assert printed() == {"events": 5, "sealed": 3, "head": head, "breaks": []}


def test_a_break_is_named_and_ends_with_one(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    write(3)
    assert sealed(Sealer(), NOW) == 3
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE cmsys_owner")
        cursor.execute(
            "UPDATE audit_event SET kind = 'thing.chance' WHERE id = (SELECT event_id FROM audit_seal WHERE seq = 2)"
        )
        cursor.execute("SET LOCAL ROLE cmsys_app")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit")
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out)["breaks"] == [2]


def test_the_chain_can_be_recomputed_by_somebody_else(db: None) -> None:
    """The bytes under the seal, spelled out: this is what an outside verifier has to build."""
    record("user.disable", actor=SystemActor("system:test"), resource="users", object_id="7", label="张伟",
           before={"b": 1, "a": True}, after={}, reason="离职", now=datetime(2026, 1, 5, 8, 59, 59, 5, tzinfo=UTC))  # fmt: skip
    assert sealed(Sealer(), NOW) == 1
    seal = Seal.objects.select_related("event").get()
    event = (
        f'[{seal.event_id},"2026-01-05T08:59:59.000005+00:00","user.disable","users","7","张伟",null,"system:test","",'
        '{"a":true,"b":1},{},"离职","","",true]'
    ).encode()
    head = b"1|2026-01-05T09:00:00.000000+00:00|"
    assert bytes(seal.hash) == hashlib.sha256(bytes(32) + head + event).digest()
    assert canonical({**seal.event.__dict__}) == event
    assert link(GENESIS, 1, NOW, event) == bytes(seal.hash)
