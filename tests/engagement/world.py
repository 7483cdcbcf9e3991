"""Five customers of the cast and a quarter of dealings with them, small enough to add up by hand.

2025Q4 is the span; 2025Q3 is the one before, 2024Q4 a year earlier. 客户甲 and 客户乙 belong to 陈思远 (M-CD1) at the end
of it, 乙 since September, before that to 王雅琴 (M-CD2). 何新 (M-NEW) has nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Sum
from django.db.models.functions import TruncMonth, TruncQuarter

from cmsys.ui.indicators import Span
from customers.engagement.models import (
    Contract,
    CustomerQuarter,
    ManagerMonth,
    Opportunity,
    Stage,
    Transaction,
)
from customers.registry.models import Assignment, AssignmentRole, Customer, CustomerKind
from customers.service.models import Ticket
from managers.profiles.models import RelationshipManager
from managers.profiles.services.managers import manager_create
from tests.cast import STAGE, TODAY, Cast

Q4 = Span(date(2025, 10, 1), date(2026, 1, 1))
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class World:
    """The cast with customers; rows by their numbers."""

    cast: Cast
    customers: dict[str, Customer] = field(default_factory=dict)
    managers: dict[str, RelationshipManager] = field(default_factory=dict)

    def named(self, values: Any) -> dict[str, Decimal]:
        """Computed values by employee number."""
        numbers = {manager.pk: number for number, manager in self.managers.items()}
        return {numbers[pk]: value for pk, value in sorted(values, key=lambda pair: numbers[pair[0]])}


CUSTOMERS = (
    ("C1", "甲公司", CustomerKind.ENTERPRISE, "CD", "M-CD1", date(2024, 1, 1), "M-CD1"),
    ("C2", "欧阳若兰", CustomerKind.INDIVIDUAL, "CD", "M-CD1", date(2025, 6, 30), "M-CD2"),
    ("C3", "丙公司", CustomerKind.ENTERPRISE, "CX", "M-CX1", date(2025, 11, 11), "M-CX1"),
    ("C4", "丁公司", CustomerKind.ENTERPRISE, "PD", "M-PD1", None, None),
    ("C5", "戊公司", CustomerKind.ENTERPRISE, "BJ", None, date(2025, 11, 11), None),
)
HELD = (
    ("C1", "M-CD1", date(2024, 1, 1), None),
    ("C2", "M-CD2", date(2025, 6, 30), date(2025, 9, 1)),
    ("C2", "M-CD1", date(2025, 9, 1), None),
    ("C3", "M-CX1", date(2025, 11, 1), None),
    ("C4", "M-PD1", date(2025, 2, 1), None),
)
TRANSACTIONS = (
    ("T1", "C1", "M-CD1", date(2025, 7, 10), "100.00"),
    ("T2", "C1", "M-CD1", date(2025, 10, 5), "130.00"),
    ("T3", "C2", "M-CD2", date(2025, 8, 1), "200.00"),
    ("T4", "C2", "M-CD1", date(2025, 12, 31), "200.01"),
    ("T5", "C3", "M-CX1", date(2025, 11, 11), "50.50"),
    ("T6", "C5", None, date(2025, 11, 11), "999.00"),
    ("T7", "C1", "M-CD1", date(2024, 11, 1), "60.00"),
    ("T8", "C1", "M-CD1", date(2026, 1, 1), "77.00"),
)
CONTRACTS = (
    ("K1", "C1", "M-CD1", "1000.00", date(2025, 10, 1)),
    ("K2", "C3", "M-CX1", "500.50", date(2025, 12, 31)),
    ("K3", "C4", "M-PD1", "80.00", date(2026, 1, 1)),
)
OPPORTUNITIES = (
    ("O1", "C1", "M-CD1", Stage.WON, "10.10", date(2025, 9, 1), date(2025, 10, 2)),
    ("O2", "C1", "M-CD1", Stage.WON, None, date(2025, 9, 2), date(2025, 12, 31)),
    ("O3", "C2", "M-CD1", Stage.LOST, "5.00", date(2025, 9, 3), date(2025, 11, 1)),
    ("O4", "C2", "M-CD1", Stage.ENGAGING, "7.00", date(2025, 10, 10), None),
    ("O5", "C3", "M-CX1", Stage.LOST, "9.00", None, date(2025, 11, 5)),
    ("O6", "C4", "M-PD1", Stage.WON, "8.00", date(2025, 9, 4), date(2026, 1, 1)),
)
# number, customer, manager, kind, opened (Shanghai), minutes to the response, rating, upheld, responsible
TICKETS: tuple[tuple[str, str, str | None, str, datetime, int | None, str | None, bool | None, str | None], ...] = (
    ("S1", "C1", "M-CD1", "inquiry", datetime(2025, 10, 1, 0, 0, tzinfo=SHANGHAI), None, "5.0", None, None),
    ("S2", "C1", "M-CD1", "problem", datetime(2025, 12, 31, 23, 59, 59, tzinfo=SHANGHAI), 120, "4.0", None, None),
    ("S3", "C1", "M-CD1", "inquiry", datetime(2026, 1, 1, 0, 0, tzinfo=SHANGHAI), 60, "1.0", None, None),
    ("S4", "C3", "M-CX1", "complaint", datetime(2025, 11, 1, 9, 0, tzinfo=SHANGHAI), 30, "3.5", True, "M-CD2"),
    ("S5", "C1", "M-CD1", "complaint", datetime(2025, 11, 2, 9, 0, tzinfo=SHANGHAI), None, None, False, None),
    ("S6", "C4", "M-PD1", "suggestion", datetime(2025, 11, 3, 9, 0, tzinfo=SHANGHAI), 10, None, None, None),
)  # fmt: skip


def dealings(cast: Cast) -> World:
    """The customers with everything above, and the sums as they are kept."""
    world = World(cast, managers=dict(cast.managers))
    world.managers["M-NEW"] = manager_create(
        actor=STAGE, today=TODAY, employee_no="M-NEW", name="何新", unit=cast.units["CD"]
    )
    people: dict[str | None, RelationshipManager | None] = {None: None, **world.managers}
    for number, name, kind, unit, owner, since, developer in CUSTOMERS:
        world.customers[number] = Customer.objects.create(
            customer_no=number, name=name, kind=kind, unit=cast.units[unit], owner=people[owner], since=since,
            developed_by=people[developer],
        )  # fmt: skip
    customers = world.customers
    Assignment.objects.bulk_create(
        Assignment(customer=customers[c], manager=people[m], role=AssignmentRole.PRIMARY, starts_on=start, ends_on=end)
        for c, m, start, end in HELD
    )  # fmt: skip
    Transaction.objects.bulk_create(
        Transaction(transaction_no=no, customer=customers[c], manager=people[m], occurred_on=day, amount=amount)
        for no, c, m, day, amount in TRANSACTIONS
    )  # fmt: skip
    Contract.objects.bulk_create(
        Contract(contract_no=no, customer=customers[c], manager=people[m], amount=amount, signed_on=day)
        for no, c, m, amount, day in CONTRACTS
    )
    Opportunity.objects.bulk_create(
        Opportunity(
            opportunity_no=no, customer=customers[c], manager=people[m], stage=stage, amount=amount, opened_on=opened,
            closed_on=closed,
        )
        for no, c, m, stage, amount, opened, closed in OPPORTUNITIES
    )  # fmt: skip
    Ticket.objects.bulk_create(
        Ticket(
            ticket_no=no, customer=customers[c], manager=people[m], kind=kind, opened_at=at, rating=rating, upheld=upheld,
            responded_at=None if wait is None else at + timedelta(minutes=wait), responsible=people[responsible],
        )
        for no, c, m, kind, at, wait, rating, upheld, responsible in TICKETS
    )  # fmt: skip
    keep_sums()
    return world


def keep_sums() -> None:
    """The sums of months and quarters, anew from the transactions: as they ought to be after any arrival."""
    ManagerMonth.objects.all().delete()
    CustomerQuarter.objects.all().delete()
    sums: dict[str, Any] = {"fen": Sum(F("amount") * 100), "n": Count("pk")}
    stamped = Transaction.objects.filter(manager__isnull=False).order_by()
    months = (
        stamped.annotate(month=TruncMonth("occurred_on")).values_list("manager", "month").annotate(**sums)
    )
    ManagerMonth.objects.bulk_create(
        ManagerMonth(manager_id=manager, month=month, amount_fen=int(fen), transactions=n)
        for manager, month, fen, n in months
    )
    rows = Transaction.objects.order_by().annotate(quarter=TruncQuarter("occurred_on"))
    CustomerQuarter.objects.bulk_create(
        CustomerQuarter(customer_id=customer, quarter=quarter, amount_fen=int(fen), transactions=n)
        for customer, quarter, fen, n in rows.values_list("customer", "quarter").annotate(**sums)
    )
