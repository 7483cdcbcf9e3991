"""Plans of 城东支行 and of 上海分行 at each stage of their approval, with a line each; named by the unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cmsys.workflow.form import Form
from customers.approval.services.submitting import plan_submit
from customers.planning.models import AllocationMove, AllocationPlan, LineSide
from customers.planning.services.rebalancing import rebalance
from customers.registry.models import Customer
from tests.cast import STAGE, TODAY
from tests.planning.world import NOW, run_jobs

if TYPE_CHECKING:
    from tests.permissions.house import House

MISSING_ID = 999_999_999
LINES = {"CD": ("C-HD", "M-CD1", "M-CD2"), "SH": ("C-PD", "M-PD1", "M-PD1")}


def furnish(house: House) -> None:
    """Drafts, plans the units are asked about, and plans that wait for the head."""
    for code in LINES:
        for stage in ("unsent", "asked", "head"):
            plan = _draft(house, code)
            if stage != "unsent":
                plan_submit(actor=STAGE, plan_id=plan.pk, form=Form(), now=NOW, today=TODAY)
            if stage == "head":
                _answered(house, plan)
            house.objects[f"plan_{stage}", code] = {"number": plan.number}
            if stage == "asked":
                [side] = plan.sides.all()
                house.objects["plan_side", code] = {"number": plan.number, "key": side.pk}
    for kind in ("plan_unsent", "plan_asked", "plan_head"):
        house.objects[kind, "none"] = {"number": "FK-NONE"}
    asked = house.objects["plan_asked", "CD"]
    house.objects["plan_side", "none"] = {**asked, "key": MISSING_ID}
    # Somebody else's side under the address of a plan in reach.
    house.objects["plan_side", "theirs"] = {**asked, "key": house.objects["plan_side", "SH"]["key"]}


def _draft(house: House, code: str) -> AllocationPlan:
    """A draft with the line by hand, as the rules pin everybody where he is."""
    plan = rebalance(actor=STAGE, unit_id=house.cast.units[code].pk, policy_code="FK", today=TODAY, now=NOW)
    run_jobs()
    customer, present, proposed = LINES[code]
    AllocationMove.objects.create(
        plan=plan, customer=Customer.objects.get(customer_no=customer), present=house.cast.managers[present],
        proposed=house.cast.managers[proposed], effort=1, metres=0, metres_before=0, fit=[0] * 5, fit_before=[0] * 5, cost=0,
    )  # fmt: skip
    plan.refresh_from_db()
    return plan


def _answered(house: House, plan: AllocationPlan) -> None:
    user = house.cast.users["nobody"]
    LineSide.objects.filter(plan=plan).update(verdict="agreed", by=user, by_name=str(user), at=NOW)
    plan.lines.update(state="agreed")
    AllocationPlan.objects.filter(pk=plan.pk).update(state="deciding")


def _form(**more: str) -> Callable[[Any, str], dict[str, Any]]:
    return lambda house, name: {"nonce": str(uuid4()), **more}


BODIES: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "allocation_plans_submit": _form(),
    "allocation_plans_recall": _form(reason="例行核对"),
    "allocation_plans_remind": _form(),
    "allocation_plans_approve": _form(effective_on="2099-01-05"),
    "allocation_plans_return": _form(reason="例行核对"),
    "allocation_reviews_answer": _form(verdict="all"),
}
