"""Why a line is as it is: the engine asked again on the plan's own snapshot, so that the parts are those of the plan."""

from __future__ import annotations

from dataclasses import dataclass

from customers.allocation.engine.explain import Candidate, Explanation
from customers.allocation.engine.problem import Problem
from customers.planning.bench import bench
from customers.planning.models import AllocationMove

RUNNERS = 3


@dataclass(frozen=True)
class Explained:
    """An explanation with the problem its indices belong to."""

    problem: Problem
    explanation: Explanation

    def manager(self, index: int) -> int:
        """The key of a manager."""
        return int(self.problem.managers.ids[index])


def explained(move: AllocationMove, runners: int = RUNNERS) -> Explained:
    """The parts of a line, the next best managers and what they lack, and why not the present one.

    Costs the plan's snapshot once in a process, then milliseconds a line.
    """
    table = bench(move.plan_id, move.plan.digest)
    place = table.place(move.customer_id)
    assert place is not None
    return Explained(table.problem, table.explainer.explain(place, runners))


__all__ = ["Candidate", "Explained", "explained"]
