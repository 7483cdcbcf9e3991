"""From a problem to a plan with a proven bound, or to the names of what stands in the way.

Prices, a rounded start, walks under adaptive penalties, then a small mixed-integer program over the pairs that can
still matter. Deterministic for a seed: node and step limits, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..document import Problem
from .conflicts import Conflict, lacking, left_out, obvious, overloaded
from .core import Found, exact, open_pairs
from .instance import Instance, Ints, candidates, instance_of, pairs_of
from .knapsack import tighten, worthwhile
from .program import Tangents, whole_program
from .relaxation import Relaxation
from .search import Walk, first_penalty
from .uniform import relax_any

DESCENT, PATIENCE = 5000, 3
ROAMING, ROAMS = 500, ((600, 1.01), (2000, 1.003))  # up to so many customers: steps and rise of penalties
SMALL, SMALL_NODES = 500, 50_000  # so few pairs left go to the program whole, within so many nodes × pairs
EVEN = 8  # programs with a fairness term are solved several times over: so many times smaller
CORE, CORE_NODES = 330, 40  # otherwise a core of so many pairs is tried within so many nodes
PROBE, PROBE_NODES = 12_000, 2_000  # whether there is a plan at all


@dataclass(frozen=True)
class Solution:
    """`objective` and `bound` exact in the document's units (bound below for min, above for max, equal when optimal);
    `assignment` manager index per customer; without a plan all three are None and `conflicts` says why. `proven` is
    False when neither a plan nor a proof was found. `unassigned`: customers that would have to be left out."""

    feasible: bool
    objective: Fraction | None
    bound: Fraction | None
    assignment: tuple[int, ...] | None
    unassigned: tuple[int, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    proven: bool = True

    @property
    def gap(self) -> Fraction | None:
        """|objective − bound| / |objective|; 0 when equal, None when the objective is 0 and the bound is not."""
        if self.objective is None or self.bound is None:
            return None
        if self.objective == self.bound:
            return Fraction(0)
        return abs(self.objective - self.bound) / abs(self.objective) if self.objective else None


def solve_problem(problem: Problem, seed: int = 0) -> Solution:
    """The best plan found and its bound. Seconds for 80 × 1 600; the same for the same problem and seed."""
    possible = candidates(problem)
    conflicts = obvious(problem, possible)
    if conflicts:
        customers = sorted({j for conflict in conflicts for j in conflict.customers})
        return Solution(False, None, None, None, tuple(customers), tuple(conflicts))
    if not problem.customers:
        return Solution(True, Fraction(0), Fraction(0), ())
    instance = instance_of(problem, possible)
    relaxation = relax_any(instance)
    if relaxation.lacking is not None:
        out = left_out(instance, relaxation.part.argmax(axis=1))
        conflict = lacking(problem, instance, relaxation.lacking)
        return Solution(False, None, None, None, tuple(out), (conflict,))
    return _Attempt(problem, instance, relaxation, seed).solution()


class _Attempt:
    """One solution under way: the best plan so far and the best bound so far, both in the instance's units."""

    def __init__(self, problem: Problem, instance: Instance, relaxation: Relaxation, seed: int) -> None:
        self.problem, self.instance, self.relaxation = problem, instance, relaxation
        assert relaxation.bound is not None
        self.bounds = relaxation.bound
        self.bound = relaxation.bound.value
        self.dice = np.random.default_rng(seed)
        self.plan: Ints | None = None
        self.value: Fraction | None = None

    def solution(self) -> Solution:
        """Walks, then programs, then the answer."""
        self._search()
        if self.plan is None:
            refused = self._probe()
            if refused is not None:
                return refused
        self._tighten()
        self._close()
        assert self.plan is not None and self.value is not None
        sign = 1 if self.problem.sense == "min" else -1
        scale = sign * 10**self.problem.cost_places
        assignment = np.empty(self.instance.n, dtype=np.int64)
        assignment[self.instance.customers] = self.instance.managers[self.plan]
        bound = min(self.bound, self.value)
        return Solution(True, self.value / scale, bound / scale, tuple(assignment.tolist()))

    def _search(self) -> None:
        """Walks from the rounded relaxation: down first, then roaming twice, unless the bound is met."""
        n = self.instance.n
        start = self.relaxation.part.argmax(axis=1)
        self._walk(start, DESCENT if n > ROAMING else 100 + 2 * n)
        if n <= ROAMING:
            for steps, rise in ROAMS:
                self._walk(start, min(steps, 100 + 15 * n), rise)

    def _walk(self, start: Ints, steps: int, rise: float | None = None) -> None:
        """One walk from a plan; its best is kept."""
        if self.value is not None and self.value <= self.bound:
            return
        walk = Walk(self.instance, start, first_penalty(self.instance, self.relaxation.prices), self.dice)
        if rise is None:
            walk.run(steps, PATIENCE, self.bound)
        else:
            walk.roam(steps, rise, self.bound)
        if walk.best is not None:
            self._keep(walk.best)

    def _keep(self, plan: Ints) -> None:
        value = self.instance.value(plan)
        if self.value is None or value < self.value:
            self.plan, self.value = plan, value

    def _tighten(self) -> None:
        """The knapsack bound, where it is cheap."""
        assert self.value is not None
        if self.bound < self.value and worthwhile(self.instance):
            self.bound = tighten(self.instance, self.relaxation.prices, self.value, self.bound)

    def _probe(self) -> Solution | None:
        """Whether there is a plan at all; a refusal when there is none or none was found."""
        pairs = pairs_of(self.instance.open)
        if len(pairs[0]) > PROBE:
            self._walk(self.relaxation.part.argmax(axis=1), 2 * DESCENT)
            return None if self.plan is not None else self._refusal("not_found")
        answer = whole_program(self.instance, pairs, Tangents(), feasibility=True).solve(PROBE_NODES)
        if len(answer.x):
            plan = self._plan_of(pairs, answer.x)
            if self.instance.feasible(plan):
                self._walk(plan, DESCENT // 4)
                return None
        return self._refusal("indivisible" if answer.status == "infeasible" else "not_found")

    def _refusal(self, rule: str) -> Solution:
        """No plan: named by the plan that overloads least."""
        pairs = pairs_of(self.instance.open)
        plan = self.relaxation.part.argmax(axis=1)
        if len(pairs[0]) <= PROBE:
            program = whole_program(self.instance, pairs, Tangents(), overflow_price=1.0, feasibility=True)
            answer = program.solve(CORE_NODES)
            plan = self._plan_of(pairs, answer.x) if len(answer.x) else plan
        conflict = overloaded(self.problem, self.instance, plan, rule)
        out = left_out(self.instance, plan)
        return Solution(False, None, None, None, tuple(out), (conflict,), rule != "not_found")

    def _plan_of(self, pairs: tuple[Ints, Ints], x: np.ndarray) -> Ints:
        part = np.zeros((self.instance.n, self.instance.m))
        part[pairs] = x[: len(pairs[0])]
        return part.argmax(axis=1)

    def _close(self) -> None:
        """Programs over the pairs that can still matter: to the end when few, else over a core of them."""
        if self.bound == self.value or self.instance.weight < 0:
            return
        left = open_pairs(self.instance, self.bounds, self.value)
        count, part = int(left.sum()), EVEN if self.instance.weight else 1
        if count * part <= SMALL:
            nodes = max(SMALL_NODES // (max(count, 1) * part), 1)
            self._learn(exact(self.instance, left, self.relaxation.tangents, nodes), whole=True)
            return
        order = np.sort(self.bounds.reduced[left])
        core = left & (self.bounds.reduced <= order[min(CORE // part, len(order)) - 1])
        if int(core.sum()) * part <= 2 * CORE and self.instance.n * part <= CORE:
            assert self.plan is not None
            core[np.arange(self.instance.n), self.plan] = True
            self._learn(exact(self.instance, core, self.relaxation.tangents, CORE_NODES), whole=False)

    def _learn(self, found: Found, whole: bool) -> None:
        if found.plan is not None:
            self._keep(found.plan)
        assert self.value is not None
        if whole and found.closed:
            self.bound = self.value
        elif whole and found.bound is not None:
            self.bound = max(self.bound, min(found.bound, self.value))
