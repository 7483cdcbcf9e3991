"""A plan that waits to be carried out, and one that was; they have no lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from customers.allocation.models import AllocationPolicy
from customers.planning.models import AllocationPlan

if TYPE_CHECKING:
    from tests.permissions.house import House

FIGURES = {"max_mean": 1, "gini": 0, "match": 0}


def furnish(house: House) -> None:
    policy = AllocationPolicy.objects.get(code="FK")
    now, today = timezone.now(), timezone.localdate()
    for state in ("approved", "applied"):
        plan = AllocationPlan.objects.create(
            number=f"FK-1998-{state[:5]}", policy=policy, unit=house.cast.units["HO"], as_of=today, state=state,
            approved_by=house.cast.users["hrh"], approved_at=now, effective_on=today, before=FIGURES, after=FIGURES,
        )  # fmt: skip
        house.objects[f"{state}_plan", "HO"] = {"number": plan.number}
        house.objects[f"{state}_plan", "none"] = {"number": "FK-NONE"}


def _typed(house: Any, name: str) -> dict[str, Any]:
    number = house.objects["applied_plan", name]["number"]
    return {"nonce": "", "version": "", "reason": "名单有误", "number": number}


BODIES: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "allocation_plans_apply": lambda house, name: {"nonce": "", "version": ""},
    "allocation_plans_revert": _typed,
}
