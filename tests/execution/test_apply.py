"""Plans of the small bank are carried out: who looks after whom from which day on, what stands against a line, who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from cmsys.feed.models import FeedChange
from cmsys.inbox.models import Message
from cmsys.jobs.models import Job
from cmsys.org.models import OrgUnit
from cmsys.workflow.form import Form
from customers.allocation.models import AllocationPolicy, CustomerRule
from customers.execution.services.execution import plan_apply
from customers.planning import followers
from customers.planning.choices import LineState
from customers.planning.models import AllocationPlan, PlanManager
from customers.registry.models import Assignment, Customer
from customers.registry.services.assignments import assignment_begin, assignment_end
from customers.service.models import Ticket
from managers.conduct.models import InterestDeclaration, RelationKind
from managers.profiles.models import RelationshipManager, Status
from tests.cast import STAGE, TODAY, Cast
from tests.customers.stage import Register
from tests.execution.world import NOW, approved, at, carry_out, lines, of, owners, run_jobs, settle_day, units

pytestmark = pytest.mark.django_db
LATER = date(2026, 3, 9)
YEAR = date(2025, 1, 1)


def test_a_swap_a_chain_and_a_first_assignment_in_chunks_of_one(cast: Cast, stage: Register) -> None:
    """C-HD 陈→王 and C-OY 王→陈 swap; C-CX 赵→周, C-PD 周→赵 a second pair; C-NO gets its first manager."""
    moves = {"C-HD": "M-CD2", "C-OY": "M-CD1", "C-CX": "M-PD1", "C-PD": "M-CX1", "C-NO": "M-CX1"}
    plan = carry_out(approved(cast, moves), chunk=1)
    assert (plan.state, plan.applied_at) == ("applied", NOW)
    assert owners() == {
        "C-CX": "M-PD1",
        "C-HD": "M-CD2",
        "C-LI": "M-CD1",
        "C-NO": "M-CX1",
        "C-OY": "M-CD1",
        "C-PD": "M-CX1",
    }
    assert of("C-HD") == [
        ("M-CD2", date(2024, 1, 1), YEAR), ("M-CD1", YEAR, TODAY), ("M-CD2", TODAY, None)
    ]  # fmt: skip
    assert of("C-NO") == [("M-CX1", TODAY, None)]
    assert {state for state, _note in lines(plan).values()} == {"applied"}
    line: Any = plan.lines.select_related("former", "assignment").get(customer__customer_no="C-HD")
    assert (line.former.manager.employee_no, line.former.ends_on) == ("M-CD1", TODAY)
    assert (line.assignment.starts_on, line.done_at) == (TODAY, NOW)
    assert plan.lines.get(customer__customer_no="C-NO").former is None
    [job] = Job.objects.filter(kind="execution.apply")
    assert (job.result["changed"], job.result["left"], job.progress_total) == (5, 0, 5)


def test_the_unit_follows_where_the_new_manager_stands_elsewhere(cast: Cast, stage: Register) -> None:
    """C-CX of 城西 goes to 浦东 with 周婷. C-NO of 北京分行 stays there: 城西, where 赵立群 is, lies below."""
    plan = carry_out(approved(cast, {"C-CX": "M-PD1", "C-NO": "M-CX1", "C-HD": "M-CD2"}))
    assert (units()["C-CX"], units()["C-NO"], units()["C-HD"]) == ("PD", "BJ", "CD")
    found = {
        line.customer.customer_no: line.unit_before
        for line in plan.lines.select_related("customer", "unit_before")
    }
    assert found == {"C-CX": cast.units["CX"], "C-NO": None, "C-HD": None}


def test_ahead_of_its_day_the_plan_is_in_the_books_and_owner_and_unit_follow_on_the_day(
    cast: Cast, stage: Register
) -> None:
    plan = carry_out(approved(cast, {"C-CX": "M-PD1", "C-HD": "M-CD2"}, LATER))
    assert of("C-CX") == [("M-CX1", YEAR, LATER), ("M-PD1", LATER, None)]
    assert (owners()["C-CX"], units()["C-CX"]) == ("M-CX1", "CX")
    [job] = Job.objects.filter(kind="execution.settle")
    assert job.due_at.astimezone(NOW.tzinfo).replace(tzinfo=None).isoformat() == "2026-03-09T00:01:00"
    settle_day(LATER)
    assert (owners()["C-CX"], units()["C-CX"], owners()["C-HD"], units()["C-HD"]) == (
        "M-PD1",
        "PD",
        "M-CD2",
        "CD",
    )
    assert plan.lines.get(customer__customer_no="C-CX").unit_before == cast.units["CX"]
    event = Event.objects.get(kind="customer.update", reason__contains=plan.number)
    assert (event.before, event.after) == ({"unit": "城西支行"}, {"unit": "浦东支行"})


def test_a_day_that_has_passed_gives_way_to_today(cast: Cast, stage: Register) -> None:
    plan = carry_out(approved(cast, {"C-HD": "M-CD2"}, date(2026, 2, 1)))
    assert (plan.effective_on, of("C-HD")[-1]) == (TODAY, ("M-CD2", TODAY, None))
    event = Event.objects.get(kind="plan.apply")
    assert (event.before["effective_on"], event.after["effective_on"]) == ("2026-02-01", "2026-03-02")


# --- what stands against a line -----------------------------------------------------------------------------------------
def given(stage: Register, cast: Cast, customer: str, manager: str, on: date) -> None:
    assignment_begin(
        actor=STAGE, today=TODAY, customer_id=stage.customers[customer].pk, manager_id=cast.managers[manager].pk,
        role="primary", starts_on=on, reason="另行调整",
    )  # fmt: skip


def rule(stage: Register, cast: Cast, kind: str, manager: str) -> None:
    CustomerRule.objects.create(
        customer=stage.customers["C-HD"], manager=cast.managers[manager], kind=kind, starts_on=TODAY, reason="约定"
    )  # fmt: skip


def complaint(stage: Register, resolved: bool = False) -> None:
    Ticket.objects.create(
        ticket_no="T-1", customer=stage.customers["C-HD"], kind="complaint", opened_at=NOW, resolved_at=NOW if resolved else None
    )  # fmt: skip


def complained(stage: Register, cast: Cast) -> None:
    """The policy keeps who has been complained of away for a year; a complaint of 恒达 was laid to 王雅琴 meanwhile."""
    policy = AllocationPolicy.objects.get()
    policy.document = {**policy.document, "complaint_months": 12}
    policy.save()
    complaint(stage, resolved=True)
    Ticket.objects.update(upheld=True, responsible=cast.managers["M-CD2"])


def seconded(cast: Cast) -> None:
    plan = AllocationPlan.objects.get()
    PlanManager.objects.create(
        plan=plan, manager=cast.managers["M-CD2"], capacity=40, merit=500, intake="open"
    )
    RelationshipManager.objects.filter(employee_no="M-CD2").update(status=Status.SECONDED)


def related(cast: Cast) -> None:
    """陈思远, who has an account, declares that 王雅琴 is a relative."""
    InterestDeclaration.objects.create(
        declarant=cast.users["cm"],
        manager=cast.managers["M-CD2"],
        kind=RelationKind.values[0],
        starts_on=TODAY,
    )


def left(cast: Cast) -> None:
    RelationshipManager.objects.filter(employee_no="M-CD2").update(status=Status.LEFT)


def closed(cast: Cast) -> None:
    OrgUnit.objects.filter(code="CD").update(closed_on=TODAY)


AGAINST: dict[str, tuple[Callable[[Register, Cast], None], str]] = {
    "already": (lambda stage, cast: given(stage, cast, "C-HD", "M-CD2", date(2026, 3, 1)), "客户已由接收人主办"),
    "other": (
        lambda stage, cast: given(stage, cast, "C-HD", "M-CX1", date(2026, 3, 1)), "主办已换人，与方案编制时不同"
    ),
    "same_day": (lambda stage, cast: _same_day(stage, cast), "现主办正是自生效日起接管，同一天不能再换"),
    "later": (lambda stage, cast: given(stage, cast, "C-HD", "M-CX1", LATER), "生效日之后已另有主办登记"),
    "left": (lambda stage, cast: left(cast), "接收人已离职"),
    "closed": (lambda stage, cast: closed(cast), "接收人所在机构已撤销"),
    "intake": (lambda stage, cast: seconded(cast), "接收人的在岗状态已变化，按政策不再接收客户"),
    "excluded": (lambda stage, cast: rule(stage, cast, "exclude", "M-CD2"), "已约定该客户不得由接收人管户"),
    "pinned": (lambda stage, cast: rule(stage, cast, "pin", "M-CX1"), "已约定该客户固定由他人管户"),
    "complained": (lambda stage, cast: complained(stage, cast), "该客户对接收人的投诉已成立"),
    "related": (lambda stage, cast: related(cast), "接收人与现主办之间已申报利害关系"),
    "complaint": (lambda stage, cast: complaint(stage), "批准之后客户有未办结的投诉"),
}  # fmt: skip


def _same_day(stage: Register, cast: Cast) -> None:
    """陈思远, the line's present manager, began again on the very day of the plan."""
    Assignment.objects.filter(customer=stage.customers["C-HD"], starts_on=YEAR).update(
        ends_on=date(2026, 2, 1)
    )
    given(stage, cast, "C-HD", "M-CD1", TODAY)


