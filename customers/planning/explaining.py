"""Why a line is as it is: the engine asked again on the plan's own snapshot, so that the parts are those of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from customers.allocation.engine.explain import Candidate, Explainer, Explanation
from customers.allocation.engine.problem import Problem
from customers.planning.models import AllocationMove, PlanSnapshot
from customers.planning.snapshots import unpacked

RUNNERS = 3


@dataclass(frozen=True)
class Explained:
    """An explanation with the problem its indices belong to."""

    problem: Problem
    explanation: Explanation

    def manager(self, index: int) -> int:
        """The key of a manager."""
        return int(self.problem.managers.ids[index])


@lru_cache(maxsize=2)
def _explainer(plan: int, digest: str) -> Explainer:
    """The plan's loads and sets, kept for the next lines; the digest names the plan's content."""
    problem = unpacked(bytes(PlanSnapshot.objects.values_list("content", flat=True).get(plan=plan)))
    manager = problem.customers.owner.copy()
    places = {int(pk): place for place, pk in enumerate(problem.managers.ids.tolist())}
    moves = (
        AllocationMove.objects.filter(plan=plan)
        .order_by("customer_id")
        .values_list("customer_id", "proposed_id")
    )
    rows = list(moves)
    at = np.searchsorted(problem.customers.ids, np.array([customer for customer, _ in rows], dtype=np.int64))
    manager[at] = [places[proposed] for _, proposed in rows]
    return Explainer(problem, manager)


def explained(move: AllocationMove) -> Explained:
    """The parts of a line, the next best managers and what they lack, and why not the present one.

    Costs the plan's snapshot once in a process, then milliseconds a line.
    """
    why = _explainer(move.plan_id, move.plan.digest)
    place = int(np.searchsorted(why.problem.customers.ids, move.customer_id))
    return Explained(why.problem, why.explain(place, RUNNERS))


__all__ = ["Candidate", "Explained", "explained"]
