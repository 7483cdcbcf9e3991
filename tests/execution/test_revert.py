"""A plan that was carried out is taken back: exactly on its day, truthfully afterwards; what others have changed stays."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from cmsys.jobs.models import Job
from cmsys.org.models import OrgUnit
from cmsys.workflow.form import Form
from customers.execution.services.execution import plan_revert
from customers.planning import followers
from customers.registry.models import Assignment, Customer
from customers.registry.services.assignments import assignment_begin, assignment_end, assignment_withdraw
from managers.profiles.models import RelationshipManager, Status
from tests.cast import STAGE, TODAY, Cast
from tests.customers.stage import Register
from tests.execution.world import (
    NOW,
    approved,
    at,
    carry_out,
    history,
    lines,
    of,
    owners,
    run_jobs,
    settle_day,
    take_back,
    units,
)

pytestmark = pytest.mark.django_db
LATER, FRIDAY = date(2026, 3, 9), date(2026, 3, 6)
YEAR = date(2025, 1, 1)
MOVES = {"C-HD": "M-CD2", "C-OY": "M-CD1", "C-CX": "M-PD1", "C-NO": "M-CX1"}


def test_on_its_own_day_everything_is_as_it_was(cast: Cast, stage: Register) -> None:
    before = history(), owners(), units()
    plan = carry_out(approved(cast, MOVES))
    assert (history(), owners(), units()) != before
    take_back(plan, chunk=1)
    assert (history(), owners(), units()) == before
    assert plan.state == "reverted"
    assert {state for state, _note in lines(plan).values()} == {"reverted"}
    assert plan.lines.get(customer__customer_no="C-HD").assignment is None


def test_ahead_of_its_day_everything_is_as_it_was_and_the_day_brings_nothing(
    cast: Cast, stage: Register
) -> None:
    before = history(), owners(), units()
    plan = carry_out(approved(cast, MOVES, LATER))
    take_back(plan, FRIDAY)
    settle_day(LATER)
    assert (history(), owners(), units()) == before
    [job] = Job.objects.filter(kind="execution.settle")
    assert (job.state, job.result["changed"]) == ("done", 0)


def test_afterwards_the_days_of_the_new_manager_stay_his(cast: Cast, stage: Register) -> None:
    plan = carry_out(approved(cast, MOVES))
    take_back(plan, FRIDAY)
    assert of("C-HD")[1:] == [("M-CD1", YEAR, TODAY), ("M-CD2", TODAY, FRIDAY), ("M-CD1", FRIDAY, None)]
    assert of("C-NO") == [("M-CX1", TODAY, FRIDAY)]
    assert (owners()["C-HD"], owners()["C-NO"], owners()["C-CX"], units()["C-CX"]) == (
        "M-CD1",
        None,
        "M-CX1",
        "CX",
    )
    event = Event.objects.filter(object_label__contains="C-HD").order_by("-id").first()
    assert event is not None
    assert (event.kind, event.reason) == ("assignment.begin", f"撤回分客方案 {plan.number}：方案有误")
    assert (event.before, event.after) == (
        {"manager": "王雅琴（M-CD2）"}, {"role": "主办", "manager": "陈思远（M-CD1）", "starts_on": "2026-03-06"}
    )  # fmt: skip
    kinds = dict(Event.objects.filter(reason__startswith="撤回分客方案").values_list("object_label", "kind"))
    assert kinds["无主贸易公司（C-NO）"] == "assignment.end"
    ended = Event.objects.get(kind="plan.reverted")
    assert (ended.after["reverted"], ended.after["stayed"]) == (4, 0)


def test_an_end_that_was_registered_before_comes_back(cast: Cast, stage: Register) -> None:
    """C-HD was to end on 16 March, C-LI on 4 March: taken back on the 6th, the first goes on until then, the second has
    nobody, as it would have had."""
    for customer, day in (("C-HD", date(2026, 3, 16)), ("C-LI", date(2026, 3, 4))):
        assignment_end(
            actor=STAGE, today=TODAY, assignment_id=stage.assignments[customer].pk, ends_on=day, reason="离职"
        )  # fmt: skip
    before = history()
    plan = carry_out(approved(cast, {"C-HD": "M-CD2", "C-LI": "M-CD2"}))
    assert of("C-HD")[-1] == ("M-CD2", TODAY, None)
    take_back(plan, FRIDAY)
    assert of("C-HD")[1:] == [
        ("M-CD1", YEAR, TODAY), ("M-CD2", TODAY, FRIDAY), ("M-CD1", FRIDAY, date(2026, 3, 16))
    ]  # fmt: skip
    assert of("C-LI") == [("M-CD1", date(2025, 2, 1), TODAY), ("M-CD2", TODAY, FRIDAY)]
    assert owners()["C-LI"] is None
    again = carry_out(approved(cast, {"C-OY": "M-CD1"}, number="FK-2026-0002"))
    take_back(again)
    assert [row for row in history() if row[0] == "C-OY"] == [row for row in before if row[0] == "C-OY"]


def test_what_others_have_changed_since_stays_and_is_named(cast: Cast, stage: Register) -> None:
    moves = {
        "C-HD": "M-CD2",
        "C-LI": "M-CD2",
        "C-OY": "M-CD1",
        "C-CX": "M-PD1",
        "C-PD": "M-CX1",
        "C-NO": "M-CX1",
    }
    plan = carry_out(approved(cast, moves, LATER))
    begun: dict[str, Any] = {
        line.customer.customer_no: line
        for line in plan.lines.select_related("customer", "assignment", "former")
    }

    def key(customer: str) -> int:
        return int(begun[customer].assignment.pk)

    assignment_withdraw(actor=STAGE, today=TODAY, assignment_id=key("C-HD"), reason="客户要求")
    assignment_end(
        actor=STAGE, today=TODAY, assignment_id=key("C-LI"), ends_on=date(2026, 4, 1), reason="轮换"
    )
    assignment_begin(
        actor=STAGE, today=TODAY, customer_id=stage.customers["C-OY"].pk, manager_id=cast.managers["M-PD1"].pk,
        role="primary", starts_on=date(2026, 3, 20), reason="轮换",
    )  # fmt: skip
    RelationshipManager.objects.filter(employee_no="M-CX1").update(status=Status.LEFT)
    OrgUnit.objects.filter(code="PD").update(closed_on=TODAY)
    books = history()
    take_back(plan, FRIDAY)
    assert lines(plan) == {
        "C-HD": ("applied", "方案登记的主办已被取消"), "C-LI": ("applied", "方案登记的主办已另行调整"),
        "C-OY": ("applied", "方案登记的主办已另行调整"), "C-CX": ("applied", "原主办已离职"),
        "C-PD": ("applied", "原主办所在机构已撤销"), "C-NO": ("reverted", ""),
    }  # fmt: skip
    assert history() == [row for row in books if row[0] != "C-NO"]
    ended = Event.objects.get(kind="plan.reverted")
    assert (ended.after["reverted"], ended.after["stayed"]) == (1, 5)


def test_a_former_assignment_that_was_changed_is_not_reopened(cast: Cast, stage: Register) -> None:
    plan = carry_out(approved(cast, {"C-HD": "M-CD2", "C-LI": "M-CD2"}))
    former = plan.lines.get(customer__customer_no="C-LI").former
    assert former is not None
    former.ends_on = date(2026, 2, 20)
    former.save()
    books = history()
    take_back(plan, FRIDAY)
    assert lines(plan) == {"C-HD": ("reverted", ""), "C-LI": ("applied", "原主办的归属已另行调整")}
    assert [row for row in history() if row[0] == "C-LI"] == [row for row in books if row[0] == "C-LI"]


def test_a_unit_somebody_has_put_the_customer_into_since_stays(cast: Cast, stage: Register) -> None:
    plan = carry_out(approved(cast, {"C-CX": "M-PD1"}))
    Customer.objects.filter(customer_no="C-CX").update(unit=cast.units["SH"])
    take_back(plan)
    assert (owners()["C-CX"], units()["C-CX"]) == ("M-CX1", "SH")


def test_who_had_given_and_taken_is_told_the_other_way_round(cast: Cast, stage: Register) -> None:
    plan = take_back(carry_out(approved(cast, {"C-HD": "M-CD2", "C-LI": "M-CD2", "C-CX": "M-CD1"})))
    told = Message.objects.filter(title="客户调整已撤回").order_by("recipient__username")
    assert [(one.recipient.username, one.body) for one in told] == [
        ("cm", f"方案 {plan.number} 已撤回：交还 1 户，取回 2 户。"), ("mgr", f"方案 {plan.number} 已撤回：交还 3 户，取回 2 户。"),
    ]  # fmt: skip


def test_followers_hear_of_what_was_taken_back(
    cast: Cast, stage: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = carry_out(approved(cast, {"C-HD": "M-CD2", "C-LI": "M-CD2"}))
    heard: list[int] = []
    monkeypatch.setattr(followers, "_reverted", [lambda actor, plan, keys, now, today: heard.extend(keys)])
    Assignment.objects.filter(customer=stage.customers["C-LI"], starts_on=TODAY).update(
        ends_on=date(2026, 9, 1)
    )
    take_back(plan)
    assert heard == [plan.lines.get(customer__customer_no="C-HD").pk]


def test_it_takes_a_reason_an_applied_plan_and_customer_management_and_happens_once(
    cast: Cast, stage: Register
) -> None:
    plan, cmd = approved(cast, {"C-HD": "M-CD2"}), cast.user("cmd")
    with pytest.raises(Conflict, match="现在是“待执行”，不能“撤回已执行的方案”"):
        plan_revert(actor=cmd, plan_id=plan.pk, form=Form(reason="有误"), now=NOW, today=TODAY)
    carry_out(plan)
    with pytest.raises(ValidationError, match="理由"):
        plan_revert(actor=cmd, plan_id=plan.pk, form=Form(reason=" "), now=NOW, today=TODAY)
    with pytest.raises(MissingFunction):
        plan_revert(actor=cast.user("mgr"), plan_id=plan.pk, form=Form(reason="有误"), now=NOW, today=TODAY)
    for _click in range(2):
        plan_revert(actor=cmd, plan_id=plan.pk, form=Form(reason="有误", nonce="n-1"), now=NOW, today=TODAY)
    run_jobs(at(TODAY))
    assert Event.objects.filter(kind="assignment.withdraw").count() == 1
    with pytest.raises(Conflict, match="现在是“已撤回”"):
        plan_revert(actor=cmd, plan_id=plan.pk, form=Form(reason="有误"), now=NOW, today=TODAY)
