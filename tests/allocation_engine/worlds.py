"""Generated banks: branches with districts, industries, tiers; portfolios that have grown uneven, as they do."""

from __future__ import annotations

from typing import Any

import numpy as np

from customers.allocation.engine.problem import Customers, Managers, Places, Policy, Problem, build

TIERS, SKILLS = 4, 6


def policy(**changes: Any) -> Policy:
    """Four tiers (the first the most demanding); moving costs more for higher tiers and longer tenure."""
    given: dict[str, Any] = {
        "wanted_grade": np.array([4, 3, 2, 1]),
        "minimum_grade": np.array([2, 1, 0, 0]),
        "move_price": np.array(
            [[240_000, 360_000], [120_000, 200_000], [90_000, 150_000], [60_000, 100_000]]
        ),
        "tenure_bands": (24,),
        **changes,
    }
    return Policy(**given)


def bank(
    customers: int,
    managers: int,
    branches: int,
    seed: int = 7,
    room: float = 1.15,
    even: bool = False,
    **changes: Any,
) -> Problem:
    """A bank of equal branches: 6 districts each, skewed present portfolios, 4 % customers without a manager.

    Each branch's people have room for its own customers. even: they have it to the same degree everywhere, so that how
    fair a plan is shows within branches and is not drowned by what no plan could change between them.
    """
    draw = np.random.default_rng(seed)
    branch = np.arange(customers) % branches
    tier = draw.choice(TIERS, customers, p=[0.05, 0.15, 0.3, 0.5])
    effort = np.array([8, 4, 3, 2])[tier] + draw.choice(3, customers, p=[0.6, 0.3, 0.1])
    home = np.arange(managers) % branches
    per = managers // branches
    skewed = np.minimum((draw.beta(1.0, 1.6, customers) * per).astype(np.int64), per - 1)
    owner = np.where(draw.random(customers) < 0.04, -1, skewed * branches + branch)
    mean = np.bincount(branch, weights=effort, minlength=branches) / per
    level = draw.choice([0.8, 1.0, 1.2], managers)
    whole = (
        np.bincount(home, weights=level, minlength=branches)[home] / per if even else level.sum() / managers
    )
    capacity = np.ceil(mean[home] * room * level / whole).astype(np.int64)
    districts = branches * 6
    centre = np.stack(
        [draw.integers(30_000_000, 40_000_000, branches), draw.integers(100_000_000, 120_000_000, branches)]
    )
    spread = draw.integers(-90_000, 90_000, (2, districts))
    places = Places(*(centre[axis][np.arange(districts) // 6] + spread[axis] for axis in (0, 1)))
    skill = draw.integers(200, 700, (managers, SKILLS))
    skill[np.arange(managers), draw.integers(0, SKILLS, managers)] = 950
    certified = np.where(draw.random(managers) < 0.6, 1, 0)
    grade = draw.choice(5, managers, p=[0.05, 0.2, 0.35, 0.25, 0.15])
    # Nobody's branch is without people for its most demanding customers.
    certified[: 2 * branches], grade[: 2 * branches] = 1, 3
    people = Customers(
        ids=np.arange(customers),
        effort=effort,
        tier=tier,
        profile=draw.integers(0, SKILLS, customers),
        place=branch * 6 + draw.integers(0, 6, customers),
        branch=branch,
        owner=owner,
        tenure=draw.integers(0, 60, customers),
        value=(draw.pareto(1.5, customers) * 1000 * effort).astype(np.int64),
        weight=effort,
        requires=np.where(draw.random(customers) < 0.1, 1, 0),
        key=tier == 0,
        group=np.full(customers, -1),
    )
    staff = Managers(
        ids=np.arange(managers),
        capacity=capacity,
        grade=grade,
        merit=draw.integers(400, 1000, managers),
        place=home * 6 + draw.integers(0, 6, managers),
        branch=home,
        holds=certified,
        intake=np.zeros(managers, dtype=np.int64),
        skill=skill,
    )
    return build(
        customers=people, managers=staff, places=places, profiles=np.eye(SKILLS, dtype=np.int64) * 1000,
        policy=policy(**changes),
    )  # fmt: skip
