"""An allocation problem in the trade's words: customers, managers, places, profiles of demand, the policy.

Columns are int64 and sorted by id when the problem is built, so the order in which rows arrive never reaches a solver. A
million customers are a dozen columns of 8 MB; what belongs together in one solution (a branch, or a region whose
branches may lend managers to each other) is a block and is cut out by `blocks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NONE = -1
PERMILLE = 1000
# What a manager may take: everyone; those he holds already; nobody (long leave, leaving).
OPEN, KEEP_ONLY, CLOSED = 0, 1, 2


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a problem: a code, the column, and the first ids it concerns (at most 10) of `count`."""

    code: str
    column: str
    ids: tuple[Any, ...] = ()
    count: int = 0


class ProblemError(ValueError):
    """The problem cannot be used; `faults` says what is wrong, where, and with whom."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{f.column}: {f.code} ({f.count}: {list(f.ids)})" for f in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Customers:
    """One row per customer, all int64[n] unless said otherwise.

    ids: unique, any sortable NumPy column. effort: points 1..2**20. tier, profile, place, branch: codes 0.. of the policy's
    tiers, the profiles of demand, the places, the branches. value: ≥ 0 in any whole unit. owner: index of the present
    manager, −1 for none. tenure: whole months with him. weight: u ≥ 1, how much this customer's match counts. requires:
    bit mask of certificates. key: bool[n], a key customer. group: code of customers who stay together, −1 for none.
    """

    ids: npt.NDArray[Any]
    effort: Ints
    tier: Ints
    profile: Ints
    place: Ints
    branch: Ints
    owner: Ints
    tenure: Ints
    value: Ints
    weight: Ints
    requires: Ints
    key: Flags
    group: Ints

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Managers:
    """One row per manager. capacity: points ≥ 0. grade: order 0... merit: permille 0..1000 (the evaluation sheet).
    skill: int64[m, skills], permille. holds: bit mask of certificates. intake: OPEN, KEEP_ONLY or CLOSED."""

    ids: npt.NDArray[Any]
    capacity: Ints
    grade: Ints
    merit: Ints
    place: Ints
    branch: Ints
    holds: Ints
    intake: Ints
    skill: Ints

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Places:
    """Latitude and longitude in millionths of a degree (int64[p]); one entry per district, branch or address."""

    latitude: Ints
    longitude: Ints

    def __len__(self) -> int:
        return len(self.latitude)


# The rules of a policy that are lists of pairs.
PAIRS = ("pins", "exclusions", "recusals", "complaints", "apart")


@dataclass(frozen=True)
class Policy:
    """The weights and hard limits of one version of an allocation policy.

    expertise, proximity, shortfall, waste, merit: weights a1..a5, whole numbers ≥ 0. merit_cap: permille above which
    merit counts no more. far: metres at which distance counts fully. wanted_grade, minimum_grade: int64[tiers], the
    grade a tier should have (soft) and must have (hard). grade_span: steps that count as a full misfit. tenure_bands:
    rising months; move_price: int64[tiers, bands + 1] in cost units (thousandths of a weight). fairness: F ≥ 0, of effort
    against capacity. value_fairness: the same of value against capacity (0: value is left alone); value above the
    customer at `value_cap_permille` of all counts no more.
    tenure_limit: months after which a customer must change hands, None for never. key_limit: at most so many key
    customers a manager. budget: at most so many moves. together: groups stay together. cross_branch: managers of any
    branch of the same block may serve. certificates: required certificates are a hard rule. Pairs are int64[k, 2]: pins,
    exclusions, recusals, complaints (customer, manager), apart (customer, customer: conflicting parties who must not share
    a manager).
    """

    wanted_grade: Ints
    minimum_grade: Ints
    move_price: Ints
    expertise: int = 30
    proximity: int = 20
    shortfall: int = 20
    waste: int = 5
    merit: int = 5
    merit_cap: int = 800
    far: int = 20_000
    grade_span: int = 3
    tenure_bands: tuple[int, ...] = ()
    fairness: int = 2_000
    value_fairness: int = 0
    value_cap_permille: int = 990
    tenure_limit: int | None = None
    key_limit: int | None = None
    budget: int | None = None
    together: bool = True
    cross_branch: bool = False
    certificates: bool = True
    pins: Ints = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    exclusions: Ints = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    recusals: Ints = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    complaints: Ints = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    apart: Ints = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))


@dataclass(frozen=True)
class Winsor:
    """How value becomes whole points: values above `cap` count as `cap`, then points = value × top // bottom, so that all
    points together are about all effort together and both loads have the same measure."""

    cap: int
    top: int
    bottom: int

    @classmethod
    def of(cls, value: Ints, effort: Ints, permille: int) -> Winsor:
        """The cap is the value of the customer at `permille` of the order from low to high."""
        if not len(value):
            return cls(0, 0, 1)
        cap = int(
            np.partition(value, (len(value) - 1) * permille // PERMILLE)[
                (len(value) - 1) * permille // PERMILLE
            ]
        )
        top, bottom = int(effort.sum()), max(int(np.minimum(value, cap).sum()), 1)
        while cap * top >= 1 << 62:
            top, bottom = top // 2, max(bottom // 2, 1)
        return cls(cap, top, bottom)

    def points(self, value: Ints) -> Ints:
        """int64, the shape of `value`."""
        found: Ints = np.minimum(value, self.cap) * self.top // self.bottom
        return found


@dataclass(frozen=True)
class Problem:
    """A checked problem, everything sorted by id. profiles: int64[p, skills], permille a row. block: int64[branches],
    the block each branch is solved in. Made by `build`; `customer_order` and `manager_order` give, for each sorted
    row, the row it came from. winsor: how value is counted. points: int64[n], value points (all 0 without value_fairness).
    """

    customers: Customers
    managers: Managers
    places: Places
    profiles: Ints
    policy: Policy
    block: Ints
    customer_order: Ints
    manager_order: Ints
    winsor: Winsor = field(default_factory=lambda: Winsor(0, 0, 1))
    points: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def usable_capacity(self) -> Ints:
        """Points each manager may carry: none for one who takes nobody (long leave, leaving)."""
        usable: Ints = np.where(self.managers.intake == CLOSED, 0, self.managers.capacity)
        return usable

    def with_policy(self, **changes: Any) -> Problem:
        """The same customers and managers under an altered policy (pairs in sorted indices). Raises ProblemError."""
        altered = replace(self, policy=replace(self.policy, **changes))
        _refuse(_policy_faults(altered.policy, altered) + _pair_faults(altered))
        return _valued(altered) if {"value_fairness", "value_cap_permille"} & set(changes) else altered


def build(
    *,
    customers: Customers,
    managers: Managers,
    places: Places,
    profiles: Ints,
    policy: Policy,
    block: Ints | None = None,
) -> Problem:
    """The problem sorted by id and checked; indices (owner, pairs) are translated. One sort and one pass a column.

    block: int64[branches]; without it every branch is a block of its own. Raises ProblemError that lists every unknown,
    missing or impossible value with the ids it concerns.
    """
    customer_order = _order(customers.ids, "customers.ids")
    manager_order = _order(managers.ids, "managers.ids")
    new_customer, new_manager = _inverse(customer_order), _inverse(manager_order)
    branches = 1 + max(
        (int(c.max()) for c in (customers.branch, managers.branch) if len(c)),
        default=-1,
    )
    rows = _taken(customers, customer_order)
    _refuse(_range_faults("customers.owner", rows.owner, NONE, len(managers) - 1, rows.ids))
    known = (
        replace(rows, owner=np.where(rows.owner >= 0, new_manager[rows.owner], NONE))
        if len(managers)
        else rows
    )
    pairs: dict[str, Any] = {}
    for name in PAIRS:
        pair = _pairs(getattr(policy, name), name)
        second = (customers, new_customer) if name == "apart" else (managers, new_manager)
        _refuse(
            _range_faults(f"policy.{name}", pair[:, 0], 0, len(customers) - 1, pair[:, 0])
            + _range_faults(f"policy.{name}", pair[:, 1], 0, len(second[0]) - 1, pair[:, 1])
        )
        moved = np.stack([new_customer[pair[:, 0]], second[1][pair[:, 1]]], axis=1) if len(pair) else pair
        if name == "apart" and len(moved):
            moved = np.sort(moved, axis=1)
        pairs[name] = np.unique(moved, axis=0)
    problem = Problem(
        customers=known,
        managers=_taken(managers, manager_order),
        places=places,
        profiles=np.asarray(profiles, dtype=np.int64),
        policy=replace(policy, **pairs),
        block=np.arange(branches, dtype=np.int64) if block is None else np.asarray(block, dtype=np.int64),
        customer_order=customer_order,
        manager_order=manager_order,
    )
    _refuse(_policy_faults(problem.policy, problem))
    _refuse(_column_faults(problem) + _pair_faults(problem))
    return _valued(problem)


def _valued(problem: Problem) -> Problem:
    """The problem with its value points."""
    customers, policy = problem.customers, problem.policy
    if not policy.value_fairness:
        return replace(problem, winsor=Winsor(0, 0, 1), points=np.zeros(len(customers), dtype=np.int64))
    winsor = Winsor.of(customers.value, customers.effort, policy.value_cap_permille)
    return replace(problem, winsor=winsor, points=winsor.points(customers.value))


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise ProblemError(faults)


def _order(ids: npt.NDArray[Any], name: str) -> Ints:
    order = np.argsort(ids, kind="stable")
    again = ids[order][1:] == ids[order][:-1]
    if bool(np.any(again)):
        twice = ids[order][1:][again]
        raise ProblemError([Fault("duplicate", name, tuple(twice[:10].tolist()), len(twice))])
    return order.astype(np.int64)


def _inverse(order: Ints) -> Ints:
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    return back


def _taken(rows: Any, order: Ints) -> Any:
    """The same dataclass of columns in another order; columns become int64 (flags stay flags)."""
    name, columns, faults = type(rows).__name__.lower(), {}, []
    for key, column in vars(rows).items():
        values = np.asarray(column)
        if len(values) != len(order) or (key != "ids" and values.dtype.kind not in "iub"):
            faults.append(Fault("not_a_whole_column", f"{name}.{key}", (), len(values)))
            continue
        values = values[order]
        columns[key] = values if key in ("ids", "key") else values.astype(np.int64, copy=False)
    _refuse(faults)
    return replace(rows, **columns)


def _pairs(pair: Ints, name: str) -> Ints:
    found = np.asarray(pair, dtype=np.int64)
    if found.size == 0:
        return np.zeros((0, 2), dtype=np.int64)
    if found.ndim != 2 or found.shape[1] != 2:
        raise ProblemError([Fault("not_pairs", f"policy.{name}", (), len(found))])
    return found


def _range_faults(
    name: str, column: Ints, low: int, high: int, ids: npt.NDArray[Any], code: str = "unknown"
) -> list[Fault]:
    wrong: Flags = np.asarray((column < low) | (column > high))
    if column.ndim > 1:
        wrong = np.asarray(wrong.any(axis=1), dtype=np.bool_)
    if not bool(wrong.any()):
        return []
    return [Fault(code, name, tuple(ids[wrong][:10].tolist()), int(wrong.sum()))]


def _column_faults(problem: Problem) -> list[Fault]:
    rows, staff, faults = problem.customers, problem.managers, []
    tiers, skills, high = len(problem.policy.wanted_grade), problem.profiles.shape[1], 1 << 31
    branches, profiles = len(problem.block) - 1, len(problem.profiles) - 1
    for name, low, most in (
        ("effort", 1, 1 << 20), ("tier", 0, tiers - 1), ("profile", 0, profiles), ("place", 0, len(problem.places) - 1),
        ("branch", 0, branches), ("tenure", 0, 12_000), ("value", 0, 1 << 50), ("weight", 1, high),
        ("requires", 0, 1 << 61), ("group", NONE, 1 << 61),
    ):  # fmt: skip
        faults += _range_faults(f"customers.{name}", getattr(rows, name), low, most, rows.ids)
    for name, low, most in (
        ("capacity", 0, high), ("grade", 0, high), ("merit", 0, PERMILLE), ("place", 0, len(problem.places) - 1),
        ("branch", 0, branches), ("holds", 0, 1 << 61), ("intake", OPEN, CLOSED),
    ):  # fmt: skip
        faults += _range_faults(f"managers.{name}", getattr(staff, name), low, most, staff.ids)
    if staff.skill.ndim != 2 or staff.skill.shape[1] != skills:
        faults.append(Fault("one_column_per_skill", "managers.skill", (), int(staff.skill.shape[-1])))
    else:
        faults += _range_faults("managers.skill", staff.skill, 0, PERMILLE, staff.ids)
    return faults


def _policy_faults(policy: Policy, problem: Problem) -> list[Fault]:
    faults = [
        Fault("negative", f"policy.{name}")
        for name in ("expertise", "proximity", "shortfall", "waste", "merit", "merit_cap", "fairness", "value_fairness")
        if getattr(policy, name) < 0
    ]  # fmt: skip
    faults += [
        Fault("not_positive", f"policy.{name}") for name in ("far", "grade_span") if getattr(policy, name) < 1
    ]
    faults += [
        Fault("negative", f"policy.{name}")
        for name in ("key_limit", "budget", "tenure_limit")
        if (getattr(policy, name) or 0) < 0
    ]
    tiers, bands = len(policy.wanted_grade), len(policy.tenure_bands) + 1
    if len(policy.minimum_grade) != tiers:
        faults.append(Fault("one_grade_per_tier", "policy.minimum_grade", (), len(policy.minimum_grade)))
    if policy.move_price.shape != (tiers, bands) or bool((policy.move_price < 0).any()):
        faults.append(Fault("one_price_per_tier_and_band", "policy.move_price", (), policy.move_price.size))
    if list(policy.tenure_bands) != sorted(set(policy.tenure_bands)):
        faults.append(Fault("not_rising", "policy.tenure_bands", (), len(policy.tenure_bands)))
    if not 0 < policy.value_cap_permille <= PERMILLE:
        faults.append(Fault("out_of_range", "policy.value_cap_permille"))
    if problem.profiles.ndim != 2 or bool((problem.profiles.sum(axis=1) != PERMILLE).any()):
        faults.append(Fault("rows_must_sum_to_1000", "profiles", (), len(problem.profiles)))
    elif bool((problem.profiles < 0).any()):
        faults.append(Fault("negative", "profiles", (), len(problem.profiles)))
    return faults


def _pair_faults(problem: Problem) -> list[Fault]:
    pins, apart, faults = problem.policy.pins, problem.policy.apart, []
    ids = problem.customers.ids
    twice = pins[1:, 0][pins[1:, 0] == pins[:-1, 0]] if len(pins) else pins[:, 0]
    if len(twice):
        faults.append(Fault("pinned_twice", "policy.pins", tuple(ids[twice[:10]].tolist()), len(twice)))
    alone = apart[apart[:, 0] == apart[:, 1], 0]
    if len(alone):
        faults.append(Fault("apart_from_itself", "policy.apart", tuple(ids[alone[:10]].tolist()), len(alone)))
    return faults
