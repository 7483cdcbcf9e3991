"""The same input gives the same plan: any order of jobs, any number of workers, any order of rows; every cost recomputes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.db import transaction

from cmsys.jobs.models import OPEN, Job
from customers.allocation.engine import plan as planning
from customers.allocation.engine.explain import recount
from customers.allocation.engine.terms import TERMS
from customers.allocation.selectors import document_of
from customers.planning import jobs
from customers.planning.models import AllocationMove, AllocationPlan, PlanState
from customers.planning.runs import BUNDLE
from customers.planning.services.rebalancing import rebalance
from customers.planning.snapshots import unpacked
from customers.registry.models import Customer
from tests.cast import STAGE, TODAY, Cast
from tests.planning.random_bank import random_bank
from tests.planning.world import NOW, policy, run_jobs

pytestmark = pytest.mark.django_db
ROOM = {"JUNIOR": 60, "MIDDLE": 70, "SENIOR": 80, "none": 60}
WEIGHTS = {"fairness": 2000, "value_fairness": 0}


@pytest.fixture
def small_bundles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bundle for each sub-branch."""
    monkeypatch.setattr(planning, "BUNDLE", 1)
    yield


@pytest.fixture(autouse=True)
def no_more_than_plans(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is drawn of a plan that is ready: curves have tests of their own."""
    monkeypatch.setattr(jobs, "ask_curve", lambda plan, actor: None)
    yield


def planned(seed: int | None = None) -> AllocationPlan:
    """A plan of the whole bank; `seed` shuffles the order in which its jobs are done."""
    plan = rebalance(actor=STAGE, unit_id=None, policy_code="FK", today=TODAY, now=NOW)
    chance = random.Random(seed)
    run_jobs(lambda open_: chance.sample(open_, len(open_)) if seed is not None else open_)
    plan.refresh_from_db()
    assert plan.state == PlanState.DRAFT, plan.failure
    return plan


def by_number(plan: AllocationPlan) -> dict[str, str]:
    """Who gets whom, by the numbers people know."""
    lines = AllocationMove.objects.filter(plan=plan)
    return dict(lines.values_list("customer__customer_no", "proposed__employee_no"))


def figures(plan: AllocationPlan) -> dict[str, Any]:
    """Everything that is computed but the keys."""
    names = (
        "customers",
        "managers",
        "moves",
        "forced",
        "first",
        "budget",
        "objective",
        "bound",
        "parts",
        "before",
        "after",
    )
    return {name: getattr(plan, name) for name in names} | {"lines": by_number(plan)}  # fmt: skip


@pytest.mark.parametrize("budget", [None, 10])
def test_jobs_in_any_order_and_twice(cast: Cast, small_bundles: None, budget: int | None) -> None:
    """One worker in order, four workers whose bundles end in any order, and a worker that does each bundle twice."""
    random_bank(cast, 3)
    policy(capacity=ROOM, weights=WEIGHTS, budget_percent=budget)
    first = planned()
    assert first.moves > 10
    found = [planned(seed) for seed in (1, 2, 3)]
    assert {plan.digest for plan in found} == {first.digest}
    assert all(figures(plan) == figures(first) for plan in found)
    asked = rebalance(actor=STAGE, unit_id=None, policy_code="FK", today=TODAY, now=NOW)
    seen = []

    def again(waiting: list[Job]) -> list[Job]:
        """A bundle done once more as if its worker had died before saying so."""
        bundles = (
            Job.objects.filter(kind=BUNDLE, key__startswith=f"{asked.pk}:")
            .exclude(state__in=OPEN)
            .order_by("-pk")
        )
        if len(seen) < 3 and bundles:
            seen.append(bundles[0].pk)
            Job.objects.filter(pk=bundles[0].pk).update(state="queued", finished_at=None)
            return [Job.objects.get(pk=bundles[0].pk)]
        return waiting[::-1]

    run_jobs(again)
    asked.refresh_from_db()
    assert len(seen) == 3
    assert (asked.digest, figures(asked)) == (first.digest, figures(first))


def test_as_one_bundle_or_as_many(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    random_bank(cast, 3)
    policy(capacity=ROOM, weights=WEIGHTS)
    one = planned()
    monkeypatch.setattr(planning, "BUNDLE", 1)
    many = planned()
    assert (one.digest, figures(one)) == (many.digest, figures(many))


class Again(Exception):
    """Undoes a world."""


def test_rows_written_in_any_order(cast: Cast) -> None:
    policy(capacity=ROOM, weights=WEIGHTS)
    found = []
    for order in (None, 1, 2):
        with pytest.raises(Again), transaction.atomic():
            random_bank(cast, 5, order=order, keep_keys=True)
            plan = planned()
            found.append((plan.digest, plan.input_digest, figures(plan)))
            raise Again
    assert found[0][2]["moves"] > 10
    assert found[0] == found[1] == found[2]


def test_with_other_keys_the_plan_is_as_good_and_as_fair(cast: Cast) -> None:
    """Rows loaded in another order have other keys. Customers who are alike in everything may then change places; objective,
    proof, parts, fairness and the number of moves are the same."""
    policy(capacity=ROOM, weights=WEIGHTS)
    found = []
    for order in (None, 1, 2):
        with pytest.raises(Again), transaction.atomic():
            random_bank(cast, 5, order=order)
            found.append(figures(planned()))
            raise Again
    sure = [{name: value for name, value in one.items() if name != "lines"} for one in found]
    assert sure[0] == sure[1] == sure[2]
    assert len(found[0]["lines"]) == len(found[1]["lines"]) == len(found[2]["lines"])


@pytest.mark.parametrize("seed", range(4))
def test_every_part_of_a_random_plan_recomputes(cast: Cast, seed: int) -> None:
    """From the stored lines alone and the customers who stay: match by term, continuity and loads add up to the objective."""
    random_bank(cast, seed, customers=16)
    text = {"capacity": ROOM, "weights": WEIGHTS | {"value_fairness": 500 * (seed % 2)}, "key_limit": 9}
    found = policy(**text, area=("subbranch", "branch", "all")[seed % 3], budget_percent=(None, 20)[seed % 2])
    plan = planned()
    weights = document_of(found).weights
    named = [weights[name] for name in ("expertise", "proximity", "shortfall", "waste", "merit")]
    assert [field for field, _function in TERMS.values()] == ["expertise", "proximity", "shortfall", "waste", "merit"]  # fmt: skip
    problem = unpacked(bytes(plan.snapshot.content))
    place = {pk: index for index, pk in enumerate(problem.customers.ids.tolist())}
    position = {pk: index for index, pk in enumerate(problem.managers.ids.tolist())}
    manager = problem.customers.owner.copy()
    parts, continuity = dict.fromkeys(TERMS, 0), 0
    for line in AllocationMove.objects.filter(plan=plan).select_related("customer__tier"):
        index = place[line.customer_id]
        manager[index] = position[line.proposed_id]
        tier = found.document["tiers"][line.customer.tier.code if line.customer.tier else "none"]
        times = tier.get("weight", 1)
        own = [times * weight * permille for weight, permille in zip(named, line.fit, strict=True)]
        assert line.cost == sum(own) + line.continuity
        assert line.continuity in ((0,) if line.present_id is None else tier["move_price"])
        for term, cost in zip(parts, own, strict=True):
            parts[term] += cost
        continuity += line.continuity
    assert AllocationMove.objects.filter(plan=plan).count() == plan.moves + plan.first > 0
    stays = np.flatnonzero(manager == problem.customers.owner)
    for term, (field, function) in TERMS.items():
        permille = function(problem, stays, manager[stays])
        parts[term] += int((problem.customers.weight[stays] * getattr(problem.policy, field) * permille).sum())  # fmt: skip
    counted = recount(problem, manager)
    loads = {"load": sum(counted.loads), "value": sum(counted.values)}
    assert plan.parts == {**parts, "continuity": continuity, **loads}
    assert plan.objective == sum(parts.values()) + continuity + sum(loads.values())
    assert plan.bound is not None
    assert plan.bound <= plan.objective
    assert planning.digest(problem, manager) == plan.digest
    assert Customer.objects.filter(pk__in=place).count() == len(manager)
