"""What carrying out some lines of a plan does to the load of its people: the plan's own frozen counts, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from customers.allocation.engine.measures import gini, max_over_mean
from customers.planning.models import AllocationPlan, PlanManager


@dataclass(frozen=True)
class Person:
    """One manager as the plan counted with him; points. `usable` is his capacity, 0 for who takes nobody."""

    key: int
    name: str
    number: str
    capacity: int
    usable: int
    before: int


@dataclass(frozen=True)
class Over:
    """Somebody who would carry more than he may."""

    name: str
    number: str
    load: int
    capacity: int


@dataclass(frozen=True)
class Effect:
    """What a subset does: figures now and after, and who would be over capacity (the furthest over first)."""

    lines: int
    moves: int
    first: int
    max_mean: tuple[float, float]
    gini: tuple[float, float]
    over: tuple[Over, ...]


def people_of(plan: AllocationPlan) -> list[Person]:
    """The people of a plan; one query."""
    rows = PlanManager.objects.filter(plan=plan).select_related("manager").order_by("pk")
    return [
        Person(
            row.manager_id, row.manager.name, row.manager.employee_no, row.capacity,
            0 if row.intake == "closed" else row.capacity, row.load_before,
        )
        for row in rows
    ]  # fmt: skip


def effect_of(people: Iterable[Person], lines: Iterable[Mapping[str, Any]]) -> Effect:
    """Of carrying out `lines` (present_id, proposed_id, effort) and no others. Somebody is over when he ends above his
    capacity with more than he has now: who was within stays within, who was over carries no more."""
    staff, rows = list(people), list(lines)
    after = {one.key: one.before for one in staff}
    for line in rows:
        if line["present_id"] in after:
            after[line["present_id"]] -= line["effort"]
        if line["proposed_id"] in after:
            after[line["proposed_id"]] += line["effort"]
    over = [
        Over(one.name, one.number, after[one.key], one.usable)
        for one in staff
        if after[one.key] > one.usable and after[one.key] > one.before
    ]
    open_to = [one for one in staff if one.usable > 0]
    usable = np.array([one.usable for one in open_to], dtype=np.int64)
    loads = [np.array([value[one.key] for one in open_to], dtype=np.int64)
             for value in ({one.key: one.before for one in staff}, after)]  # fmt: skip
    first = sum(line["present_id"] is None for line in rows)
    return Effect(
        len(rows), len(rows) - first, first,
        (max_over_mean(loads[0], usable), max_over_mean(loads[1], usable)), (gini(loads[0], usable), gini(loads[1], usable)),
        tuple(sorted(over, key=lambda one: (one.capacity - one.load, one.number))),
    )  # fmt: skip
