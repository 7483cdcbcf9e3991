"""What stands in the way of every plan, by name: rule, managers, customers, and how much capacity is missing."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np

from ..document import Problem
from .instance import Instance, Ints, Mask
from .relaxation import lack_in_points

RULES: dict[str, tuple[str, str]] = {
    "pinned_twice": ("同一客户被固定给两位客户经理", "a customer is pinned to two managers"),
    "pinned_forbidden": ("固定的组合同时被禁止", "a pinned pair is forbidden as well"),
    "no_manager": ("客户的全部客户经理都被禁止", "every manager is forbidden for a customer"),
    "too_large": ("单个客户的工作量超过每位可用客户经理的容量", "a customer is larger than every manager he may have"),
    "pinned_capacity": ("固定的客户合计超过客户经理的容量", "pinned customers together exceed the capacity"),
    "capacity": ("这些客户合计超过可用客户经理的容量", "these customers exceed the capacity of those they may have"),
    "indivisible": ("容量合计够用，但客户不可拆分，装不下", "capacity suffices in sum, but customers cannot be divided"),
    "not_found": ("未找到可行方案，也未证明不存在", "no plan was found, nor was it proven that there is none"),
}  # fmt: skip


@dataclass(frozen=True)
class Conflict:
    """A `rule` of RULES; managers and customers by index in the document; `missing` points of capacity, or None."""

    rule: str
    managers: tuple[int, ...]
    customers: tuple[int, ...]
    missing: Fraction | None = None

    def data(self, problem: Problem) -> dict[str, Any]:
        """As the document says it: by id, with the rule in words."""
        zh, en = RULES[self.rule]
        return {
            "rule": self.rule,
            "managers": [problem.managers[i] for i in self.managers],
            "customers": [problem.customers[j] for j in self.customers],
            "missing": number(self.missing),
            "message": zh,
            "message_en": en,
        }


def number(value: Fraction | None) -> int | float | None:
    """A whole number as int, any other as the nearest float."""
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)


def obvious(problem: Problem, possible: Mask) -> list[Conflict]:
    """Conflicts seen without solving anything: customers without a manager, pins that do not fit. O(mn)."""
    found = []
    pins: dict[int, set[int]] = {}
    for manager, customer in problem.pins:
        pins.setdefault(customer, set()).add(manager)
    for j in np.nonzero(~possible.any(axis=0))[0].tolist():
        found.append(_without_manager(problem, j, sorted(pins.get(j, ()))))
    unit = 10**problem.effort_places
    for i in range(len(problem.managers)):
        held = sorted(j for j, managers in pins.items() if managers == {i})
        excess = sum(int(problem.effort[i, j]) for j in held) - int(problem.capacity[i])
        if len(held) > 1 and excess > 0:
            found.append(Conflict("pinned_capacity", (i,), tuple(held), Fraction(excess, unit)))
    return found


def _without_manager(problem: Problem, j: int, pinned: list[int]) -> Conflict:
    """Why customer j has no manager."""
    if len(pinned) > 1:
        return Conflict("pinned_twice", tuple(pinned), (j,))
    if pinned and not problem.allowed[pinned[0], j]:
        return Conflict("pinned_forbidden", tuple(pinned), (j,))
    may = pinned or np.nonzero(problem.allowed[:, j])[0].tolist()
    if not may:
        return Conflict("no_manager", tuple(range(len(problem.managers))), (j,))
    excess = min(int(problem.effort[i, j]) - int(problem.capacity[i]) for i in may)
    return Conflict("too_large", tuple(may), (j,), Fraction(excess, 10**problem.effort_places))


def lacking(problem: Problem, instance: Instance, units: Ints) -> Conflict:
    """The conflict that capacity prices prove: the priced managers, the customers who cannot avoid them."""
    priced = np.where(instance.open, instance.effort * units, np.iinfo(np.int64).max).min(axis=1)
    missing = ceil(lack_in_points(instance, units))
    return Conflict(
        "capacity",
        tuple(sorted(instance.managers[units > 0].tolist())),
        tuple(sorted(instance.customers[priced > 0].tolist())),
        Fraction(missing, 10**problem.effort_places),
    )


def overloaded(problem: Problem, instance: Instance, plan: Ints, rule: str) -> Conflict:
    """The managers a least overloaded plan overloads, with their customers and the points by which it does."""
    excess = instance.loads(plan) - instance.capacity
    over = np.nonzero(excess > 0)[0]
    missing = Fraction(int(excess[over].sum()), 10**problem.effort_places)
    return Conflict(
        rule,
        tuple(sorted(instance.managers[over].tolist())),
        tuple(sorted(instance.customers[np.isin(plan, over)].tolist())),
        missing,
    )


def left_out(instance: Instance, plan: Ints) -> list[int]:
    """Customers (indices of the document) that would have to go for `plan` to fit: largest first, few of them."""
    out = []
    loads = instance.loads(plan)
    for j in np.nonzero(loads > instance.capacity)[0].tolist():
        held = np.nonzero(plan == j)[0]
        held = held[np.argsort(-instance.effort[held, j], kind="stable")]
        excess = int(loads[j] - instance.capacity[j])
        for i in held.tolist():
            if excess <= 0:
                break
            excess -= int(instance.effort[i, j])
            out.append(int(instance.customers[i]))
    return sorted(out)
