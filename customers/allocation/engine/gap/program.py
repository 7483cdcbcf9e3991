"""The linear and mixed-integer programs handed to HiGHS (through SciPy), in floating point; nothing here is a proof.

Variables: one x per pair in `rows`/`columns`, the load L_j (0 to capacity), an overflow o_j, and with a fairness term
ρ and t_j ≥ weight·K_j·(L_j/K_j − ρ)², the latter by tangents that are added where they are violated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from .instance import Floats, Instance, Ints

TANGENT_ROUNDS, WHOLE_ROUNDS = 40, 4


@dataclass
class Tangents:
    """Points s = L/K − ρ at which the convex cost of a manager's load is touched: pairs (manager, s)."""

    managers: list[int] = field(default_factory=list)
    points: list[float] = field(default_factory=list)

    def add(self, managers: Ints, points: Floats) -> None:
        """More points, float64, one per manager given."""
        self.managers.extend(managers.tolist())
        self.points.extend(points.tolist())


@dataclass(frozen=True)
class Answer:
    """What HiGHS said: `status` optimal, limit, infeasible; x float64 per pair; prices float64[m] of a linear program;
    `value` and `bound` of the objective in floating-point cost units without `base`; overflow float64[m]."""

    status: str
    x: Floats
    prices: Floats
    value: float
    bound: float
    overflow: Floats


