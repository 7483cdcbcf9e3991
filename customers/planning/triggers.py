"""What makes a plan necessary before its review is due (ALC-6): customers nobody looks after, and those whose manager the
rules no longer leave them."""

from __future__ import annotations

from datetime import date

import numpy as np

from cmsys.org.models import OrgUnit
from customers.allocation.engine.measures import totals
from customers.allocation.engine.problem import CLOSED, NONE, Problem
from customers.allocation.engine.rules import PAIR_RULES
from customers.allocation.policy_document import PolicyDocument
from customers.planning.reading import read

UNASSIGNED, OVERLOAD = "unassigned", "overload"


def triggers_of(unit: OrgUnit, document: PolicyDocument, today: date) -> dict[str, int]:
    """Code → how many, where there are any: customers without a manager, customers by the hard rule their manager breaks,
    managers with more points than capacity. Costs what reading a plan costs. Raises ProblemError."""
    return counted(read(unit, document, today).problem)


def counted(problem: Problem) -> dict[str, int]:
    """The same of a problem that is read already."""
    customers, managers = problem.customers, problem.managers
    held = np.flatnonzero(customers.owner != NONE)
    owner = customers.owner[held]
    found = {UNASSIGNED: int((customers.owner == NONE).sum())}
    for code, rule in PAIR_RULES.items():
        found[code] = int(rule(problem, held, owner).sum())
    load = totals(customers.effort[held], owner, len(managers))
    found[OVERLOAD] = int(((load > managers.capacity) & (managers.intake != CLOSED)).sum())
    return {code: count for code, count in found.items() if count}
