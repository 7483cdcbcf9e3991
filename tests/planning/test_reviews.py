"""Plans nobody asked for: the review of a policy when it is due, and what must not wait for it (ALC-1, ALC-6)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cmsys.access.actors import MissingFunction
from cmsys.inbox.models import Message
from cmsys.jobs.documents import Empty
from cmsys.jobs.kinds import Run, kind_of
from cmsys.org.holders import accounts_everywhere
from customers.allocation.models import AllocationPolicy
from customers.planning.choices import Cause, PlanState
from customers.planning.models import AllocationMove, AllocationPlan
from customers.planning.periodic import REVIEW, Looked
from customers.planning.permissions import PLAN_EDIT
from customers.planning.scopes import scopes
from customers.planning.services.reviews import plan_due
from customers.planning.words import cause_said
from customers.registry.models import Customer
from customers.registry.services.assignments import assignment_begin
from managers.profiles.models import RelationshipManager, Status
from tests.cast import STAGE, Cast
from tests.customers.stage import Register
from tests.planning.world import NOW, TODAY, planned, policy, run_jobs

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")


def brought_in(on: date) -> None:
    """The policy came on a day; it is reviewed every three months."""
    AllocationPolicy.objects.update(created_at=datetime(on.year, on.month, on.day, 9, tzinfo=ZONE))


def seen_to(cast: Cast, stage: Register) -> None:
    """无主贸易 would be a trigger every day: 赵立群 in 城西 looks after it."""
    found = stage.customers["C-NO"].pk
    Customer.objects.filter(pk=found).update(unit=cast.units["CX"])
    assignment_begin(
        actor=STAGE, today=TODAY, customer_id=found, manager_id=cast.managers["M-CX1"].pk, role="primary",
        starts_on=date(2025, 1, 1), reason="期初",
    )  # fmt: skip


def due(cast: Cast, on: date) -> AllocationPlan | None:
    found = plan_due(
        actor=STAGE, unit=cast.units["HO"], today=on, now=datetime(on.year, on.month, on.day, 2, 10, tzinfo=ZONE)
    )  # fmt: skip
    return found.plan if found else None


def test_the_review_is_due_after_so_many_months_and_reports_even_when_nothing_moves(
    cast: Cast, stage: Register
) -> None:
    seen_to(cast, stage)
    policy()
    brought_in(date(2025, 12, 2))
    assert due(cast, date(2026, 3, 1)) is None
    plan = due(cast, date(2026, 3, 2))
    assert plan is not None
    assert (plan.cause, plan.percent, plan.asked_by) == (Cause.REVIEW, None, None)
    run_jobs()
    plan.refresh_from_db()
    assert (plan.state, plan.moves, plan.first) == (PlanState.DRAFT, 0, 0)
    told = Message.objects.filter(kind="plan")
    assert sorted(told.values_list("recipient_id", flat=True)) == accounts_everywhere(PLAN_EDIT, TODAY)
    assert [row.recipient_id for row in told] == [cast.users["cmd"].pk]
    assert told.get().title == f"分客方案 {plan.number}：无需移动"
    # The next one three months later, not the day after.
    assert due(cast, date(2026, 3, 12)) is None
    assert due(cast, date(2026, 6, 2)) is not None


def test_a_manager_who_leaves_is_a_proposal_that_moves_his_customers_alone(
    cast: Cast, stage: Register
) -> None:
    """恒达科技 and 李雪梅 are with 陈思远. He leaves: two customers to be moved, no other, and nothing moves by itself."""
    seen_to(cast, stage)
    policy()
    brought_in(date(2026, 3, 1))
    assert due(cast, date(2026, 3, 2)) is None
    RelationshipManager.objects.filter(employee_no="M-CD1").update(status=Status.LEFT)
    held = list(Customer.objects.filter(owner__employee_no="M-CD1").values_list("customer_no", flat=True))
    before = list(Customer.objects.order_by("pk").values_list("pk", "owner_id"))
    plan = due(cast, date(2026, 3, 3))
    assert plan is not None
    assert (plan.cause, plan.percent, plan.causes) == (Cause.TRIGGER, 0, {"intake": len(held)})
    assert cause_said(plan) == f"触发：{len(held)} 户的主办离职、借调或不再管户"
    run_jobs()
    plan.refresh_from_db()
    moved = AllocationMove.objects.filter(plan=plan).values_list("customer__customer_no", "forced")
    assert sorted(moved) == [(number, True) for number in sorted(held)]
    assert list(Customer.objects.order_by("pk").values_list("pk", "owner_id")) == before


def test_the_same_is_not_said_again_for_a_month_something_new_is(cast: Cast, stage: Register) -> None:
    policy()
    brought_in(date(2026, 3, 1))
    first = due(cast, date(2026, 3, 2))
    assert first is not None
    assert first.causes == {"unassigned": 1}
    AllocationPlan.objects.update(
        state=PlanState.DISCARDED, created_at=datetime(2026, 3, 2, 2, 10, tzinfo=ZONE)
    )
    assert due(cast, date(2026, 3, 20)) is None
    RelationshipManager.objects.filter(employee_no="M-CD1").update(status=Status.SECONDED)
    again = due(cast, date(2026, 3, 21))
    assert again is not None
    assert again.causes == {"unassigned": 1, "intake": 2}
    AllocationPlan.objects.filter(pk=again.pk).update(
        state=PlanState.DISCARDED, created_at=datetime(2026, 3, 21, 2, 10, tzinfo=ZONE)
    )
    assert due(cast, date(2026, 4, 19)) is None
    assert due(cast, date(2026, 4, 20)) is not None


@pytest.mark.parametrize("state", ["reviewing", "deciding", "approved", "applying", "computing"])
def test_nothing_is_asked_for_while_somebody_is_at_it(cast: Cast, stage: Register, state: str) -> None:
    policy()
    brought_in(date(2020, 1, 1))
    plan = planned(cast)
    AllocationPlan.objects.filter(pk=plan.pk).update(
        state=state, approved_by=cast.users["mgr"], approved_at=NOW, effective_on=TODAY
    )
    assert due(cast, date(2030, 1, 1)) is None
    AllocationPlan.objects.update(state=PlanState.DISCARDED)
    assert due(cast, date(2030, 1, 1)) is not None


def test_a_fresh_draft_keeps_triggers_quiet_for_a_week(cast: Cast, stage: Register) -> None:
    policy()
    brought_in(date(2026, 3, 1))
    plan = planned(cast)
    AllocationPlan.objects.filter(pk=plan.pk).update(created_at=datetime(2026, 3, 2, 10, tzinfo=ZONE))
    assert due(cast, date(2026, 3, 9)) is None
    assert due(cast, date(2026, 3, 10)) is not None


def test_units_with_a_policy_of_their_own_are_looked_at_too(cast: Cast, stage: Register) -> None:
    assert scopes() == []
    policy(code="BJ-FK", unit="BJ")
    assert [unit.code for unit in scopes()] == ["BJ"]
    policy()
    assert [unit.code for unit in scopes()] == ["HO", "BJ"]


def test_the_nightly_job_looks_at_one_unit_a_chunk(cast: Cast, stage: Register) -> None:
    policy()
    policy(code="BJ-FK", unit="BJ")
    brought_in(date(2020, 1, 1))
    kind, cursor, seen = kind_of(REVIEW), None, []
    while True:
        chunk = kind.step(Run(1, "", STAGE, Empty(), cursor, NOW + timedelta(days=1)))
        seen.append((chunk.done, chunk.total))
        if chunk.cursor is None:
            break
        cursor = chunk.cursor
    assert seen == [(1, 2), (2, 2)]
    assert chunk.result == Looked(2, 2)
    assert sorted(AllocationPlan.objects.values_list("unit__code", "policy__code")) == [
        ("BJ", "BJ-FK"),
        ("HO", "FK"),
    ]


@pytest.mark.parametrize("name", ["hrh", "mgr", "cm", "nobody"])
def test_who_may_not(cast: Cast, stage: Register, name: str) -> None:
    policy()
    with pytest.raises(MissingFunction):
        plan_due(actor=cast.user(name), unit=cast.units["HO"], today=TODAY, now=NOW)