@pytest.mark.parametrize("reason", AGAINST)
def test_what_stands_against_a_line_leaves_the_customer_where_he_is_and_is_named(
    cast: Cast, stage: Register, reason: str
) -> None:
    plan = approved(cast, {"C-HD": "M-CD2", "C-PD": "M-CX1"})
    happened, said = AGAINST[reason]
    happened(stage, cast)
    books = of("C-HD")
    carry_out(plan)
    assert lines(plan) == {"C-HD": ("skipped", said), "C-PD": ("applied", "")}
    assert (of("C-HD"), of("C-PD")[-1]) == (books, ("M-CX1", TODAY, None))
    assert not Event.objects.filter(
        kind="assignment.begin", object_label__contains="C-HD", reason__contains="FK-"
    ).exists()


@pytest.mark.parametrize(
    "known", ["approved all the same", "resolved", "rule over", "pinned to the taker", "was keep-only"]
)
def test_what_the_head_knew_or_what_is_over_stands_against_nothing(
    cast: Cast, stage: Register, known: str
) -> None:
    holds = {"C-HD": ["open_complaint"]} if known == "approved all the same" else {}
    plan = approved(cast, {"C-HD": "M-CD2"}, holds=holds)
    if known == "approved all the same":
        complaint(stage)
    elif known == "resolved":
        complaint(stage, resolved=True)
    elif known == "rule over":
        rule(stage, cast, "exclude", "M-CD2")
        CustomerRule.objects.update(starts_on=YEAR, ends_on=TODAY)
    elif known == "pinned to the taker":
        rule(stage, cast, "pin", "M-CD2")
    else:
        seconded(cast)
        PlanManager.objects.update(intake="keep")
    carry_out(plan)
    assert lines(plan) == {"C-HD": ("applied", "")}


