"""A click is not slowed by a long import beside it: nothing in the ledger is shared between two transactions."""

from __future__ import annotations

import statistics
import threading
import time

import pytest
from django.db import connection
from django.utils import timezone

from cmsys.access.actors import SystemActor
from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_set_active
from cmsys.audit.models import Event
from cmsys.audit.sealer import Sealer
from tests.audit.conftest import Open, ask, write_event
from tests.sealing import sealed

SYSTEM = SystemActor("system:test")
MANY_EVENTS = """
    INSERT INTO audit_event (at, kind, resource, object_id, object_label, actor_name, role, before, after, reason,
                             request_id, address, success)
    SELECT now(), 'import.row', 'things', n::text, '', 'import', '', '{}', '{"name": "x"}', '', '', '', true
    FROM generate_series(1, 2000) n
"""
pytestmark = pytest.mark.django_db(transaction=True)


def click(user: User, active: bool) -> float:
    """One service call with its one event, in a transaction of its own; how long it took."""
    begun = time.perf_counter()
    user_set_active(actor=SYSTEM, user_id=user.pk, active=active, reason="click")
    return time.perf_counter() - begun


@pytest.fixture
def clicked(transactional_db: None) -> User:
    # Whoever had to wait for a lock of the import's transaction would end with an error at once.
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    return User.objects.create(username="clicked", name="某人", password="-")


def test_a_click_commits_while_the_transaction_of_an_import_is_open(clicked: User, another: Open) -> None:
    importing = another()
    for number in range(50):
        write_event(importing, str(number), kind="import.row")
    click(clicked, False)
    assert Event.objects.filter(kind="user.disable").count() == 1, "seen by everybody, hence committed"
    assert ask(importing, "SELECT count(*) FROM audit_event WHERE kind = 'import.row'") == 50, "still open"
    assert Event.objects.filter(kind="import.row").count() == 0
    assert Sealer().tick(timezone.now()) == 0, "only the feed waits for the import"
    importing.commit()
    assert sealed(Sealer(), timezone.now()) == 51


def test_clicks_beside_an_import_that_is_writing_events_all_the_time(
    clicked: User, another: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    sealer = Sealer()
    alone = [click(clicked, bool(number % 2)) for number in range(60)]
    importing, over, written = another(), threading.Event(), []

    def run_import() -> None:
        with importing.cursor() as cursor:
            while not over.is_set():
                cursor.execute(MANY_EVENTS)
                written.append(2000)

    thread = threading.Thread(target=run_import)
    thread.start()
    try:
        while not written:
            time.sleep(0.005)
        beside = []
        for number in range(60):
            beside.append(click(clicked, bool(number % 2)))
            sealer.tick(timezone.now())
    finally:
        over.set()
        thread.join()
    changes = Event.objects.filter(kind__in=("user.enable", "user.disable")).count()
    assert changes == 120
    assert Event.objects.filter(kind="import.row").count() == 0, "the import never committed meanwhile"
    importing.commit()
    assert Event.objects.filter(kind="import.row").count() == sum(written)
    with capsys.disabled():
        print(
            f"\n[ledger] a click: median {statistics.median(alone) * 1000:.1f} ms alone, "
            f"{statistics.median(beside) * 1000:.1f} ms beside an import of {sum(written)} events in one open"
            f" transaction (slowest {max(beside) * 1000:.0f} ms)"
        )
