"""A random bank of three sub-branches with every rule in play, written in any order, the same for the same seed."""

from __future__ import annotations

import random
from datetime import date, timedelta

from customers.allocation.models import CustomerRule, EvaluationState, RuleKind, StaffEvaluation
from customers.registry.models import Assignment, Customer
from managers.profiles.models import RelationshipManager
from tests.cast import TODAY, Cast

KEYS = 9_000_000
UNITS, GRADES, TIERS = ("CD", "CX", "PD"), ("JUNIOR", "MIDDLE", "SENIOR"), ("A", "B", "C", "C", "")
KINDS, INDUSTRIES = ("enterprise", "individual", "sme"), ("C13", "I65", "F51", "")
NAMES = {"C13": "制造业", "I65": "信息技术", "F51": "批发零售"}


def random_bank(
    cast: Cast,
    seed: int,
    *,
    order: int | None = None,
    keep_keys: bool = False,
    managers: int = 4,
    customers: int = 24,
) -> None:
    """So many managers and customers in each of three sub-branches; `order` shuffles the rows before they are
    written; `keep_keys` gives each row the same key whatever the order."""
    chance = random.Random(seed)
    mixed = random.Random(order)

    def written(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        if keep_keys:
            rows = [{"pk": KEYS + place, **row} for place, row in enumerate(rows)]
        return mixed.sample(rows, len(rows)) if order is not None else rows

    people: list[dict[str, object]] = [
        {
            "employee_no": f"R-{unit}{n}", "name": f"经理{unit}{n}", "unit": cast.units[unit], "line": cast.line,
            "grade": cast.grades[chance.choice(GRADES)], "status": chance.choice(("active",) * 8 + ("on_leave", "left")),
            "industries": chance.sample(list(NAMES.values()), 1),
        }
        for unit in UNITS
        for n in range(managers)
    ]  # fmt: skip
    rows: list[dict[str, object]] = [
        {
            "customer_no": f"R-{unit}-{n:03}", "name": f"客户{unit}{n}", "unit": cast.units[unit],
            "tier": cast.tiers.get(chance.choice(TIERS)), "kind": chance.choice(KINDS), "industry_code": chance.choice(INDUSTRIES),
            "latitude": 39 + chance.randrange(900_000) / 1_000_000, "longitude": 116 + chance.randrange(900_000) / 1_000_000,
            "group_no": chance.choice(("",) * 9 + (f"G-{unit}",)), "category": chance.choice(("", "key", "general")),
        }
        for unit in UNITS
        for n in range(customers)
    ]  # fmt: skip
    owners = [
        (str(row["customer_no"]), f"R-{unit}{min(int(chance.betavariate(1, 1.8) * managers), managers - 1)}", chance.randrange(2000))
        for row, unit in ((row, str(row["customer_no"]).split("-")[1]) for row in rows)
        if chance.random() < 0.9
    ]  # fmt: skip
    rules = [
        (f"R-{unit}-{n:03}", f"R-{unit}{chance.randrange(managers)}", chance.choice(list(RuleKind)))
        for unit in UNITS
        for n in (0, 1)
    ]
    merits = {str(one["employee_no"]): chance.randrange(30, 101) for one in people if chance.random() < 0.6}
    RelationshipManager.objects.bulk_create(RelationshipManager(**one) for one in written(people))
    staff = {one.employee_no: one for one in RelationshipManager.objects.filter(employee_no__in=[p["employee_no"] for p in people])}  # fmt: skip
    holders = {number: staff[holder] for number, holder, _days in owners}
    Customer.objects.bulk_create(Customer(**row, owner=holders.get(str(row["customer_no"]))) for row in written(rows))  # fmt: skip
    register = {one.customer_no: one for one in Customer.objects.filter(customer_no__startswith="R-")}
    mixed.shuffle(owners)
    Assignment.objects.bulk_create(
        Assignment(customer=register[number], manager=staff[holder], role="primary", starts_on=TODAY - timedelta(days=days))
        for number, holder, days in owners
    )  # fmt: skip
    CustomerRule.objects.bulk_create(
        CustomerRule(customer=register[number], manager=staff[holder], kind=kind, starts_on=date(2026, 1, 1), reason="x")
        for number, holder, kind in rules
    )  # fmt: skip
    StaffEvaluation.objects.bulk_create(
        StaffEvaluation(
            manager=staff[number], ability=merit, experience=merit, results=merit, merit=merit, state=EvaluationState.CONFIRMED,
            valid_from=date(2025, 6, 1), valid_until=date(2026, 6, 1), hr_by=cast.users["hrh"], head_by=cast.users["mgr"],
        )
        for number, merit in merits.items()
    )  # fmt: skip
