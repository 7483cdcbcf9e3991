"""The smallest change of the facts after which a line would have gone to somebody else (NEW-1), from the engine's margins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from customers.allocation.engine.explain import Candidate, Explanation
from customers.allocation.engine.problem import PERMILLE, Problem
from customers.allocation.engine.terms import TERMS

EXPERTISE, PROXIMITY, SHORTFALL, MERIT = "expertise_match", "proximity", "grade_shortfall", "merit"
CONTINUITY, CAPACITY, RULE = "continuity", "capacity", "rule"


@dataclass(frozen=True)
class Change:
    """With it the line would go to `manager` (index). kind and amount: a match higher by permille, metres nearer, grades
    higher, a merit higher by permille, a price of moving higher by cost units, points more of capacity, or a `rule` that
    did not stand against him (amount 0). `share` says how large it is, 1 being all there is of it."""

    manager: int
    kind: str
    amount: int
    share: float
    rule: str = ""


def changes_of(problem: Problem, found: Explanation) -> list[Change]:
    """The smallest change for each other candidate, the smallest first; rules that alone stand against somebody last.

    Empty where a line leaves no other choice, or where several customers go together.
    """
    if found.together:
        return []
    others = {one.line.manager: one for one in (*found.runners, found.present) if one is not None}
    least = []
    for one in others.values():
        options = sorted(_options(problem, found, one), key=lambda change: (change.share, change.kind))
        if options:
            least.append(options[0])
    return sorted(least, key=lambda change: (change.kind == RULE, change.share, change.manager))


def _options(problem: Problem, found: Explanation, one: Candidate) -> Iterator[Change]:
    seat = one.line.manager
    if not one.permitted:
        if one.change < 0 and len(one.broken) == 1 and not (one.full or one.keys or one.apart):
            yield Change(seat, RULE, 0, 1.0, one.broken[0].rule)
        elif one.change < 0 and one.full and not (one.broken or one.keys or one.apart):
            yield Change(seat, CAPACITY, one.full, one.full / max(int(problem.usable_capacity()[seat]), 1))
        return
    if one.change < 0:
        return
    weight = int(problem.customers.weight[one.line.customer])
    for part in one.line.parts:
        price = weight * part.weight
        if price:
            drop = one.change // price + 1
            yield from _term(problem, one, part.term, part.permille, drop)
    owner, stays = int(problem.customers.owner[one.line.customer]), found.present
    if stays is not None and seat == owner and found.line.continuity:
        yield Change(seat, CONTINUITY, one.change + 1, (one.change + 1) / found.line.continuity)


def _term(problem: Problem, one: Candidate, term: str, permille: int, drop: int) -> Iterator[Change]:
    """The change that takes `drop` permille off a term, where there is so much to take."""
    seat, policy, share = one.line.manager, problem.policy, drop / PERMILLE
    if drop > permille:
        return
    if term == EXPERTISE:
        yield Change(seat, EXPERTISE, drop, share)
    elif term == MERIT and permille - drop >= PERMILLE - policy.merit_cap:
        yield Change(seat, MERIT, drop, share)
    elif term == PROXIMITY:
        # The farthest that counts as `permille − drop`: metres × 1000 // far rounds down.
        reach = ((permille - drop + 1) * policy.far - 1) // PERMILLE
        yield Change(seat, PROXIMITY, one.line.metres - reach, share)
    elif term == SHORTFALL:
        missing = -(-permille * policy.grade_span // PERMILLE)
        for steps in range(1, missing + 1):
            if permille - (missing - steps) * PERMILLE // policy.grade_span >= drop:
                yield Change(seat, SHORTFALL, steps, share)
                return


__all__ = ["TERMS", "Change", "changes_of"]
