"""Ownership in time (ALC-7): who owned whom on which day, one primary at a time, and the owner of today."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cmsys.access.actors import SystemActor
from customers.registry.models import Assignment, Customer
from customers.registry.selectors import holders_on, in_force, owner_on
from customers.registry.services.assignments import (
    assignment_begin,
    assignment_end,
    assignment_withdraw,
    owners_refresh,
)
from managers.profiles.models import RelationshipManager
from tests.cast import TODAY
from tests.customers.conftest import Stage
from tests.kernel.ledger import events, nothing_written, refused_without, said

pytestmark = pytest.mark.django_db

CMD = "蒋客管（cmd）"
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


def begin(
    scene: Stage, number: str, employee_no: str, on: date, who: str = "cmd", **values: Any
) -> Assignment:
    given: dict[str, Any] = {"role": "primary", "reason": "调整"}
    return assignment_begin(
        actor=scene.cast.user(who), today=TODAY, customer_id=scene.pk(number), starts_on=on,
        manager_id=scene.cast.managers[employee_no].pk, **given | values,
    )  # fmt: skip


def end(scene: Stage, assignment: Assignment, on: date, who: str = "cmd", reason: str = "离开") -> Assignment:
    return assignment_end(
        actor=scene.cast.user(who), today=TODAY, assignment_id=assignment.pk, ends_on=on, reason=reason
    )  # fmt: skip


def history(number: str, role: str = "primary") -> list[tuple[str, date, date | None]]:
    held = Assignment.objects.filter(customer__customer_no=number, role=role).order_by("starts_on")
    return list(held.values_list("manager__employee_no", "starts_on", "ends_on"))


def owner(number: str) -> str | None:
    return Customer.objects.values_list("owner__employee_no", flat=True).get(customer_no=number)


# --- begin ----------------------------------------------------------------------------------------------------------------
def test_a_new_primary_manager_ends_the_present_one_on_that_day(scene: Stage) -> None:
    with events() as written:
        begin(scene, "C-HD", "M-CX1", TODAY, reason="移交单 12 号")
    assert history("C-HD") == [
        ("M-CD2", date(2024, 1, 1), date(2025, 1, 1)),
        ("M-CD1", date(2025, 1, 1), TODAY),
        ("M-CX1", TODAY, None),
    ]
    assert owner("C-HD") == "M-CX1"
    # What rooms that follow owners write is theirs.
    assert [said(event) for event in written if event.kind.startswith("assignment.")] == [
        {
            "kind": "assignment.begin", "who": CMD, "object": "深圳恒达科技有限公司（C-HD）", "reason": "移交单 12 号",
            "before": {"manager": "陈思远（M-CD1）"},
            "after": {"role": "主办", "manager": "赵立群（M-CX1）", "starts_on": "2026-03-02"},
        }
    ]  # fmt: skip


def test_one_that_begins_later_changes_the_owner_on_its_day(scene: Stage) -> None:
    begin(scene, "C-HD", "M-CX1", APRIL)
    assert history("C-HD")[-2:] == [("M-CD1", date(2025, 1, 1), APRIL), ("M-CX1", APRIL, None)]
    assert owner("C-HD") == "M-CD1"
    system = SystemActor("system:schedule")
    with nothing_written():
        assert owners_refresh(actor=system, today=APRIL - timedelta(days=1), now=NOW) == 0
    with events() as written:
        assert owners_refresh(actor=system, today=APRIL, now=NOW) == 1
    assert owner("C-HD") == "M-CX1"
    assert [(event.kind, event.after) for event in written] == [
        ("assignment.owners", {"on": "2026-04-01", "customers": 1})
    ]


def test_the_refresh_goes_on_where_it_stopped(scene: Stage) -> None:
    Customer.objects.update(owner=None)
    system = SystemActor("system:schedule")
    done = [owners_refresh(actor=system, today=TODAY, now=NOW, most=2) for _turn in range(4)]
    assert done == [2, 2, 1, 0]
    assert [owner(number) for number in ("C-HD", "C-LI", "C-OY", "C-CX", "C-PD", "C-NO")] == [
        "M-CD1", "M-CD1", "M-CD2", "M-CX1", "M-PD1", None,
    ]  # fmt: skip


def test_who_owned_it_on_a_day(scene: Stage) -> None:
    pk = scene.pk("C-HD")
    begin(scene, "C-HD", "M-CD2", TODAY, role="assistant")

    def held(on: date) -> list[str]:
        return [f"{found.role} {found.manager.employee_no}" for found in holders_on(pk, on)]

    assert [held(day) for day in (date(2023, 12, 31), date(2024, 12, 31), date(2025, 1, 1), TODAY)] == [
        [], ["primary M-CD2"], ["primary M-CD1"], ["primary M-CD1", "assistant M-CD2"],
    ]  # fmt: skip
    assert owner_on(pk, date(2023, 12, 31)) is None
    assert owner_on(pk, date(2024, 1, 1)).employee_no == "M-CD2"


def test_helpers_stand_beside_each_other_but_nobody_twice(scene: Stage) -> None:
    begin(scene, "C-HD", "M-CD2", TODAY, role="assistant")
    begin(scene, "C-HD", "M-CX1", TODAY, role="assistant")
    begin(scene, "C-HD", "M-CD2", TODAY, role="risk", ends_on=APRIL)
    begin(scene, "C-HD", "M-CD2", APRIL, role="risk")
    assert owner("C-HD") == "M-CD1"
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        begin(scene, "C-HD", "M-CD2", MAY, role="assistant")
    assert refusal.value.message_dict == {"starts_on": ["王雅琴（M-CD2）自 2026-03-02 起已是协办。"]}


@pytest.mark.parametrize(
    ("number", "employee_no", "on", "values", "errors"),
    [
        ("C-HD", "M-CX1", date(2025, 1, 1), {},
         {"starts_on": ["该客户自 2025-01-01 起由陈思远（M-CD1）主办，新主办须晚于这一天开始。"]}),
        ("C-HD", "M-CX1", date(2024, 6, 1), {"ends_on": date(2024, 7, 1)},
         {"starts_on": ["该客户自 2025-01-01 起由陈思远（M-CD1）主办，新主办须晚于这一天开始。"]}),
        ("C-HD", "M-CD1", TODAY, {}, {"manager": ["主办已经是陈思远（M-CD1）。"]}),
        ("C-HD", "M-CX1", TODAY, {"ends_on": TODAY}, {"ends_on": ["结束日期须晚于开始日期。"]}),
        ("C-HD", "M-CX1", TODAY, {"reason": " "}, {"reason": ["请填写原因。"]}),
        ("C-HD", "M-CX1", TODAY, {"role": "friend"}, {"role": ["值 'friend' 不是有效选项。"]}),
    ],
)  # fmt: skip
def test_what_does_not_begin(
    scene: Stage,
    number: str,
    employee_no: str,
    on: date,
    values: dict[str, Any],
    errors: dict[str, list[str]],
) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        begin(scene, number, employee_no, on, **values)
    assert refusal.value.message_dict == errors


def test_nobody_who_left_or_whose_unit_is_closed(scene: Stage) -> None:
    RelationshipManager.objects.filter(employee_no="M-CX1").update(status="left")
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        begin(scene, "C-HD", "M-CX1", TODAY)
    assert refusal.value.message_dict == {"manager": ["赵立群（M-CX1）已离职，不能管户。"]}
    unit = scene.cast.units["PD"]
    type(unit).objects.filter(pk=unit.pk).update(closed_on=TODAY)
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        begin(scene, "C-HD", "M-PD1", TODAY)
    assert refusal.value.message_dict == {
        "manager": ["周婷（M-PD1）所在机构“浦东支行”已撤销，请先为其调整机构。"]
    }
    # What is over names whom it names.
    begin(scene, "C-NO", "M-CX1", date(2020, 1, 1), ends_on=date(2021, 1, 1))
    assert owner("C-NO") is None


@pytest.mark.parametrize("who", ["da", "mgr", "cm", "hrh", "sys", "nobody"])
def test_owners_are_entered_by_the_customer_department_alone(scene: Stage, who: str) -> None:
    with refused_without("登记客户归属"):
        begin(scene, "C-HD", "M-CX1", TODAY, who=who)


# --- end and withdraw -------------------------------------------------------------------------------------------------------
def test_ending_leaves_the_customer_without_an_owner_from_that_day(scene: Stage) -> None:
    held = scene.register.assignments["C-HD"]
    with events() as written:
        end(scene, held, TODAY)
    assert history("C-HD")[-1] == ("M-CD1", date(2025, 1, 1), TODAY)
    assert owner("C-HD") is None
    assert [said(event) for event in written] == [
        {
            "kind": "assignment.end", "who": CMD, "object": "深圳恒达科技有限公司（C-HD）", "reason": "离开",
            "before": {"role": "主办", "manager": "陈思远（M-CD1）", "ends_on": None}, "after": {"ends_on": "2026-03-02"},
        }
    ]  # fmt: skip


def test_an_end_to_come_leaves_the_owner_until_then_and_may_be_brought_forward(scene: Stage) -> None:
    held = scene.register.assignments["C-HD"]
    end(scene, held, MAY)
    assert owner("C-HD") == "M-CD1"
    end(scene, held, APRIL)
    for day, said_ in (
        (MAY, "该归属已于 2026-04-01 结束。"),
        (date(2025, 1, 1), "结束日期须晚于开始日期 2025-01-01。"),
    ):
        with nothing_written(), pytest.raises(ValidationError) as refusal:
            end(scene, held, day)
        assert refusal.value.message_dict == {"ends_on": [said_]}


def test_after_a_gap_somebody_begins_anew(scene: Stage) -> None:
    end(scene, scene.register.assignments["C-HD"], date(2026, 1, 1))
    begin(scene, "C-HD", "M-CD1", TODAY)
    assert history("C-HD")[-2:] == [("M-CD1", date(2025, 1, 1), date(2026, 1, 1)), ("M-CD1", TODAY, None)]


def test_one_to_come_is_withdrawn_and_the_present_one_goes_on(scene: Stage) -> None:
    coming = begin(scene, "C-HD", "M-CX1", APRIL)
    with events() as written:
        assignment_withdraw(
            actor=scene.cast.user("cmd"), today=TODAY, assignment_id=coming.pk, reason="计划取消"
        )
    assert history("C-HD")[-1] == ("M-CD1", date(2025, 1, 1), None)
    assert [
        (event.kind, event.before, event.reason) for event in written if event.kind.startswith("assignment.")
    ] == [
        (
            "assignment.withdraw",
            {"role": "主办", "manager": "赵立群（M-CX1）", "starts_on": "2026-04-01"},
            "计划取消",
        )
    ]


def test_what_has_begun_is_not_withdrawn(scene: Stage) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        assignment_withdraw(
            actor=scene.cast.user("cmd"), today=TODAY, reason="误",
            assignment_id=scene.register.assignments["C-HD"].pk,
        )  # fmt: skip
    assert refusal.value.message_dict == {
        "starts_on": ["该归属自 2025-01-01 起已生效，不能取消；请登记结束日期或新的主办。"]
    }


# --- what always holds ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_the_owner_is_the_primary_manager_of_today(scene: Stage, seed: int) -> None:
    """Forty steps by chance, refused ones among them, while the days go by; after each the owner is right."""
    dice = random.Random(seed)
    actor, people = scene.cast.user("cmd"), list(scene.cast.managers.values())
    numbers, today = ["C-HD", "C-NO"], TODAY
    done = 0
    for _turn in range(40):
        customer = scene.pk(dice.choice(numbers))
        step = dice.choice(["begin", "begin", "helper", "end", "withdraw", "night"])
        given: dict[str, Any] = {"actor": actor, "today": today, "reason": "随机"}
        day = today + timedelta(days=dice.randrange(-5, 20))
        known = list(Assignment.objects.filter(customer=customer).order_by("-starts_on")[:2])
        try:
            if step in ("begin", "helper"):
                ends_on = day + timedelta(days=dice.randrange(1, 30)) if dice.random() < 0.4 else None
                role = "primary" if step == "begin" else "backup"
                assignment_begin(
                    customer_id=customer, manager_id=dice.choice(people).pk, role=role, starts_on=day,
                    ends_on=ends_on, **given,
                )  # fmt: skip
            elif step == "night":
                today += timedelta(days=dice.randrange(1, 4))
                owners_refresh(actor=actor, today=today, now=NOW)
            elif known:
                pk = dice.choice(known).pk
                if step == "end":
                    assignment_end(assignment_id=pk, ends_on=day, **given)
                else:
                    assignment_withdraw(assignment_id=pk, **given)
            done += 1
        except ValidationError:
            pass
        for number in numbers:
            held = Assignment.objects.filter(in_force(today), customer=scene.pk(number), role="primary")
            assert [owner(number)] == (list(held.values_list("manager__employee_no", flat=True)) or [None]), (
                seed,
                step,
            )
    assert done > 10


def test_the_database_itself_refuses_a_second_primary_and_a_helper_twice(scene: Stage) -> None:
    pk, other = scene.pk("C-HD"), scene.cast.managers["M-CX1"]
    for role, manager, constraint in (
        ("primary", other, "registry_one_primary_at_a_time"),
        ("assistant", other, "registry_helper_once_at_a_time"),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            for _twice in range(2):
                Assignment.objects.create(customer_id=pk, manager=manager, role=role, starts_on=TODAY)
    with pytest.raises(IntegrityError, match="registry_assignment_period"), transaction.atomic():
        Assignment.objects.create(
            customer_id=scene.pk("C-NO"), manager=other, role="primary", starts_on=TODAY, ends_on=TODAY
        )