def test_a_leaver_whose_assignment_ends_before_or_after_the_day_is_followed(
    cast: Cast, stage: Register
) -> None:
    """C-HD ends on the day itself: nobody holds it, nobody is dispossessed. C-LI would have ended a week later."""
    plan = approved(cast, {"C-HD": "M-CD2", "C-LI": "M-CD2"}, LATER)
    for customer, day in (("C-HD", LATER), ("C-LI", date(2026, 3, 16))):
        held = stage.assignments[customer]
        assignment_end(actor=STAGE, today=TODAY, assignment_id=held.pk, ends_on=day, reason="离职")
    carry_out(plan)
    assert lines(plan) == {"C-HD": ("applied", ""), "C-LI": ("applied", "")}
    assert of("C-HD")[1:] == [("M-CD1", YEAR, LATER), ("M-CD2", LATER, None)]
    assert of("C-LI") == [("M-CD1", date(2025, 2, 1), LATER), ("M-CD2", LATER, None)]
    assert plan.lines.get(customer__customer_no="C-HD").former is None
    assert plan.lines.get(customer__customer_no="C-LI").trace.former_ends_on == date(2026, 3, 16)


def test_lines_that_were_not_approved_stay_as_they_are(cast: Cast, stage: Register) -> None:
    plan = approved(cast, {"C-HD": "M-CD2", "C-LI": "M-CD2", "C-OY": "M-CD1"})
    plan.lines.filter(customer__customer_no="C-LI").update(state=LineState.DROPPED)
    plan.lines.filter(customer__customer_no="C-OY").update(state=LineState.REFUSED)
    carry_out(plan)
    assert {customer: state for customer, (state, _note) in lines(plan).items()} == {
        "C-HD": "applied", "C-LI": "dropped", "C-OY": "refused"
    }  # fmt: skip
    assert (owners()["C-LI"], owners()["C-OY"]) == ("M-CD1", "M-CD2")


