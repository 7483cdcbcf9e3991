"""Handovers at each stage and a first contact for everybody. Papers that are open are named by their giver, the others by
their taker. Nobody but 陈思远 has an account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from customers.handover.models import FirstContact, Handover, HandoverLine
from customers.registry.models import Customer

if TYPE_CHECKING:
    from tests.permissions.house import House

MISSING_ID = 999_999_999
NONCE = {"nonce": "h" * 32}
NOTHING = {"n": 0, "fen": 0}
SNAPSHOT = {
    "contracts": NOTHING, "renewals": NOTHING, "opportunities": NOTHING, "tickets": {"n": 0, "complaints": 0}, "contacts": 0,
    "revenue": [{"quarter": "2025-01-01", "fen": 0}] * 4,
}  # fmt: skip
# Who stands on the other side: one of 城东 has no paper with 赵立群 or 周婷 that would bring it to 城东.
NEXT = {"M-CD1": "M-CD2", "M-CD2": "M-PD1", "M-CX1": "M-PD1", "M-PD1": "M-CX1"}


def furnish(house: House) -> None:
    managers = house.cast.managers
    customer = Customer.objects.get(customer_no="C-HD")
    now, today = timezone.now(), timezone.localdate()
    given = {"given_by": house.cast.users["hrh"], "given_at": now}
    taken = given | {"taken_by": house.cast.users["trn"], "taken_at": now}
    made = 0
    for number in house.cast.managers:
        for kind, state, values in (
            ("open", "open", {}),
            ("given", "given", given),
            ("taken", "taken", taken),
        ):
            made += 1
            # Those that are signed by now are named by their taker.
            giver, taker = (number, NEXT[number]) if kind == "open" else (NEXT[number], number)
            paper = Handover.objects.create(
                number=f"YJ-1999-{made:04d}", year=1999, serial=made, giver=managers[giver], taker=managers[taker],
                unit=managers[taker].unit, cutoff_on=today, due_on=today + timedelta(days=9999), state=state, customers=1,
                opened_at=now, **values,
            )  # fmt: skip
            line = HandoverLine.objects.create(handover=paper, customer=customer, snapshot=SNAPSHOT)
            house.objects[f"handover_{kind}", number] = {"number": paper.number}
            if kind == "open":
                house.objects["handover_page", number] = {"key": paper.number}
                house.objects["handover_line", number] = {"key": line.pk}
        contact = FirstContact.objects.create(
            customer=customer, manager=managers[number], begins_on=today, due_on=today, made_at=now
        )
        house.objects["first_contact", number] = {"key": contact.pk}
    for kind in ("handover_open", "handover_given", "handover_taken"):
        house.objects[kind, "none"] = {"number": "YJ-NONE"}
    house.objects["handover_page", "none"] = {"key": "YJ-NONE"}
    for kind in ("handover_line", "first_contact"):
        house.objects[kind, "none"] = {"key": MISSING_ID}


BODIES: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "handover_act": lambda house, name: NONCE | {"witness": "孙会计", "reason": "情况属实"},
    "handover_line_arrange": lambda house, name: NONCE | {"kind": "full"},
    "handover_line_visit": lambda house, name: (
        NONCE | {"on": timezone.localdate().isoformat(), "note": "没有异议"}
    ),
    "first_contact_record": lambda house, name: (
        NONCE | {"channel": "phone", "on": timezone.localdate().isoformat()}
    ),
}
