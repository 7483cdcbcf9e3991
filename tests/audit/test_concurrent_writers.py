"""Eight writers at once, with long, paused and rolled-back transactions, and two sealers beside them.

Every row that is changed counts its own committed changes, so what the ledger must hold is known exactly.
"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from cmsys.access.actors import SystemActor
from cmsys.accounts.models import User
from cmsys.audit.acting import acting_as
from cmsys.audit.ledger import record
from cmsys.audit.models import Event, Seal
from cmsys.audit.sealer import Sealer
from cmsys.audit.verify import verify

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
WRITERS, SHARED_ROWS, TRANSACTIONS = 8, 4, 90


class Undo(Exception):
    """Rolls a writer's transaction back on purpose."""


def change(user: User, actor: SystemActor) -> None:
    """One change of a row, the way services do it: lock, read, write, event."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    before = int(locked.name)
    locked.name = str(before + 1)
    locked.save(update_fields=["name"])
    record("user.count", locked, actor=actor, before={"name": before}, after={"name": before + 1})


def write(number: int, shared: list[User]) -> int:
    """One writer; returns how many events of its own kind it committed besides those of the shared rows."""
    dice = random.Random(number)
    actor = SystemActor(f"system:writer{number}")
    alone = 0
    try:
        for _ in range(TRANSACTIONS):
            rows = sorted(dice.sample(shared, dice.choice([0, 1, 1, 2])), key=lambda user: user.pk)
            own = dice.choice([0, 1, 1, 3])
            # A few are long: they hold their transaction open while hundreds of others come and go.
            pause = dice.choice([0, 0, 0, 0.002, 0.01]) if dice.random() > 0.03 else 0.3
            undone = dice.random() < 0.15
            try:
                with acting_as(actor):
                    if dice.random() < 0.3:
                        with connection.cursor() as cursor:
                            cursor.execute("SELECT pg_current_xact_id()")
                        time.sleep(pause)
                    for _ in range(own):
                        record("thing.make", actor=actor, resource="things", object_id=str(number))
                    if not rows:
                        time.sleep(pause)
                    for row in rows:
                        change(row, actor)
                    time.sleep(0 if rows and pause > 0.1 else pause)
                    if undone:
                        raise Undo
            except Undo:
                continue
            alone += own
    finally:
        connection.close()
    return alone


def keep_sealing(over: threading.Event, make: Callable[[], Sealer], seed: int) -> int:
    """A sealer that is started anew every now and then."""
    dice, sealed, sealer = random.Random(seed), 0, make()
    try:
        while not over.is_set():
            sealed += sealer.tick(NOW)
            if dice.random() < 0.02:
                sealer = make()
            time.sleep(0.003)
    finally:
        connection.close()
    return sealed


@pytest.fixture
def shared(transactional_db: None) -> list[User]:
    return [
        User.objects.create(username=f"row{number}", name="0", password="-") for number in range(SHARED_ROWS)
    ]


def run_storm(shared: list[User]) -> tuple[int, int]:
    """Runs the writers with two sealers beside; events of things committed, events sealed while they were writing."""
    over = threading.Event()
    with ThreadPoolExecutor(WRITERS + 2) as pool:
        sealers = [pool.submit(keep_sealing, over, Sealer, seed) for seed in (1, 2)]
        writers = [pool.submit(write, number, shared) for number in range(WRITERS)]
        things = sum(writer.result() for writer in writers)
        over.set()
        return things, sum(sealer.result() for sealer in sealers)


def test_no_change_is_skipped_doubled_or_out_of_order(
    shared: list[User], capsys: pytest.CaptureFixture[str]
) -> None:
    begun = time.perf_counter()
    things, sealed_meanwhile = run_storm(shared)
    last = Sealer()
    sealed_after = last.tick(NOW) + last.tick(NOW)

    counts = {user.pk: int(User.objects.get(pk=user.pk).name) for user in shared}
    committed = things + sum(counts.values())
    order = list(
        Seal.objects.order_by("seq").values_list("seq", "event_id", "event__kind", "event__object_id")
    )
    assert len(order) == committed == Event.objects.count() == sealed_meanwhile + sealed_after
    assert [seq for seq, *_ in order] == list(range(1, committed + 1))
    ids = [event_id for _, event_id, *_ in order]
    assert ids == sorted(set(ids))
    assert sum(kind == "thing.make" for _, _, kind, _ in order) == things

    history: dict[int, list[Any]] = defaultdict(list)
    changes = Event.objects.filter(kind="user.count").order_by("seal__seq")
    for object_id, before, after in changes.values_list("object_id", "before", "after"):
        history[int(object_id)].append((before["name"], after["name"]))
    for pk, count in counts.items():
        assert history[pk] == [(step, step + 1) for step in range(count)]

    result = verify()
    assert (result.events, result.sealed, result.breaks) == (committed, committed, [])
    assert sealed_meanwhile > 0
    with capsys.disabled():
        seconds = time.perf_counter() - begun
        print(
            f"\n[ledger] {WRITERS} writers, 2 sealers: {committed} events committed, {committed} sealed"
            f" ({sealed_meanwhile} of them while writing), 0 breaks, {ids[-1] - ids[0] + 1 - committed} ids rolled back,"
            f" {seconds:.1f} s"
        )
