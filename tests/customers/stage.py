"""Customers of the small bank, put on stage through the services.

C-HD 恒达科技   企业   城东 · 陈思远 since 2025-01-01, before him 王雅琴 from 2024-01-01; A, signed 2024-03-01
C-LI 李雪梅     个人   城东 · 陈思远 since 2025-02-01; C
C-OY 欧阳若兰   个人   城东 · 王雅琴 since 2025-01-01; B
C-CX 城西机械厂 中小企业 城西 · 赵立群 since 2025-01-01; B, signed 2023-05-01
C-PD 浦东港务   大型企业 浦东 · 周婷 since 2025-01-01; A
C-NO 无主贸易   企业   北京分行, nobody's; no tier
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from customers.registry.models import Assignment, Contact, Customer
from customers.registry.services.assignments import assignment_begin
from customers.registry.services.contacts import contact_add
from customers.registry.services.customers import customer_create
from tests.cast import STAGE, TODAY, Cast

CUSTOMERS = (
    ("C-HD", "深圳恒达科技有限公司", "enterprise", "CD", "A", "91440300708461136T"),
    ("C-LI", "李雪梅", "individual", "CD", "C", ""),
    ("C-OY", "欧阳若兰", "individual", "CD", "B", ""),
    ("C-CX", "城西机械厂", "sme", "CX", "B", ""),
    ("C-PD", "浦东港务集团", "large", "PD", "A", ""),
    ("C-NO", "无主贸易公司", "enterprise", "BJ", None, ""),
)
OWNERS = (
    ("C-HD", "M-CD2", date(2024, 1, 1)),
    ("C-HD", "M-CD1", date(2025, 1, 1)),
    ("C-LI", "M-CD1", date(2025, 2, 1)),
    ("C-OY", "M-CD2", date(2025, 1, 1)),
    ("C-CX", "M-CX1", date(2025, 1, 1)),
    ("C-PD", "M-PD1", date(2025, 1, 1)),
)
CONTACTS = (
    ("C-HD", "张建国", "decider", "13812345678", date(1975, 6, 18)),
    ("C-HD", "刘芳", "user", "", None),
    ("C-OY", "欧阳若兰", "", "13955556666", date(1988, 3, 9)),
    ("C-CX", "孙厂长", "decider", "010-66667777", None),
    ("C-PD", "周港生", "investor", "13677778888", None),
)
SINCE = {"C-HD": date(2024, 3, 1), "C-CX": date(2023, 5, 1)}


@dataclass
class Register:
    """The rows by customer number; `assignments` holds the present primary one."""

    customers: dict[str, Customer] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    assignments: dict[str, Assignment] = field(default_factory=dict)


def register(cast: Cast) -> Register:
    """Customers with owners and contacts, entered by the system."""
    made = Register()
    for number, name, kind, unit, tier, code in CUSTOMERS:
        made.customers[number] = customer_create(
            actor=STAGE, today=TODAY, customer_no=number, name=name, kind=kind, unit=cast.units[unit],
            tier=cast.tiers[tier] if tier else None, credit_code=code,
        )  # fmt: skip
    for number, day in SINCE.items():
        Customer.objects.filter(customer_no=number).update(since=day)
    for number, employee_no, day in OWNERS:
        made.assignments[number] = assignment_begin(
            actor=STAGE, today=TODAY, customer_id=made.customers[number].pk, role="primary",
            manager_id=cast.managers[employee_no].pk, starts_on=day, reason="期初",
        )  # fmt: skip
    for number, name, role, mobile, birthday in CONTACTS:
        contact = contact_add(
            actor=STAGE, today=TODAY, customer_id=made.customers[number].pk, name=name, role=role, mobile=mobile,
            birthday=birthday,
        )  # fmt: skip
        made.contacts.setdefault(number, contact)
    for number, customer in made.customers.items():
        made.customers[number] = Customer.objects.get(pk=customer.pk)
    return made


def thirty_customers(cast: Cast) -> None:
    """Thirty customers of 陈思远 with a contact each, and thirty contacts and former owners of C-HD."""
    chen, wang = cast.managers["M-CD1"], cast.managers["M-CD2"]
    made = Customer.objects.bulk_create(
        Customer(
            customer_no=f"K-{n:02}", name=f"第{n}公司", name_pinyin=f"di {n} gong si", unit=cast.units["CD"], owner=chen,
            tier=cast.tiers["C"],
        )
        for n in range(30)
    )  # fmt: skip
    Assignment.objects.bulk_create(
        Assignment(customer=customer, manager=chen, role="primary", starts_on=date(2025, 1, 1))
        for customer in made
    )
    Contact.objects.bulk_create(
        Contact(customer=customer, name="王海", mobile="13900001111") for customer in made
    )
    for customer in Customer.objects.filter(customer_no="C-HD"):
        Contact.objects.bulk_create(
            Contact(customer=customer, name=f"联系人{n}", mobile="13900001111", birthday=date(1980, 1, 1 + n))
            for n in range(30)
        )
        Assignment.objects.bulk_create(
            Assignment(
                customer=customer, manager=wang, role="primary", starts_on=date(1980 + n, 1, 1),
                ends_on=date(1981 + n, 1, 1),
            )
            for n in range(30)
        )  # fmt: skip
