"""Customers with owners in time, short ways to bring dealings in, and what sums and beginnings ought to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from cmsys.access.actors import Actor, SystemActor
from cmsys.transfers.engine.source import Source
from cmsys.transfers.kinds import kind_of
from cmsys.transfers.models import ImportBatch
from cmsys.transfers.services.batches import Imported, Undone, batch_undo, file_import
from customers.engagement.models import Contract, CustomerQuarter, ManagerMonth, Transaction
from customers.registry.models import Assignment, Customer
from tests.cast import TODAY, Cast

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SYSTEM = SystemActor("system:tests")
TX = "transaction_no,customer_no,employee_no,occurred_on,product,amount,quantity"
CT = "contract_no,customer_no,amount,signed_on,starts_on,ends_on"
# customer, its unit, and its primary managers: from, to
OWNERS = (
    ("C1", "CD", (("M-CD1", date(2025, 1, 1), date(2025, 7, 1)), ("M-CD2", date(2025, 7, 1), None))),
    ("C2", "CD", ()),
    ("C3", "PD", (("M-PD1", date(2025, 1, 1), None),)),
)


def furnish(cast: Cast) -> dict[str, Customer]:
    """The customers of OWNERS, whom nobody has dealt with yet."""
    made = {}
    for number, unit, owners in OWNERS:
        customer = Customer.objects.create(customer_no=number, name=f"客户{number}", unit=cast.units[unit])
        made[number] = customer
        for employee_no, starts_on, ends_on in owners:
            Assignment.objects.create(
                customer=customer, manager=cast.managers[employee_no], role="primary", starts_on=starts_on,
                ends_on=ends_on,
            )  # fmt: skip
    return made


def bring(
    kind: str, lines: Sequence[str], *, actor: Actor = SYSTEM, mode: str = "all", now: datetime = NOW
) -> Imported:
    """Lines of a CSV come in."""
    found = kind_of(kind)
    assert found is not None
    source = Source.of_bytes("data.csv", "\n".join(lines).encode())
    return file_import(actor=actor, kind=found, source=source, mode=mode, now=now, today=TODAY)


def take_back(batch: ImportBatch | None, *, actor: Actor = SYSTEM) -> Undone:
    assert batch is not None
    return batch_undo(actor=actor, batch_id=batch.pk, now=NOW, today=TODAY)


Sums = dict[tuple[Any, date], tuple[int, int]]


def sums() -> tuple[Sums, Sums]:
    """(manager, month) and (customer, quarter) → fen and number, as they are kept."""
    months = ManagerMonth.objects.values_list("manager__employee_no", "month", "amount_fen", "transactions")
    quarters = CustomerQuarter.objects.values_list(
        "customer__customer_no", "quarter", "amount_fen", "transactions"
    )
    return {(m, at): (fen, n) for m, at, fen, n in months}, {(c, at): (fen, n) for c, at, fen, n in quarters}


def counted() -> tuple[Sums, Sums]:
    """The same, added up in Python from the rows."""
    months: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    quarters: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    for row in Transaction.objects.select_related("manager", "customer"):
        fen, day = int(row.amount * 100), row.occurred_on
        keys = [(quarters, (row.customer.customer_no, date(day.year, (day.month - 1) // 3 * 3 + 1, 1)))]
        if row.manager is not None:
            keys.append((months, (row.manager.employee_no, day.replace(day=1))))
        for table, key in keys:
            table[key][0] += fen
            table[key][1] += 1
    return (
        {key: (fen, n) for key, (fen, n) in months.items()},
        {key: (fen, n) for key, (fen, n) in quarters.items()},
    )


def beginnings() -> dict[str, tuple[date | None, str | None]]:
    """customer → since and developed_by, as they are kept."""
    rows = Customer.objects.values_list("customer_no", "since", "developed_by__employee_no")
    return {number: (since, who) for number, since, who in rows}


def expected_beginnings() -> dict[str, tuple[date | None, str | None]]:
    """The same by the rule: the first contract, else the first transaction; of one day the one with a manager first."""
    found: dict[str, tuple[date | None, str | None]] = {}
    for customer in Customer.objects.all():
        rows = [
            (row.signed_on, row.manager is None, row.contract_no, row.manager)
            for row in Contract.objects.filter(customer=customer).select_related("manager")
        ] or [
            (row.occurred_on, row.manager is None, row.transaction_no, row.manager)
            for row in Transaction.objects.filter(customer=customer).select_related("manager")
        ]
        first = min(rows, key=lambda row: row[:3]) if rows else (None, True, "", None)
        found[customer.customer_no] = (first[0], first[3].employee_no if first[3] else None)
    return found
