"""Eight writers, a tree that is moved beside them, two sealers, and clients who follow: what they hold in the end is what
there is, and each change was told once and in its order.

The writers change people and where they stand, give them certificates, move customers with their assignments; some
transactions are long, some are rolled back. Nothing is told by services here: only the triggers and the order of ids.
"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from cmsys.access.actors import Access
from cmsys.api.actors import ScopedAccess
from cmsys.audit.sealer import Sealer
from cmsys.feed.models import FeedChange
from cmsys.feed.selectors import changes_for, position
from cmsys.org.models import OrgUnit
from cmsys.org.tree import lock_paths, lock_tree
from customers.registry.models import Assignment, Customer
from managers.profiles.models import Certificate, RelationshipManager
from tests.cast import TODAY, Cast, stage

WRITERS, PEOPLE, CUSTOMERS, ROUNDS = 8, 6, 4, 60
UNITS = ("CD", "CX", "PD")
MODELS: dict[str, tuple[Any, str]] = {
    "managers": (RelationshipManager, "employee_no"),
    "certificates": (Certificate, "pk"),
    "customers": (Customer, "customer_no"),
    "assignments": (Assignment, "pk"),
}


class Undo(Exception):
    """Rolls a writer's transaction back on purpose."""


class Reader:
    """A client that follows the feed, as an actor."""

    actor_id, actor_name = None, "reader"

    def __init__(self, path: str | None) -> None:
        self.access: Access = ScopedAccess(frozenset({"managers:read", "customers:read"}), path)
        self.after = position()
        self.copy: dict[tuple[str, str], Any] = {one: self.row(*one) for one in self.all_visible()}

    def all_visible(self) -> list[tuple[str, str]]:
        return [
            (resource, str(key))
            for resource, (model, field) in MODELS.items()
            for key in model.objects.visible_to(self).values_list(field, flat=True)
        ]

    def row(self, resource: str, key: str) -> Any:
        model, field = MODELS[resource]
        return (
            model.objects.visible_to(self).filter(**{field: key}).values_list("updated_at", flat=True).first()
        )

    def follow(self) -> bool:
        page = changes_for(self, after=self.after, limit=7)
        for change in page.results:
            row = self.row(change.resource, change.id) if change.op == "upsert" else None
            if row is None:
                self.copy.pop((change.resource, change.id), None)
            else:
                self.copy[change.resource, change.id] = row
        self.after = page.next_after
        return page.more


@contextmanager
def own_connection() -> Iterator[None]:
    try:
        yield
    finally:
        connection.close()


def change_person(dice: random.Random, units: dict[str, OrgUnit]) -> tuple[str, int]:
    number = f"S-{dice.randrange(PEOPLE)}"
    row = RelationshipManager.objects.select_for_update().get(employee_no=number)
    row.capacity += 1
    if dice.random() < 0.4:
        row.unit = units[dice.choice(UNITS)]
    row.save()
    return number, 1


def change_around(dice: random.Random, units: dict[str, OrgUnit]) -> None:
    person = RelationshipManager.objects.get(employee_no=f"S-{dice.randrange(PEOPLE)}")
    customer = Customer.objects.get(customer_no=f"K-{dice.randrange(CUSTOMERS)}")
    kind = dice.randrange(4)
    if kind == 0:
        Certificate.objects.create(manager=person, name=f"证书{dice.random()}", issued_on=TODAY)
    elif kind == 1:
        Assignment.objects.create(customer=customer, manager=person, role="assistant", starts_on=TODAY)
    elif kind == 2:
        unit = units[dice.choice(UNITS)] if dice.random() < 0.8 else None
        Customer.objects.filter(pk=customer.pk).update(unit=unit, updated_at=timezone.now())
    else:
        held = Assignment.objects.filter(customer=customer).order_by("?").first()
        if held is not None:
            Assignment.objects.filter(pk=held.pk)._raw_delete("default")


