"""A tier rule in force and a draft, a proposal and a trial, a line for each customer, a tier of each held by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from customers.registry.models import Customer, TierHold
from customers.tiers.choices import Outcome, Purpose, RunState
from customers.tiers.models import TierChange, TierRun
from tests.cast import TODAY
from tests.tiers.world import rule, text

if TYPE_CHECKING:
    from tests.permissions.house import House

MISSING_ID = 999_999_999


def furnish(house: House) -> None:
    """Rules are `active` and `draft`, runs `proposed` and `shown`; lines and holds are named by their customer."""
    active, draft = rule(), rule(adopted=False, version=2)
    for name, row in (("active", active), ("draft", draft)):
        house.objects["tier_rule", name] = {"key": row.pk}
        house.objects["tier_rule_number", name] = {"pk": row.pk}
    house.objects["tier_rule_in_force", "active"] = {"pk": active.pk}
    runs = {
        "proposed": TierRun(rule=active, purpose=Purpose.PROPOSAL, state=RunState.PROPOSED),
        "shown": TierRun(rule=draft, purpose=Purpose.TRIAL, state=RunState.SHOWN),
    }
    for place, (name, run) in enumerate(runs.items(), start=1):
        run.number, run.as_of = f"FJ-1999-{place}", TODAY
        run.customers, run.lowered, run.flows, run.digest = 6, 6, [["A", "C", 6]], "0" * 64
        run.rule_digest = run.rule.digest
        run.save()
        house.objects["tier_run", name] = {"key": run.number}
        house.objects["tier_run_row", name] = {"number": run.number}
    house.objects["tier_proposal", "proposed"] = {"number": runs["proposed"].number}
    tiers = house.cast.tiers
    for customer in Customer.objects.filter(customer_no__startswith="C-"):
        line = TierChange.objects.create(
            run=runs["proposed"], customer=customer, before=tiers["A"], after=tiers["C"], outcome=Outcome.MOVE, score=0, place=1,
            values=[0, 0, 0, 0], points=[0, 0, 0, 0], places=[0, 0, 0, 0],
        )  # fmt: skip
        house.objects["tier_line", customer.customer_no] = {"key": line.pk}
        house.objects["tier_line_row", customer.customer_no] = {"pk": line.pk}
        TierHold.objects.create(customer=customer, tier=tiers["A"], reason="战略客户", set_by="蒋客管")
        house.objects["held_customer", customer.customer_no] = {"customer_no": customer.customer_no}
    for kind, parts in (
        ("tier_rule", {"key": MISSING_ID}), ("tier_rule_number", {"pk": MISSING_ID}), ("tier_rule_in_force", {"pk": MISSING_ID}),
        ("tier_run", {"key": "FJ-NONE"}), ("tier_run_row", {"number": "FJ-NONE"}), ("tier_proposal", {"number": "FJ-NONE"}),
        ("tier_line", {"key": MISSING_ID}), ("tier_line_row", {"pk": MISSING_ID}), ("held_customer", {"customer_no": "C-NONE"}),
    ):  # fmt: skip
        house.objects[kind, "none"] = parts
    for kind in ("tier_rule", "tier_line"):
        house.objects[kind, "letters"] = {"key": "abc"}


def _reason(house: Any, name: str) -> dict[str, Any]:
    return {"reason": "例行核对"}


BODIES: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "tier_rules_import": lambda house, name: {"document": text(code="NEW")},
    "tier_rules_trial": lambda house, name: {},
    "tier_rules_run": lambda house, name: {},
    "tier_rules_adopt": _reason,
    "tier_runs_apply": _reason,
    "tier_runs_discard": _reason,
    "tier_hold_release": _reason,
}
