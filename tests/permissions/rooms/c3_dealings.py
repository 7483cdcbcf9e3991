"""A transaction, a contract, an opportunity and a ticket of every manager of the cast, and one of nobody's.

The ticket `laid` belongs to 周婷 of 浦东 and is laid to 王雅琴 of 城东, who may therefore be read it at 城东.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from customers.engagement.models import Contract, Opportunity, Stage, Transaction
from customers.registry.models import Customer
from customers.service.models import Ticket, TicketKind
from tests.permissions.house import MISSING_ID, House

DAY = date(2025, 12, 1)
AT = datetime(2025, 12, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def furnish(house: House) -> None:
    customer = Customer.objects.create(customer_no="C-DEALT", name="往来公司", unit=house.cast.units["BJ"])
    managers: dict[str, Any] = {**house.cast.managers, "unowned": None}
    for name, manager in managers.items():
        who: dict[str, Any] = {"customer": customer, "manager": manager}
        number = f"N-{name}"
        made = {
            "transaction": Transaction.objects.create(
                transaction_no=number, occurred_on=DAY, amount=100, **who
            ),
            "contract": Contract.objects.create(contract_no=number, signed_on=DAY, amount=100, **who),
            "opportunity": Opportunity.objects.create(
                opportunity_no=number, stage=Stage.WON, opened_on=DAY, closed_on=DAY, amount=100, **who
            ),
            "ticket": Ticket.objects.create(ticket_no=number, kind=TicketKind.INQUIRY, opened_at=AT, **who),
        }
        for kind, row in made.items():
            _name(house, kind, name, row.pk, number)
    laid = Ticket.objects.create(
        ticket_no="N-laid", kind=TicketKind.COMPLAINT, upheld=True, opened_at=AT, customer=customer,
        manager=house.cast.managers["M-PD1"], responsible=house.cast.managers["M-CD2"],
    )  # fmt: skip
    _name(house, "ticket", "laid", laid.pk, laid.ticket_no)
    for kind in ("transaction", "contract", "opportunity", "ticket"):
        _name(house, kind, "none", MISSING_ID, "N-NONE")
        house.objects[kind, "letters"] = {"key": "abc"}


def _name(house: House, kind: str, name: str, pk: int, number: str) -> None:
    house.objects[kind, name] = {"key": pk}
    house.objects[f"{kind}_number", name] = {"key": number}


BODIES: dict[str, Callable[[House, str], dict[str, Any]]] = {}
