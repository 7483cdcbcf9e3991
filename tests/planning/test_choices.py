"""The workbench on 北京分行 planned as one, worked by hand. 王雅琴 has left, so 欧阳 (B, 4 points) must go to 陈思远 (30 points, holds
恒达 10 and 李雪梅 1) or to 赵立群 (20 points, holds 城西 4 and gets 无主贸易 1); 陈思远 suits him better by 13 320."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from cmsys.workflow.form import Form
from customers.planning import recomputing
from customers.planning.bench import bench
from customers.planning.models import AllocationPlan, PlanChoice
from customers.planning.services.again import plan_again
from customers.planning.services.choosing import plan_choose
from customers.planning.services.rebalancing import plan_discard
from managers.profiles.models import RelationshipManager, Status
from tests.cast import Cast
from tests.customers.stage import Register
from tests.permissions.house import mark_of_rows
from tests.planning.world import NOW, planned, policy, run_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(cast: Cast, stage: Register) -> AllocationPlan:
    policy(area="branch")
    RelationshipManager.objects.filter(employee_no="M-CD2").update(status=Status.LEFT)
    return planned(cast, "BJ")


def choose(cast: Cast, plan: AllocationPlan, act: str, *numbers: str, who: str = "cmd", **given: Any) -> Any:
    customers = dict(
        plan.lines.model._meta.get_field("customer").related_model.objects.values_list("customer_no", "pk")
    )
    to = given.pop("to", None)
    form = Form(reason=given.pop("reason", ""), nonce=given.pop("nonce", ""), **given)
    return plan_choose(
        actor=cast.user(who), plan_id=plan.pk, act=act, customers=[customers[number] for number in numbers], form=form,
        now=NOW, manager_id=cast.managers[to].pk if to else None,
    )  # fmt: skip


def again(
    cast: Cast, plan: AllocationPlan, percent: int | None = None, nonce: str = "", who: str = "cmd"
) -> Any:
    found = plan_again(
        actor=cast.user(who), plan_id=plan.pk, percent=percent, form=Form(nonce=nonce), now=NOW
    )
    plan.refresh_from_db()
    return found


def owners(plan: AllocationPlan) -> dict[str, tuple[str | None, str, list[str]]]:
    rows = plan.lines.values_list(
        "customer__customer_no", "present__employee_no", "proposed__employee_no", "broken"
    )
    return {number: (present, proposed, broken) for number, present, proposed, broken in rows}


def choices(plan: AllocationPlan) -> list[tuple[str, str, str, str]]:
    rows = PlanChoice.objects.filter(plan=plan).order_by("customer__customer_no", "manager__employee_no")
    return list(rows.values_list("customer__customer_no", "manager__employee_no", "kind", "reason"))


def test_a_bar_sends_the_customer_to_the_other_one(cast: Cast, stage: Register, plan: AllocationPlan) -> None:
    """陈思远 11 of 30 and 赵立群 9 of 20 instead of 15 of 30 and 5 of 20: the fullest is 0.45 against a mean of 20/50."""
    assert owners(plan) == {"C-OY": ("M-CD2", "M-CD1", ["intake"]), "C-NO": (None, "M-CX1", [])}
    assert (plan.objective, plan.after["max_mean"]) == (180_465, 1.25)
    choose(cast, plan, "bar", "C-OY", reason="客户不愿意", nonce="n-1")
    assert choices(plan) == [("C-OY", "M-CD1", "bar", "客户不愿意")]
    row = PlanChoice.objects.get()
    assert (row.by, row.by_name, row.at) == (cast.users["cmd"], "蒋客管（cmd）", NOW)
    assert Event.objects.get(kind="plan.choose").after == {"act": "bar", "count": 1, "state": "draft"}
    digest = plan.input_digest
    assert again(cast, plan, nonce="n-2").done
    assert owners(plan)["C-OY"] == ("M-CD2", "M-CX1", ["intake"])
    assert (plan.state, plan.revision, plan.objective, plan.after["max_mean"]) == ("draft", 2, 193_785, 1.125)
    assert (plan.input_digest, len(choices(plan))) == (digest, 1)
    step = plan.steps.get(verb="draft", data__has_key="changed")
    ids = (stage.customers["C-OY"].pk, cast.managers["M-CD1"].pk, cast.managers["M-CX1"].pk)
    assert step.data["changed"] == [list(ids)]
    assert (step.data["figures"]["objective"], step.data["figures"]["revision"]) == (180_465, 1)


def test_the_same_form_twice_is_one_step(cast: Cast, plan: AllocationPlan) -> None:
    first = choose(cast, plan, "keep", "C-OY", "C-NO", nonce="n-1")
    second = choose(cast, plan, "keep", "C-OY", "C-NO", nonce="n-1")
    assert [(one.count, one.repeated) for one in (first, second)] == [(2, False), (2, True)]
    assert plan.steps.filter(verb="choose").count() == 1
    again(cast, plan, nonce="n-2")
    assert again(cast, plan, nonce="n-2").repeated
    assert (plan.revision, Event.objects.filter(kind="plan.again").count()) == (2, 1)


def test_a_lock_holds_and_replaces_an_earlier_one(cast: Cast, plan: AllocationPlan) -> None:
    choose(cast, plan, "keep", "C-OY")
    choose(cast, plan, "assign", "C-OY", to="M-CX1")
    choose(cast, plan, "assign", "C-LI", to="M-CX1")
    assert choices(plan) == [("C-LI", "M-CX1", "lock", ""), ("C-OY", "M-CX1", "lock", "")]
    again(cast, plan)
    assert owners(plan)["C-OY"] == ("M-CD2", "M-CX1", ["intake", "lock"])
    # 李雪梅 would have stayed; now the lock is why she moves.
    assert owners(plan)["C-LI"] == ("M-CD1", "M-CX1", ["lock"])
    assert (plan.moves, plan.forced) == (2, 2)
    choose(cast, plan, "undo", "C-LI")
    again(cast, plan)
    assert "C-LI" not in owners(plan)


def test_who_stays_has_no_line_but_a_choice(cast: Cast, plan: AllocationPlan) -> None:
    choose(cast, plan, "stay", "C-LI", "C-CX")
    assert choices(plan) == [("C-CX", "M-CX1", "lock", ""), ("C-LI", "M-CD1", "lock", "")]
    again(cast, plan)
    assert set(owners(plan)) == {"C-OY", "C-NO"}


@pytest.mark.parametrize(
    ("act", "numbers", "given", "said"),
    [
        ("assign", ("C-HD",), {"to": "M-CX1"}, "恒达.*C-HD：等级低于该级客户的下限"),
        ("assign", ("C-OY",), {"to": "M-CD2"}, "已离职、借调或不再接收"),
        ("assign", ("C-OY",), {"to": "M-PD1"}, "请选择方案范围内的客户经理"),
        ("stay", ("C-OY",), {}, "已离职、借调或不再接收"), ("stay", ("C-NO",), {}, "尚无主办，不能保持现状"),
        ("keep", ("C-PD",), {}, "不在这份方案里"), ("keep", (), {}, "请勾选 1 到 500 户客户"),
        ("bar", ("C-OY",), {"reason": " "}, "请填写驳回的理由"), ("undo", ("C-OY",), {}, "没有可以撤销的选择"),
        ("other", ("C-OY",), {}, "没有这一操作"), ("bar", ("C-LI",), {"reason": "不合"}, "已锁定该客户经理，请先撤销再驳回"),
        ("keep", ("C-CX",), {}, "已驳回该客户经理，请先撤销再锁定"),
    ],
)  # fmt: skip
def test_what_cannot_be_chosen(
    cast: Cast, plan: AllocationPlan, act: str, numbers: tuple[str, ...], given: dict[str, str], said: str
) -> None:
    choose(cast, plan, "keep", "C-LI")
    choose(cast, plan, "bar", "C-CX", reason="不合")
    before = mark_of_rows()
    with pytest.raises(ValidationError, match=said):
        choose(cast, plan, act, *numbers, **given)
    assert mark_of_rows() == before


@pytest.mark.parametrize("who", ["mgr", "hrh", "cm", "da", "sys", "nobody"])
def test_only_the_customer_department_chooses(cast: Cast, plan: AllocationPlan, who: str) -> None:
    before = mark_of_rows()
    with pytest.raises(MissingFunction):
        choose(cast, plan, "keep", "C-OY", who=who)
    with pytest.raises(MissingFunction):
        again(cast, plan, who=who)
    assert mark_of_rows() == before


def test_only_a_draft_is_worked_on(cast: Cast, plan: AllocationPlan) -> None:
    plan_discard(actor=cast.user("cmd"), plan_id=plan.pk, reason="改政策", now=NOW)
    for act in (lambda: choose(cast, plan, "keep", "C-OY"), lambda: again(cast, plan)):
        with pytest.raises(Conflict, match="已放弃"):
            act()


def test_choices_that_clash_are_named_and_the_draft_stays(cast: Cast, stage: Register) -> None:
    """8 points: 欧阳 4 and 城西 4 fit, 李雪梅 is the one too many; 无主贸易's bar has nothing to do with it."""
    policy(area="branch", capacity={"JUNIOR": 8, "MIDDLE": 30, "SENIOR": 40, "none": 10})
    RelationshipManager.objects.filter(employee_no="M-CD2").update(status=Status.LEFT)
    plan = planned(cast, "BJ")
    for number in ("C-OY", "C-CX", "C-LI"):
        choose(cast, plan, "assign", number, to="M-CX1")
    choose(cast, plan, "bar", "C-NO", reason="另有安排")
    before = mark_of_rows()
    with pytest.raises(ValidationError) as refused:
        again(cast, plan)
    said = " ".join(refused.value.messages)
    assert "容量不足" in said
    for number in ("C-OY", "C-CX", "C-LI"):
        assert f"{number} 锁定 赵立群，蒋客管（cmd） 03-02 10:00" in said
    assert "C-NO" not in said
    assert mark_of_rows() == before


