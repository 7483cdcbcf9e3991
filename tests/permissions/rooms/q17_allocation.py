"""Policies, evaluation sheets of everybody that nobody has confirmed, a rule for each customer, a plan with a line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from customers.allocation.models import CustomerRule, RuleKind, StaffEvaluation
from customers.planning.choices import PlanState
from customers.planning.models import AllocationMove, AllocationPlan
from customers.planning.services.rebalancing import rebalance
from customers.registry.models import Customer
from managers.careers.models import Grade
from tests.cast import STAGE, TODAY
from tests.planning.world import NOW, document, policy, run_jobs

if TYPE_CHECKING:
    from tests.permissions.house import House

MISSING_ID = 999_999_999


def furnish(house: House) -> None:
    """Sheets are named by their manager, rules by their customer (those of the customers' room); plans by their unit."""
    bank, branch = policy(), policy(code="SH-FK", unit="SH")
    for name, row in (("bank", bank), ("SH", branch)):
        house.objects["policy", name] = {"key": row.pk}
        house.objects["policy_number", name] = {"pk": row.pk}
    for number, manager in house.cast.managers.items():
        sheet = StaffEvaluation.objects.create(
            manager=manager,
            ability=Decimal(80),
            experience=Decimal(70),
            results=Decimal(90),
            merit=Decimal(82),
        )
        house.objects["evaluation", number] = {"key": sheet.pk}
        house.objects["evaluation_number", number] = {"pk": sheet.pk}
    for customer in Customer.objects.filter(customer_no__startswith="C-").select_related("owner"):
        if customer.owner is not None:
            rule = CustomerRule.objects.create(
                customer=customer,
                manager=customer.owner,
                kind=RuleKind.PIN,
                starts_on=date(2026, 1, 1),
                reason="约定",
            )
            house.objects["rule", customer.customer_no] = {"key": rule.pk}
            house.objects["rule_number", customer.customer_no] = {"pk": rule.pk}
    for code in ("HO", "CD"):
        plan = AllocationPlan.objects.create(
            number=f"FK-1999-{code}",
            policy=bank,
            unit=house.cast.units[code],
            as_of=TODAY,
            state=PlanState.FAILED,
        )
        house.objects["plan_of_unit", code] = {"key": plan.number}
        house.objects["plan_number_of_unit", code] = {"number": plan.number}
        house.objects["plan_row", code] = {"number": plan.number}
    _drafts(house)
    for kind, parts in (
        ("draft_of_unit", {"number": "FK-NONE"}), ("plan_pair", {"number": "FK-NONE", "other": "FK-NONE"}),
        ("line_number", {"pk": MISSING_ID}), ("policy", {"key": MISSING_ID}), ("policy_number", {"pk": MISSING_ID}), ("evaluation", {"key": MISSING_ID}),
        ("evaluation_number", {"pk": MISSING_ID}), ("rule", {"key": MISSING_ID}), ("rule_number", {"pk": MISSING_ID}),
        ("plan_of_unit", {"key": "FK-NONE"}), ("plan_number_of_unit", {"number": "FK-NONE"}),
        ("plan_row", {"number": "FK-NONE"}), ("move", {"key": MISSING_ID}),
    ):  # fmt: skip
        house.objects[kind, "none"] = parts
    house.objects["grade", "MIDDLE"] = {"key": "MIDDLE"}
    house.objects["grade", "none"] = {"key": "NONE"}
    for kind in ("policy", "evaluation", "rule", "move"):
        house.objects[kind, "letters"] = {"key": "abc"}


def _drafts(house: House) -> None:
    """Two drafts of 城东 with a line each, one of the institution; everybody is pinned where he is, so the lines are by hand."""
    pair = []
    for code in ("CD", "CD", "HO"):
        plan = rebalance(
            actor=STAGE, unit_id=house.cast.units[code].pk, policy_code="FK", today=TODAY, now=NOW
        )
        run_jobs()
        house.objects["draft_of_unit", code] = {"number": plan.number}
        line = AllocationMove.objects.create(
            plan=plan, customer=Customer.objects.get(customer_no="C-HD"), present=house.cast.managers["M-CD1"],
            proposed=house.cast.managers["M-CD1"], effort=10, metres=0, metres_before=0, fit=[0] * 5, fit_before=[0] * 5, cost=0,
        )  # fmt: skip
        if code == "CD":
            pair.append(plan.number)
            house.objects["line_number", "CD"] = {"pk": line.pk}
    house.objects["plan_pair", "CD"] = {"number": pair[0], "other": pair[1]}


RULE = {
    "customer_no": "C-NO",
    "kind": "exclude",
    "employee_no": "M-CD1",
    "starts_on": "2026-03-02",
    "reason": "客户要求",
}


def _grade(house: Any, name: str) -> dict[str, Any]:
    found = Grade.objects.filter(code=name).first()
    return {
        "name": "中级",
        "series": "business",
        "order": "2",
        "version": found.updated_at.isoformat() if found else "",
    }


BODIES: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "grades_create": lambda house, name: {
        "code": "CHIEF",
        "name": "资深",
        "series": "business",
        "order": "9",
    },
    "grades_edit": _grade,
    "allocation_policies_import": lambda house, name: {"document": document(code="NEW")},
    "staff_evaluations_draft": lambda house, name: {"unit": "CD"},
    "staff_evaluations_change": lambda house, name: {
        "ability": "70",
        "experience": "70",
        "results": "70",
        "reason": "例行核对",
    },
    "staff_evaluations_confirm_hr": lambda house, name: {},
    "staff_evaluations_confirm_head": lambda house, name: {},
    "customer_rules_begin": lambda house, name: RULE,
    "customer_rules_end": lambda house, name: {"ends_on": "2026-06-01", "reason": "例行核对"},
    "allocation_plans_rebalance": lambda house, name: {"unit": "CX"},
    "allocation_plans_choose": lambda house, name: {
        "act": "keep",
        "selected": [str(Customer.objects.get(customer_no="C-HD").pk)],
    },
    "allocation_plans_again": lambda house, name: {"percent": "5"},
    "allocation_plans_discard": lambda house, name: {"reason": "例行核对"},
}