# --- traces --------------------------------------------------------------------------------------------------------------
def test_each_customer_has_one_event_as_from_a_change_by_hand_and_the_feed_hears_of_it(
    cast: Cast, stage: Register
) -> None:
    known = FeedChange.objects.count()
    plan = carry_out(
        approved(cast, {"C-HD": "M-CD2", "C-LI": "M-CD2", "C-CX": "M-PD1", "C-NO": "M-CX1"}), chunk=2
    )
    events = Event.objects.filter(kind="assignment.begin", reason=f"执行分客方案 {plan.number}").order_by(
        "id"
    )
    assert [(event.object_label, event.before, event.after) for event in events.order_by("object_label")] == [
        ("城西机械厂（C-CX）", {"manager": "赵立群（M-CX1）", "unit": "城西支行"},
         {"role": "主办", "manager": "周婷（M-PD1）", "starts_on": "2026-03-02", "unit": "浦东支行"}),
        ("无主贸易公司（C-NO）", {}, {"role": "主办", "manager": "赵立群（M-CX1）", "starts_on": "2026-03-02"}),
        ("李**（C-LI）", {"manager": "陈思远（M-CD1）"}, {"role": "主办", "manager": "王雅琴（M-CD2）", "starts_on": "2026-03-02"}),
        ("深圳恒达科技有限公司（C-HD）", {"manager": "陈思远（M-CD1）"},
         {"role": "主办", "manager": "王雅琴（M-CD2）", "starts_on": "2026-03-02"}),
    ]  # fmt: skip
    assert events.count() == 4
    [begun, ended] = Event.objects.filter(kind__in=("plan.apply", "plan.applied")).order_by("id")
    assert (begun.kind, begun.after["lines"], ended.after["applied"], ended.after["skipped"]) == (
        "plan.apply",
        4,
        4,
        0,
    )
    changes = FeedChange.objects.order_by("id")[known:]
    assert {one.object_id for one in changes if one.resource == "customers"} == {
        "C-HD",
        "C-LI",
        "C-CX",
        "C-NO",
    }
    touched = {int(one.object_id) for one in changes if one.resource == "assignments"}
    written = plan.lines.values_list("former", "assignment")
    assert touched == {key for pair in written for key in pair if key}


def test_givers_takers_and_their_supervisors_are_told_once_with_the_numbers(
    cast: Cast, stage: Register
) -> None:
    """陈 gives C-HD and C-LI to 王, and takes C-CX of 城西. 李敏 heads 城东: two leave and come within it, one comes in."""
    plan = carry_out(approved(cast, {"C-HD": "M-CD2", "C-LI": "M-CD2", "C-CX": "M-CD1"}), chunk=1)
    told = Message.objects.filter(kind="plan").order_by("recipient__username")
    assert [(one.recipient.username, one.title, one.body, one.url) for one in told] == [
        ("cm", "客户调整已执行，自 2026-03-02 起生效", f"方案 {plan.number}：移出 2 户，接收 1 户。", "/my-customers/"),
        ("mgr", "客户调整已执行，自 2026-03-02 起生效", f"方案 {plan.number}：移出 2 户，接收 3 户。",
         "/assignments/?on=2026-03-02&since=2026-03-02"),
    ]  # fmt: skip


