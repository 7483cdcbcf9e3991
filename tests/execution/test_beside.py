"""People change owners, names and customers by hand while a plan is carried out: nobody blocks the other for good, nothing
that was accepted is lost."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from cmsys.audit.acting import acting_as
from cmsys.jobs.kinds import Run
from cmsys.workflow.form import Form
from customers.execution.jobs import apply_step
from customers.execution.runs import PlanRun, Reached
from customers.execution.services.execution import plan_apply
from customers.registry.models import Assignment, Customer
from customers.registry.owners import set_owners
from customers.registry.services.assignments import assignment_begin
from customers.registry.services.customers import customer_update
from managers.profiles.models import RelationshipManager
from managers.profiles.services.managers import manager_update
from tests.cast import STAGE, TODAY, stage
from tests.execution.many import furnish, moving, plan_of
from tests.execution.world import NOW
from tests.planning.world import policy

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMERS, CHUNK = 300, 15


class Beside:
    """Threads that go on until the plan is through; what they raise fails the test."""

    def __init__(self) -> None:
        self.stop, self.raised, self.threads = threading.Event(), [], []  # type: ignore[var-annotated]
        self.did = 0

    def start(self, act: Callable[[random.Random], None], seed: int) -> None:
        def work() -> None:
            chance = random.Random(seed)
            try:
                while not self.stop.is_set():
                    act(chance)
                    self.did += 1
            except Exception as error:
                self.raised.append(error)
            finally:
                connection.close()

        self.threads.append(threading.Thread(target=work))
        self.threads[-1].start()

    def end(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.parametrize("hands", ["owners", "names"])
def test_hands_on_the_same_customers_at_the_same_time(hands: str) -> None:
    cast = stage()
    people = RelationshipManager.objects.bulk_create(
        RelationshipManager(
            employee_no=f"E{n}", name=f"员工{n}", unit=cast.units[("CD", "CX", "PD")[n % 3]], status="active"
        )
        for n in range(6)
    )  # fmt: skip
    furnish(CUSTOMERS, people)
    plan = plan_of(policy(), cast.units["HO"], cast.users["cmd"], TODAY, NOW)
    moving(plan, people, rules=False)
    keys = list(Customer.objects.filter(customer_no__startswith="B").values_list("pk", flat=True))
    by_hand: list[tuple[int, int, date]] = []

    def reassign(chance: random.Random) -> None:
        customer, manager = chance.choice(keys), chance.choice(people).pk
        day = TODAY + timedelta(days=chance.randint(0, 1))
        try:
            assignment_begin(
                actor=STAGE, today=TODAY, customer_id=customer, manager_id=manager, role="primary", starts_on=day, reason="手工"
            )  # fmt: skip
            by_hand.append((customer, manager, day))
        except ValidationError:
            return

    def rename(chance: random.Random) -> None:
        one = chance.choice(people)
        manager_update(actor=STAGE, manager_id=one.pk, values={"name": f"员工{chance.randint(0, 999)}"})

    def change(chance: random.Random) -> None:
        customer_update(
            actor=STAGE, customer_id=chance.choice(keys), values={"source": str(chance.randint(0, 999))}, reason="核对"
        )  # fmt: skip

    def night(chance: random.Random) -> None:
        with transaction.atomic():
            set_owners(today=TODAY, now=NOW, most=50)

    plan_apply(actor=STAGE, plan_id=plan.pk, form=Form(), now=NOW, today=TODAY)
    beside = Beside()
    others = {"owners": (reassign, reassign, change, night), "names": (rename, change, night)}
    for seed, act in enumerate(others[hands]):
        beside.start(act, seed)
    cursor: Reached | None = None
    try:
        while True:
            with acting_as(STAGE):
                cursor = apply_step(Run(0, "", STAGE, PlanRun(plan.pk, CHUNK), cursor, NOW)).cursor  # type: ignore[assignment]
            if cursor is None:
                break
    finally:
        beside.end()
    assert beside.raised == []
    assert beside.did >= 10, "there were others"
    lines = {line.customer_id: line for line in plan.lines.select_related("assignment")}
    applied = [line for line in lines.values() if line.state == "applied"]
    assert {line.state for line in lines.values()} <= {"applied", "skipped"}
    assert applied
    # Each customer: the one of 2020, the plan's if it was carried out, and every one that was accepted from a hand.
    assert Assignment.objects.count() == CUSTOMERS + len(applied) + len(by_hand)
    for customer, manager, day in by_hand:
        assert Assignment.objects.filter(customer=customer, manager=manager, starts_on=day).exists()
        line = lines[customer]
        if day == TODAY:
            assert line.state == "skipped", "who came first on a day has it"
    for line in applied:
        assert line.assignment is not None
        assert (line.assignment.manager_id, line.assignment.starts_on) == (line.proposed_id, TODAY)
    set_owners(today=TODAY, now=NOW)
    held = dict(
        Assignment.objects.filter(starts_on__lte=TODAY)
        .exclude(ends_on__lte=TODAY)
        .values_list("customer", "manager")
    )
    assert held == dict(Customer.objects.filter(pk__in=keys).values_list("pk", "owner"))
