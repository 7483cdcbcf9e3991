"""Draft plans of the small bank, worked by hand: who is read, what the rules force, what cannot be met, and nothing moves."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from cmsys.access.actors import MissingFunction
from cmsys.audit.models import Event
from cmsys.org.services.units import unit_create
from customers.allocation.engine.explain import explainer
from customers.allocation.engine.plan import propose
from customers.allocation.models import CustomerRule, RuleKind
from customers.planning.choices import PlanState
from customers.planning.models import AllocationMove, AllocationPlan, PlanManager
from customers.planning.services.rebalancing import plan_discard, rebalance
from customers.planning.snapshots import packed, unpacked
from customers.registry.models import Assignment, Customer
from managers.profiles.models import RelationshipManager, Status
from tests.cast import STAGE, TODAY, Cast
from tests.customers.stage import Register
from tests.permissions.house import mark_of_rows
from tests.planning.world import NOW, planned, policy

pytestmark = pytest.mark.django_db


def lines(plan: AllocationPlan) -> list[tuple[object, ...]]:
    rows = AllocationMove.objects.filter(plan=plan).order_by("customer__customer_no")
    return list(
        rows.values_list(
            "customer__customer_no", "present__employee_no", "proposed__employee_no", "forced", "broken"
        )
    )


def owners() -> list[tuple[str, int | None]]:
    return list(Customer.objects.order_by("customer_no").values_list("customer_no", "owner_id"))


def test_a_draft_says_what_could_be_and_moves_nobody(cast: Cast, stage: Register) -> None:
    """Everybody has customers of his own area; 无主贸易 (北京分行) belongs to no 支行, so nobody serves its area: named, left
    where it is. The others stay: moving costs more than it brings."""
    policy()
    before, held = owners(), list(Assignment.objects.values_list())
    plan = planned(cast)
    assert plan.state == PlanState.DRAFT
    assert (plan.customers, plan.managers, plan.moves, plan.first) == (6, 4, 0, 0)
    [unmet] = plan.unmet
    assert (unmet["rule"], unmet["customers"]) == ("nobody", [stage.customers["C-NO"].pk])
    assert lines(plan) == []
    assert plan.objective == sum(plan.parts.values())
    assert plan.bound is not None
    assert plan.bound <= plan.objective
    assert (owners(), list(Assignment.objects.values_list())) == (before, held)
    assert Event.objects.get(kind="plan.draft").after["moves"] == 0


def test_in_one_area_for_all_the_customer_without_a_manager_gets_one(cast: Cast, stage: Register) -> None:
    policy(area="all")
    plan = planned(cast)
    assert (plan.unmet, plan.first) == ([], 1)
    [(number, present, proposed, forced, broken)] = [row for row in lines(plan) if row[1] is None]
    assert (number, present, forced, broken) == ("C-NO", None, False, [])
    assert proposed is not None


def test_who_has_left_keeps_nobody(cast: Cast, stage: Register) -> None:
    """陈思远 leaves: his two customers of 城东 must go to 王雅琴, the only other manager there."""
    policy()
    RelationshipManager.objects.filter(employee_no="M-CD1").update(status=Status.LEFT)
    plan = planned(cast, "CD")
    assert lines(plan) == [
        ("C-HD", "M-CD1", "M-CD2", True, ["intake"]),
        ("C-LI", "M-CD1", "M-CD2", True, ["intake"]),
    ]
    assert (plan.customers, plan.moves, plan.forced) == (3, 2, 2)
    loads = dict(PlanManager.objects.filter(plan=plan).values_list("manager__employee_no", "load_after"))
    # A 10 points, B 4, C 1: all of them are hers now.
    assert loads == {"M-CD1": 0, "M-CD2": 15}


def test_a_pin_and_an_exclusion_are_obeyed(cast: Cast, stage: Register) -> None:
    policy()
    for number, kind in (("C-HD", RuleKind.PIN), ("C-OY", RuleKind.EXCLUDE)):
        CustomerRule.objects.create(
            customer=stage.customers[number],
            manager=cast.managers["M-CD2"],
            kind=kind,
            starts_on=TODAY,
            reason="约定",
        )
    assert lines(planned(cast, "CD")) == [
        ("C-HD", "M-CD1", "M-CD2", True, ["pin"]),
        ("C-OY", "M-CD2", "M-CD1", True, ["exclusion"]),
    ]


def test_a_minimum_grade_forces_and_says_so(cast: Cast, stage: Register) -> None:
    """Tier A asks for SENIOR: 恒达 must leave 陈思远 (MIDDLE) for 王雅琴 (SENIOR); nobody in 浦东 is one, so 港务 is named."""
    tiers = {
        "A": {"effort": 10, "weight": 3, "minimum_grade": "SENIOR", "move_price": [60000, 120000, 200000]},
        "B": {"effort": 4, "move_price": [30000, 60000, 100000]},
        "C": {"effort": 1, "move_price": [10000, 20000, 30000]},
        "none": {"effort": 1, "move_price": [5000, 10000, 15000]},
    }
    policy(tiers=tiers)
    plan = planned(cast)
    assert lines(plan) == [("C-HD", "M-CD1", "M-CD2", True, ["minimum_grade"])]
    named = sorted(pk for lack in plan.unmet for pk in lack["customers"])
    assert named == sorted(stage.customers[number].pk for number in ("C-NO", "C-PD"))


def test_no_room_in_one_branch_leaves_the_others_their_plan(cast: Cast, stage: Register) -> None:
    """欧阳 belongs to 城西 now, where one JUNIOR with 7 points has two customers of 4 points each; 城东 has its plan."""
    Customer.objects.filter(customer_no="C-OY").update(unit=cast.units["CX"])
    policy(capacity={"JUNIOR": 7, "MIDDLE": 30, "SENIOR": 40, "none": 10})
    plan = planned(cast, "BJ")
    assert plan.state == PlanState.DRAFT
    assert {lack["rule"] for lack in plan.unmet} == {"capacity", "nobody"}
    lack = next(lack for lack in plan.unmet if lack["rule"] == "capacity")
    assert sorted(lack["customers"]) == sorted(stage.customers[number].pk for number in ("C-CX", "C-OY"))
    assert lack["missing"] == 1
    assert plan.held == 2


def test_the_plan_is_the_same_in_any_order_and_from_its_snapshot(cast: Cast, stage: Register) -> None:
    policy()
    RelationshipManager.objects.filter(employee_no="M-CD1").update(status=Status.LEFT)
    first, second = planned(cast), planned(cast, seed=7)
    assert first.digest == second.digest
    assert first.input_digest == second.input_digest
    problem = unpacked(bytes(second.snapshot.content))
    again = unpacked(packed(problem))
    assert (again.customers.ids.tolist(), again.policy.tenure_bands) == (
        problem.customers.ids.tolist(),
        (12, 36),
    )
    # The customer nobody can serve took no part.
    assert stage.customers["C-NO"].pk not in problem.customers.ids.tolist()
    assert len(problem.customers) == 5


def test_every_line_recomputes_to_the_objective(cast: Cast, stage: Register) -> None:
    """In one area, with 王雅琴 gone: the stored costs of lines are those the engine explains, to the last unit."""
    policy(area="all")
    RelationshipManager.objects.filter(employee_no="M-CD2").update(status=Status.LEFT)
    plan = planned(cast)
    problem = unpacked(bytes(plan.snapshot.content))
    found = propose(problem)
    assert found.digest == plan.digest
    assert found.objective == plan.objective
    why = explainer(problem, found)
    place = {int(pk): index for index, pk in enumerate(problem.customers.ids.tolist())}
    for row in AllocationMove.objects.filter(plan=plan):
        line = why.explain(place[row.customer_id]).line
        assert row.cost == line.cost
        assert row.fit == [part.permille for part in line.parts]
        assert row.continuity == line.continuity


def test_a_budget_counts_what_is_not_forced(cast: Cast, stage: Register) -> None:
    policy(area="all", budget_percent=0, weights={"fairness": 500_000})
    plan = planned(cast)
    # Nothing is forced, so with nothing to spend nobody who has a manager moves.
    assert (plan.forced, plan.moves, plan.budget) == (0, 0, 0)


def test_the_same_unit_is_planned_once_at_a_time(cast: Cast, stage: Register) -> None:
    policy()
    asked = {"actor": cast.user("cmd"), "unit_id": None, "policy_code": "", "today": TODAY, "now": NOW}
    first = rebalance(**asked)
    assert (rebalance(**asked).pk, first.unit.code, first.number) == (first.pk, "HO", "FK-2026-0001")


@pytest.mark.parametrize("who", ["hrh", "hrb", "mgr", "cm", "da", "sys", "nobody"])
def test_only_the_customer_department_asks_for_plans(cast: Cast, stage: Register, who: str) -> None:
    policy()
    actor, before = cast.user(who), mark_of_rows()
    with pytest.raises(MissingFunction):
        rebalance(actor=actor, unit_id=None, policy_code="FK", today=TODAY, now=NOW)
    assert mark_of_rows() == before


def test_without_a_policy_there_is_no_plan(cast: Cast, stage: Register) -> None:
    for code, said in (("", "还没有适用的分客政策"), ("NONE", "没有政策“NONE”")):
        with pytest.raises(ValidationError, match=said):
            rebalance(actor=STAGE, unit_id=None, policy_code=code, today=TODAY, now=NOW)


def test_the_whole_institution_needs_one_top(cast: Cast, stage: Register) -> None:
    policy()
    unit_create(
        actor=STAGE, today=TODAY, code="OTHER", name="另一总部", kind="head", opened_on=TODAY, parent=None
    )
    with pytest.raises(ValidationError, match="有几个并列的顶层机构（总行、另一总部…）"):
        rebalance(actor=STAGE, unit_id=None, policy_code="", today=TODAY, now=NOW)
    assert rebalance(actor=STAGE, unit_id=cast.units["HO"].pk, policy_code="", today=TODAY, now=NOW).pk


def test_a_plan_that_is_put_aside_is_not_finished(cast: Cast, stage: Register) -> None:
    policy()
    plan = rebalance(actor=STAGE, unit_id=None, policy_code="FK", today=TODAY, now=NOW)
    with pytest.raises(ValidationError, match="请填写“放弃”的理由"):
        plan_discard(actor=STAGE, plan_id=plan.pk, reason="", now=NOW)
    plan_discard(actor=STAGE, plan_id=plan.pk, reason="改政策", now=NOW)
    assert rebalance(actor=STAGE, unit_id=None, policy_code="FK", today=TODAY, now=NOW).pk != plan.pk


def test_the_command_answers_as_documented(
    cast: Cast, stage: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    from customers.planning.management.commands import rebalance as module
    from tests.planning.world import run_jobs

    policy()
    monkeypatch.setattr(module.time, "sleep", lambda seconds: run_jobs())
    out = StringIO()
    call_command("rebalance", unit="CD", json=True, stdout=out)
    found = json.loads(out.getvalue())
    assert {key: found[key] for key in ("plan", "customers", "moves", "forced_moves", "unmet")} == {
        "plan": "FK-2026-0001", "customers": 3, "moves": 0, "forced_moves": 0, "unmet": [],
    }  # fmt: skip
    assert found["gap"] == (found["objective"] - found["bound"]) / abs(found["objective"])
    assert set(found["fairness"]["before"]) == set(found["fairness"]["after"]) == {"max_mean", "gini"}
    with pytest.raises(SystemExit) as ended:
        call_command("rebalance", json=True, stdout=StringIO())
    assert ended.value.code == 1
    for wrong in ({"unit": "NONE"}, {"policy": "NONE"}):
        with pytest.raises(CommandError) as refused:
            call_command("rebalance", **wrong)
        assert refused.value.returncode == 2