def write(seed: int, units: dict[str, OrgUnit]) -> dict[str, int]:
    """One writer; how many changes of each person it committed."""
    dice, made = random.Random(seed), defaultdict(int)
    with own_connection():
        for _ in range(ROUNDS):
            counted: list[tuple[str, int]] = []
            try:
                with transaction.atomic():
                    if dice.random() < 0.3:
                        with connection.cursor() as cursor:
                            cursor.execute("SELECT pg_current_xact_id()")
                        time.sleep(dice.choice([0, 0.002, 0.05]))
                    if dice.random() < 0.6:
                        counted.append(change_person(dice, units))
                    else:
                        change_around(dice, units)
                    time.sleep(dice.choice([0, 0, 0.002, 0.02]))
                    if dice.random() < 0.15:
                        raise Undo
            except (Undo, OperationalError):
                continue
            except Exception as error:  # the same helper twice: the database says so
                if "registry_helper_once" not in str(error):
                    raise
                continue
            for number, changes in counted:
                made[number] += changes
    return made


def move_tree(over: threading.Event, paths: dict[str, str]) -> int:
    """城西支行 stands now below 北京分行, now below 上海分行."""
    moves = 0
    with own_connection():
        while not over.is_set():
            below = "SH" if moves % 2 == 0 else "BJ"
            try:
                with transaction.atomic():
                    lock_tree()
                    lock_paths()
                    unit = OrgUnit.objects.get(code="CX")
                    OrgUnit.objects.filter(pk=unit.pk).update(path=f"{paths[below]}{unit.pk}/")
                moves += 1
            except OperationalError:
                pass
            time.sleep(0.05)
    return moves


def keep(over: threading.Event, act: Callable[[], Any], pause: float) -> None:
    with own_connection():
        while not over.is_set():
            act()
            time.sleep(pause)


@pytest.mark.django_db(transaction=True)
def test_copies_of_clients_who_follow_are_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    cast: Cast = stage()
    units = {code: cast.units[code] for code in UNITS}
    for number in range(PEOPLE):
        RelationshipManager.objects.create(
            employee_no=f"S-{number}", name=f"员工{number}", unit=units[UNITS[number % 3]], capacity=0
        )
    for number in range(CUSTOMERS):
        Customer.objects.create(
            customer_no=f"K-{number}", name=f"客户{number}", unit=units[UNITS[number % 3]]
        )
    for _ in range(3):
        Sealer().tick(timezone.now())
    begun_at = FeedChange.objects.order_by("-id").values_list("id", flat=True).first() or 0
    paths = dict(OrgUnit.objects.values_list("code", "path"))
    readers = [Reader(path) for path in (None, paths["BJ"], paths["SH"], paths["CD"])]
    over, begun = threading.Event(), time.perf_counter()
    sealers = [Sealer(), Sealer()]
    with ThreadPoolExecutor(WRITERS + 7) as pool:
        around = [pool.submit(keep, over, lambda one=one: one.tick(timezone.now()), 0.004) for one in sealers]
        around += [pool.submit(keep, over, reader.follow, 0.01) for reader in readers]
        mover = pool.submit(move_tree, over, paths)
        writers = [pool.submit(write, seed, units) for seed in range(WRITERS)]
        made = [writer.result() for writer in writers]
        over.set()
        moves = mover.result()
        for one in around:
            one.result()
    last = Sealer()
    for _ in range(3):
        last.tick(timezone.now())
    followed = sum(len(reader.copy) for reader in readers)
    for reader in readers:
        while reader.follow():
            pass
        truth = {one: reader.row(*one) for one in reader.all_visible()}
        assert reader.copy == truth

    for number in range(PEOPLE):
        committed = sum(one[f"S-{number}"] for one in made)
        rows = FeedChange.objects.filter(resource="managers", object_id=f"S-{number}", id__gt=begun_at)
        # A move of the tree tells the same version again, elsewhere; every other change has a version of its own.
        told = list(rows.order_by("id").values_list("version", "path_was", "path_now"))
        versions = [version for version, *_ in told]
        assert versions == sorted(versions), "changes of one row are in their order"
        assert len(set(versions) - {None}) in (committed, committed + 1)
        # Where it is said to have been is where it was said to be before: nothing was passed over in between.
        assert [was for _, was, _ in told[1:]] == [now for *_, now in told[:-1]]
    assert moves >= 5 and followed > 0
    with capsys.disabled():
        print(
            f"\n[feed] {WRITERS} writers, {moves} moves of the tree, 4 clients following: "
            f"{FeedChange.objects.filter(id__gt=begun_at).count()} changes, copies equal, {time.perf_counter() - begun:.1f} s"
        )
