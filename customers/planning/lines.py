"""What a plan says line by line, worked out for all lines at once: who moves, how well each fits, what the rules force."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from customers.allocation.engine.problem import NONE, Flags, Ints, Problem
from customers.allocation.engine.rules import PAIR_RULES
from customers.allocation.engine.terms import TERMS, distance, move_price

TERM_CODES = tuple(TERMS)


@dataclass(frozen=True)
class Lines:
    """Columns of the customers whose manager changes, n of them: indices of customer, present (−1: nobody) and proposed
    manager; fits in permille, n × 5 (−1 where there is no present one); metres; continuity and cost in cost units;
    forced flags and, for each pair rule, whether the present pair breaks it."""

    customer: Ints
    present: Ints
    proposed: Ints
    fit: Ints
    fit_before: Ints
    metres: Ints
    metres_before: Ints
    continuity: Ints
    cost: Ints
    broken: dict[str, Flags]

    def __len__(self) -> int:
        return len(self.customer)


def lines_of(problem: Problem, manager: Ints) -> Lines:
    """The lines of an assignment, in order of customer."""
    customers = problem.customers
    rows = np.flatnonzero(customers.owner != manager)
    present, proposed = customers.owner[rows], manager[rows]
    has = present != NONE
    known = np.where(has, present, proposed)
    fit, fit_before, cost = [], [], np.zeros(len(rows), dtype=np.int64)
    for field, function in TERMS.values():
        now = function(problem, rows, proposed)
        fit.append(now)
        fit_before.append(np.where(has, function(problem, rows, known), -1))
        cost += customers.weight[rows] * getattr(problem.policy, field) * now
    continuity = np.where(has, move_price(problem, rows), 0)
    return Lines(
        customer=rows, present=present, proposed=proposed, fit=np.stack(fit, axis=1) if len(rows) else np.zeros((0, 5), dtype=np.int64),
        fit_before=np.stack(fit_before, axis=1) if len(rows) else np.zeros((0, 5), dtype=np.int64),
        metres=distance(problem, rows, proposed), metres_before=np.where(has, distance(problem, rows, known), -1),
        continuity=continuity, cost=cost + continuity,
        broken={name: rule(problem, rows, known) & has for name, rule in PAIR_RULES.items()},
    )  # fmt: skip
