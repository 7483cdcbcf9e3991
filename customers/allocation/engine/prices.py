"""What each rule of a policy costs everything else ("region first costs 3 %")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .explain import recount
from .plan import Plan, Run, in_turn, propose
from .problem import Problem
from .terms import TERMS

# How each hard rule is taken away: the fields of the policy that change.
NO_PAIRS = np.zeros((0, 2), dtype=np.int64)
WITHOUT: dict[str, dict[str, Any]] = {
    "certificates": {"certificates": False},
    "tenure_limit": {"tenure_limit": None},
    "pin": {"pins": NO_PAIRS},
    "exclusion": {"exclusions": NO_PAIRS},
    "recusal": {"recusals": NO_PAIRS},
    "complaint": {"complaints": NO_PAIRS},
    "key_limit": {"key_limit": None},
    "apart": {"apart": NO_PAIRS},
    "together": {"together": False},
    "budget": {"budget": None},
}


@dataclass(frozen=True)
class RulePrice:
    """What one rule costs everything else.

    with_rule: objective of the plan, the rule's own term left out. without: objective of the plan made without the rule.
    price = with_rule − without, a difference of two plans. least and most: between what the price of the best plans lies,
    by both bounds; for a term, what this plan gives up against the best plan without the term.
    """

    rule: str
    with_rule: int
    without: int
    least: int
    most: int
    moves_without: int

    @property
    def price(self) -> int:
        return self.with_rule - self.without

    @property
    def share(self) -> float:
        """The price as a share of the objective without the rule."""
        return self.price / abs(self.without) if self.without else 0.0


def price_of_rules(
    problem: Problem, plan: Plan, rules: Sequence[str] | None = None, run: Run = in_turn
) -> list[RulePrice]:
    """The price of each named rule (`active` when none are named): one plan more for each. "Region first costs 3 %" is
    the entry of `proximity` for a policy that weighs it so."""
    found = []
    for rule in active(problem) if rules is None else rules:
        field = TERMS[rule][0] if rule in TERMS else "fairness" if rule == "fairness" else None
        if field is not None:
            other = propose(problem.with_policy(**{field: 0}), run)
            parts = recount(problem, plan.manager)
            own = sum(parts.loads) if rule == "fairness" else parts.terms[rule]
            mine = plan.objective - own
            least, most = max(mine - other.objective, 0), mine - other.bound
            found.append(RulePrice(rule, mine, other.objective, least, most, other.moves))
            continue
        changes = (
            WITHOUT[rule]
            if rule != "minimum_grade"
            else {"minimum_grade": np.zeros_like(problem.policy.minimum_grade)}
        )
        other = propose(problem.with_policy(**changes), run)
        least = max(plan.bound - other.objective, 0)
        most = plan.objective - other.bound
        found.append(RulePrice(rule, plan.objective, other.objective, least, most, other.moves))
    return found


def active(problem: Problem) -> list[str]:
    """The rules of the policy that say anything: terms with a weight, limits that are set, lists that are not empty."""
    policy, customers = problem.policy, problem.customers
    found = [name for name, (field, _) in TERMS.items() if getattr(policy, field)]
    found += ["fairness"] * bool(policy.fairness)
    found += ["minimum_grade"] * bool(policy.minimum_grade.any())
    found += ["certificates"] * bool(policy.certificates and customers.requires.any())
    found += [name for name in ("tenure_limit", "key_limit", "budget") if getattr(policy, name) is not None]
    lists = {
        "pin": policy.pins,
        "exclusion": policy.exclusions,
        "recusal": policy.recusals,
        "complaint": policy.complaints,
        "apart": policy.apart,
    }
    found += [name for name, pairs in lists.items() if len(pairs)]
    return found + ["together"] * bool(policy.together and (customers.group >= 0).any())


__all__ = ["RulePrice", "active", "price_of_rules"]
