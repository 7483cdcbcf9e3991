"""The register of customers: those of tests/customers/stage.py, and an assignment to come for each that has an owner."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from customers.registry.models import Assignment, Contact, Customer
from customers.registry.services.assignments import assignment_begin
from customers.registry.services.contacts import contact_add
from tests.cast import STAGE, TODAY
from tests.customers.stage import register
from tests.permissions.house import MISSING_ID, House

REASON = {"reason": "例行核对"}


def furnish(house: House) -> None:
    made = register(house.cast)
    coming = timezone.localdate() + timedelta(days=30)
    for number, customer in made.customers.items():
        house.objects["customer", number] = house.objects["person", number] = {"key": number}
        if number not in made.contacts:
            made.contacts[number] = contact_add(
                actor=STAGE, today=TODAY, customer_id=customer.pk, name="陈联系", mobile="13800000000"
            )
        contact = made.contacts[number]
        house.objects["contact", number] = {"customer_no": number, "contact_id": contact.pk}
        house.objects["contact_row", number] = {"key": contact.pk}
        held = made.assignments.get(number) or assignment_begin(
            actor=STAGE, today=TODAY, customer_id=customer.pk, role="primary", starts_on=TODAY, reason="期初",
            manager_id=house.cast.managers["M-CX1"].pk,
        )  # fmt: skip
        house.objects["assignment", number] = {"customer_no": number, "assignment_id": held.pk}
        house.objects["assignment_row", number] = {"key": held.pk}
        helper = assignment_begin(
            actor=STAGE, today=TODAY, customer_id=customer.pk, role="backup", starts_on=coming, reason="备岗",
            manager_id=house.cast.managers["M-CX1"].pk,
        )  # fmt: skip
        house.objects["coming", number] = {"customer_no": number, "assignment_id": helper.pk}
    house.objects["customer", "C-NONE"] = house.objects["person", "C-NONE"] = {"key": "C-NONE"}
    theirs = {"contact": ("contact_id", made.contacts["C-OY"].pk), "assignment": ("assignment_id", made.assignments["C-OY"].pk)}  # fmt: skip
    theirs["coming"] = ("assignment_id", house.objects["coming", "C-OY"]["assignment_id"])
    for kind, (part, pk) in theirs.items():
        house.objects[kind, "none"] = {"customer_no": "C-HD", part: MISSING_ID}
        house.objects[kind, "theirs"] = {"customer_no": "C-HD", part: pk}
    for kind in ("contact_row", "assignment_row"):
        house.objects[kind, "none"] = {"key": MISSING_ID}
        house.objects[kind, "letters"] = {"key": "abc"}
    assert Customer.objects.count() == 6
    assert Contact.objects.count() >= 6
    assert Assignment.objects.count() >= 12


def _edit(house: House, name: str) -> dict[str, Any]:
    customer = Customer.objects.filter(customer_no=name).first()
    version = customer.updated_at.isoformat() if customer is not None else ""
    return {"name": "改名实业", "kind": "enterprise", "unit": "CX", "version": version}


def _contact(house: House, name: str) -> dict[str, Any]:
    return {"name": "新联系人", "role": "user", "mobile": "13911112222"}


BODIES: dict[str, Callable[[House, str], dict[str, Any]]] = {
    "customers_create": lambda house, name: {
        "customer_no": "C-NEW", "name": "新客户有限公司", "kind": "enterprise", "unit": "CX",
    },
    "customers_edit": _edit,
    "customer_reveal": lambda house, name: REASON,
    "customer_tier": lambda house, name: REASON | {
        # Another one than the customer has.
        "tier": str(house.cast.tiers["A" if name in ("C-LI", "C-NO", "C-OY", "C-CX") else "C"].pk)
    },
    "customer_owner": lambda house, name: REASON | {
        "role": "assistant", "manager": "M-PD1", "starts_on": "2026-03-02",
    },
    "assignment_end": lambda house, name: REASON | {"ends_on": "2030-01-01"},
    "assignment_withdraw": lambda house, name: REASON,
    "contact_new": _contact,
    "contact_edit": _contact,
    "contact_remove": lambda house, name: REASON,
    "contact_reveal": lambda house, name: REASON,
}  # fmt: skip