def test_a_job_comes_to_the_same(cast: Cast, plan: AllocationPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(cast, plan, "bar", "C-OY", reason="客户不愿意")
    choose(cast, plan, "assign", "C-LI", to="M-CX1")
    again(cast, plan)
    at_once = (plan.digest, plan.objective, plan.bound, plan.parts, plan.after, owners(plan))
    monkeypatch.setattr(recomputing, "AT_ONCE", 4)
    assert not again(cast, plan).done
    assert (plan.state, plan.revision) == ("computing", 3)
    run_jobs()
    plan.refresh_from_db()
    assert (plan.state, plan.revision) == ("draft", 3)
    assert (plan.digest, plan.objective, plan.bound, plan.parts, plan.after, owners(plan)) == at_once


def test_a_job_that_finds_a_clash_leaves_the_draft_as_it_was(
    cast: Cast, plan: AllocationPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("M-CD1", "M-CX1"):
        PlanChoice.objects.create(
            plan=plan, customer_id=plan.lines.get(customer__customer_no="C-OY").customer_id,
            manager=cast.managers[number], kind="bar", reason="双方不同意", by_name="蒋客管", at=NOW,
        )  # fmt: skip
    digest, held = plan.digest, owners(plan)
    monkeypatch.setattr(recomputing, "AT_ONCE", 0)
    again(cast, plan, percent=7)
    run_jobs()
    plan.refresh_from_db()
    assert (plan.state, plan.revision, plan.percent, plan.digest, owners(plan)) == (
        "draft",
        1,
        None,
        digest,
        held,
    )
    assert "没有符合硬性规则的客户经理" in plan.failure
    assert "C-OY 驳回 陈思远" in plan.failure


def test_a_budget_given_with_the_computation(cast: Cast, stage: Register) -> None:
    """Loads weigh more than anything, so somebody moves; nobody must."""
    policy(area="branch", weights={"fairness": 500_000})
    plan = planned(cast, "BJ")
    free = plan.moves
    again(cast, plan, percent=0)
    assert (plan.percent, plan.budget, plan.moves, plan.forced) == (0, 0, 0, 0)
    again(cast, plan, percent=None)
    assert (plan.percent, plan.budget, plan.moves) == (None, None, free)
    assert free > 0
    with pytest.raises(ValidationError, match="0 到 100"):
        again(cast, plan, percent=101)


def test_a_budget_that_binds_is_left_to_the_job(
    cast: Cast, stage: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(area="branch", weights={"fairness": 500_000})
    plan = planned(cast, "BJ")
    monkeypatch.setattr(recomputing, "AT_ONCE_BUDGET", 4)
    assert again(cast, plan, percent=100).done
    assert not again(cast, plan, percent=0).done
    assert plan.state == "computing"
    run_jobs()
    plan.refresh_from_db()
    assert (plan.state, plan.budget, plan.moves, plan.revision) == ("draft", 0, 0, 3)


def test_those_left_out_stay_named(cast: Cast, stage: Register) -> None:
    """By 支行 nobody serves 无主贸易: it is left out before and after."""
    policy()
    RelationshipManager.objects.filter(employee_no="M-CD2").update(status=Status.LEFT)
    plan = planned(cast, "BJ")
    unmet = plan.unmet
    assert unmet[0]["customers"] == [stage.customers["C-NO"].pk]
    choose(cast, plan, "keep", "C-OY")
    again(cast, plan)
    assert (plan.unmet, plan.customers) == (unmet, 5)


def test_what_a_change_would_do_is_said_before(cast: Cast, stage: Register, plan: AllocationPlan) -> None:
    """The same figures the computation comes to when exactly that line goes to 赵立群."""
    table = bench(plan.pk, plan.digest)
    place, seat = table.place(stage.customers["C-OY"].pk), table.seat(cast.managers["M-CX1"].pk)
    assert place is not None
    assert seat is not None
    effect = table.effect({place: seat})
    assert (effect.before.objective, effect.before.max_mean) == (180_465, 1.25)
    assert effect.after is not None
    assert (effect.after.objective, effect.after.max_mean, effect.after.moves) == (193_785, 1.125, 1)
    gone = table.seat(cast.managers["M-CD2"].pk)
    assert gone is not None
    refused = table.effect({place: gone})
    assert (refused.after, refused.broken) == (None, [(place, gone)])


def test_curve_and_prices_come_by_themselves(cast: Cast, plan: AllocationPlan) -> None:
    assert plan.curve == [
        {"moves": 1, "objective": 180_465, "bound": 180_465, "max_mean": 1.25, "gini": 0.166667, "match": 766.666667, "percent": 0}
    ]  # fmt: skip
    choose(cast, plan, "bar", "C-OY", reason="客户不愿意")
    again(cast, plan)
    assert (plan.curve, plan.prices) == ([], [])
    run_jobs()
    plan.refresh_from_db()
    assert [point["objective"] for point in plan.curve] == [193_785]
    # Without the bar 欧阳 goes to 陈思远 again: 193 785 − 180 465.
    assert plan.prices[0] == {
        "rule": "exclusion",
        "least": 13_320,
        "most": 13_320,
        "without": 180_465,
        "moves": 1,
    }