def test_who_follows_hears_of_the_lines_of_each_chunk_in_its_transaction(
    cast: Cast, stage: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, list[str], date]] = []
    monkeypatch.setattr(followers, "_applied", [
        lambda actor, plan, keys, now, today: heard.append(
            (actor.actor_name, sorted(plan.lines.filter(pk__in=keys).values_list("state", flat=True)), today)
        )
    ])  # fmt: skip
    left(cast)
    plan = approved(cast, {"C-HD": "M-CX1", "C-LI": "M-CX1", "C-CX": "M-CD2"})
    carry_out(plan, chunk=2)
    assert sum(len(states) for _who, states, _day in heard) == 2, "the skipped one is none of them"
    assert {state for _who, states, _day in heard for state in states} == {"applied"}


# --- who, and once -------------------------------------------------------------------------------------------------------
def test_a_second_click_a_second_person_and_a_late_one(cast: Cast, stage: Register) -> None:
    plan, cmd = approved(cast, {"C-HD": "M-CD2"}), cast.user("cmd")
    form = Form(nonce="n-1", version=plan.updated_at.isoformat())
    plan_apply(actor=cmd, plan_id=plan.pk, form=form, now=NOW, today=TODAY)
    plan_apply(actor=cmd, plan_id=plan.pk, form=form, now=NOW, today=TODAY)
    assert (Job.objects.filter(kind="execution.apply").count(), plan.steps.count()) == (1, 1)
    with pytest.raises(Conflict, match="蒋客管（cmd） 已于 2026-03-02 10:00:00 处理，现在是“执行中”"):
        plan_apply(actor=cmd, plan_id=plan.pk, form=Form(nonce="n-2"), now=NOW, today=TODAY)
    run_jobs(at(TODAY))
    with pytest.raises(Conflict, match="现在是“已执行”"):
        plan_apply(actor=STAGE, plan_id=plan.pk, form=Form(), now=NOW, today=TODAY)
    assert Event.objects.filter(kind="assignment.begin", reason__contains=plan.number).count() == 1


@pytest.mark.parametrize("name", ["hrh", "hrb", "mgr", "cm", "da", "aud", "sys", "nobody"])
def test_nobody_but_customer_management_carries_out(cast: Cast, stage: Register, name: str) -> None:
    plan = approved(cast, {"C-HD": "M-CD2"})
    with pytest.raises(MissingFunction):
        plan_apply(actor=cast.user(name), plan_id=plan.pk, form=Form(), now=NOW, today=TODAY)
    assert owners()["C-HD"] == "M-CD1"


def test_a_form_of_another_person_is_refused(cast: Cast, stage: Register) -> None:
    plan = approved(cast, {"C-HD": "M-CD2"})
    plan_apply(actor=cast.user("cmd"), plan_id=plan.pk, form=Form(nonce="n-1"), now=NOW, today=TODAY)
    with pytest.raises(ValidationError, match="表单编号已被使用"):
        plan_apply(actor=STAGE, plan_id=plan.pk, form=Form(nonce="n-1"), now=NOW, today=TODAY)


def test_a_hundred_lines_take_as_many_statements_as_four(
    cast: Cast, stage: Register, django_assert_max_num_queries: Any
) -> None:
    customers = Customer.objects.bulk_create(
        Customer(customer_no=f"K-{n:03}", name=f"第{n}公司", unit=cast.units["CD"], owner=cast.managers["M-CD1"])
        for n in range(100)
    )  # fmt: skip
    Assignment.objects.bulk_create(
        Assignment(customer=one, manager=cast.managers["M-CD1"], role="primary", starts_on=YEAR) for one in customers
    )  # fmt: skip
    plan = approved(cast, {one.customer_no: "M-PD1" for one in customers})
    plan_apply(actor=STAGE, plan_id=plan.pk, form=Form(), now=NOW, today=TODAY)
    with django_assert_max_num_queries(50):
        run_jobs()
    assert set(lines(plan).values()) == {("applied", "")}
    assert {units()[one.customer_no] for one in customers} == {"PD"}
