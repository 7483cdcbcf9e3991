"""Eight at once: of primary managers for the same day exactly one wins, through the service and without it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection

from customers.registry.models import Assignment, Customer
from customers.registry.services.assignments import assignment_begin
from tests.cast import STAGE, TODAY, stage
from tests.customers.stage import register

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 8
DAYS = (date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4))


def at_once(work: Callable[[int], Any]) -> list[BaseException | None]:
    """Runs the work in eight threads with connections of their own, started together; what each raised."""
    raised: list[BaseException | None] = [None] * WRITERS
    gate = threading.Barrier(WRITERS)

    def run(place: int) -> None:
        try:
            connection.ensure_connection()
            gate.wait(20)
            work(place)
        except BaseException as error:
            raised[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def test_of_eight_services_at_once_exactly_one_begins() -> None:
    cast = stage()
    customer = register(cast).customers["C-NO"]
    people = [manager.pk for manager in cast.managers.values()] * 2
    for day in DAYS:
        raised = at_once(
            lambda place, day=day: assignment_begin(
                actor=STAGE, today=TODAY, customer_id=customer.pk, manager_id=people[place], role="primary",
                starts_on=day, reason="并行",
            )
        )  # fmt: skip
        assert sorted(type(error).__name__ for error in raised) == ["NoneType"] + ["ValidationError"] * 7
        # Whoever is primary already is told so; all others come too late.
        refused = [error for error in raised if isinstance(error, ValidationError)]
        assert {name for error in refused for name in error.message_dict} <= {"starts_on", "manager"}
        assert Assignment.objects.filter(customer=customer, starts_on=day).count() == 1
    primary = Assignment.objects.filter(customer=customer, role="primary").order_by("starts_on")
    ends = [*DAYS[1:], None]
    assert list(primary.values_list("starts_on", "ends_on")) == list(zip(DAYS, ends, strict=True))
    assert Customer.objects.get(pk=customer.pk).owner_id == primary[0].manager_id


def test_of_eight_rows_at_once_the_database_takes_exactly_one() -> None:
    cast = stage()
    customer = register(cast).customers["C-NO"]
    people = [manager.pk for manager in cast.managers.values()] * 2
    for day in DAYS:
        raised = at_once(
            lambda place, day=day: Assignment.objects.create(
                customer=customer, manager_id=people[place], role="primary", starts_on=day,
                ends_on=date(2026, 3, day.day + 1),
            )
        )  # fmt: skip
        refused = [error for error in raised if error is not None]
        assert len(refused) == 7
        assert all(isinstance(error, IntegrityError) for error in refused), refused
        assert all("registry_one_primary_at_a_time" in str(error) for error in refused)
        assert Assignment.objects.filter(customer=customer, starts_on=day).count() == 1