@dataclass
class Program:
    """One program over the pairs (rows, columns); `fixed` loads of customers that are not in it, float64[m].

    `costs` float64 per pair; `overflow_price` per unit, None when nobody may be over capacity.
    """

    instance: Instance
    rows: Ints
    columns: Ints
    costs: Floats
    fixed: Floats
    overflow_price: float | None
    weight: float
    tangents: Tangents

    def solve(self, nodes: int = 0) -> Answer:
        """As a linear program (nodes = 0) or in whole numbers within so many nodes; adds tangents until they hold."""
        answer = self._once(0) if self.weight > 0 else self._once(nodes)
        if self.weight <= 0:
            return answer
        for _round in range(TANGENT_ROUNDS):
            if answer.status == "infeasible" or not len(answer.x) or not self._touch(answer):
                break
            answer = self._once(0)
        for _round in range(WHOLE_ROUNDS if nodes else 0):
            answer = self._once(nodes)
            if not len(answer.x) or not self._touch(answer):
                break
        return answer

    def _sizes(self) -> tuple[int, int, int]:
        """Pairs, managers, and whether there are ρ and t."""
        return len(self.rows), self.instance.m, int(self.weight > 0)

    def _once(self, nodes: int) -> Answer:
        a, m, fair = self._sizes()
        most = np.inf if self.overflow_price is not None else 0.0
        price = self.overflow_price or 0.0
        objective = np.concatenate(
            [self.costs, np.zeros(m), np.full(m, price), np.zeros(fair), np.ones(m * fair)]
        )
        upper = np.concatenate(
            [np.ones(a), self.instance.k, np.full(m, most), np.full(fair, np.inf), np.full(m * fair, np.inf)]
        )
        equal, right = self._equalities()
        below, limits = self._tangent_rows()
        if nodes == 0:
            done = linprog(objective, A_ub=below, b_ub=limits, A_eq=equal, b_eq=right,
                           bounds=np.stack([np.zeros(len(upper)), upper], axis=1), method="highs")  # fmt: skip
        else:
            rules = [LinearConstraint(equal, right, right)]
            if below is not None:
                rules.append(LinearConstraint(below, np.full(len(limits), -np.inf), limits))
            done = milp(objective, constraints=rules, bounds=Bounds(0, upper),
                        integrality=np.concatenate([np.ones(a), np.zeros(len(upper) - a)]),
                        options={"node_limit": nodes, "mip_rel_gap": 0.0})  # fmt: skip
        return self._answer(done, nodes)

    def _answer(self, done: Any, nodes: int) -> Answer:
        a, m, _fair = self._sizes()
        nothing = np.zeros(0)
        if done.x is None:
            status = "infeasible" if done.status == 2 else "limit"
            bound = getattr(done, "mip_dual_bound", None)
            return Answer(
                status, nothing, nothing, np.inf, -np.inf if bound is None else float(bound), nothing
            )
        n = self._customers()[1]
        prices = -np.asarray(done.eqlin.marginals[n : n + m]) if nodes == 0 else nothing
        bound = done.fun if nodes == 0 or done.mip_dual_bound is None else done.mip_dual_bound
        overflow = done.x[a + m : a + 2 * m]
        return Answer("optimal" if done.status == 0 else "limit", done.x, prices, float(done.fun), float(bound), overflow)  # fmt: skip

    def _customers(self) -> tuple[Ints, int]:
        """The customers of the program numbered from 0, and how many."""
        distinct, numbers = np.unique(self.rows, return_inverse=True)
        return numbers, len(distinct)

    def _equalities(self) -> tuple[Any, Floats]:
        """Each customer once; Σ effort·x − L − o = −fixed; ΣL + Σo = ΣK·ρ."""
        a, m, fair = self._sizes()
        numbers, n = self._customers()
        pairs, managers = np.arange(a), np.arange(m)
        efforts = self.instance.w[self.rows, self.columns]
        values = [np.ones(a), efforts, np.full(2 * m, -1.0)]
        at = [numbers, n + self.columns, n + np.tile(managers, 2)]
        of = [pairs, pairs, a + np.arange(2 * m)]
        right = [np.ones(n), -self.fixed]
        if fair:
            values.append(np.append(np.ones(2 * m), -self.instance.fairness[2]))
            at.append(np.full(2 * m + 1, n + m))
            of.append(np.append(a + np.arange(2 * m), a + 2 * m))
            right.append(np.zeros(1))
        shape = (n + m + fair, a + 2 * m + fair + m * fair)
        matrix = csr_array((np.concatenate(values), (np.concatenate(at), np.concatenate(of))), shape=shape)
        return matrix, np.concatenate(right)

    def _tangent_rows(self) -> tuple[Any, Floats]:
        """2·weight·s·(L − K·ρ) − t ≤ weight·K·s² for every point; None without any."""
        a, m, fair = self._sizes()
        count = len(self.tangents.points)
        if not fair or not count:
            return None, np.zeros(0)
        weight, limits, _whole = self.weight, self.instance.fairness[1], 0
        managers = np.array(self.tangents.managers)
        points = np.array(self.tangents.points)
        lines = np.arange(count)
        slope = 2 * weight * points
        values = np.concatenate([slope, -slope * limits[managers], -np.ones(count)])
        of = np.concatenate([a + managers, np.full(count, a + 2 * m), a + 2 * m + 1 + managers])
        matrix = csr_array((values, (np.tile(lines, 3), of)), shape=(count, a + 2 * m + 1 + m))
        return matrix, weight * limits[managers] * points**2

    def _touch(self, answer: Answer) -> bool:
        """Adds a tangent wherever t lies below the true cost; whether any was needed."""
        a, m, _fair = self._sizes()
        limits = self.instance.fairness[1]
        loads, rho = answer.x[a : a + m], answer.x[a + 2 * m]
        with np.errstate(divide="ignore", invalid="ignore"):
            points = np.where(limits > 0, loads / limits - rho, 0.0)
        true = self.weight * limits * points**2
        given = answer.x[a + 2 * m + 1 :]
        short = np.nonzero(true - given > 1e-7 + 1e-9 * abs(answer.value))[0]
        self.tangents.add(short, points[short])
        return bool(len(short))


def whole_program(
    instance: Instance, pairs: tuple[Ints, Ints], tangents: Tangents, *, overflow_price: float | None = None,
    fixed: Floats | None = None, feasibility: bool = False,
) -> Program:  # fmt: skip
    """The program of an instance over some pairs; with `feasibility` only overflow counts."""
    rows, columns = pairs
    costs = instance.c[rows, columns]
    weight = instance.fairness[0]
    if feasibility:
        costs, weight = np.zeros(len(rows)), 0.0
    loads = np.zeros(instance.m) if fixed is None else fixed
    return Program(instance, rows, columns, costs, loads, overflow_price, max(weight, 0.0), tangents)
