"""What the head may approve: figures and capacities worked by hand, what holds a customer, what he leaves out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from cmsys.access.refusals import Conflict
from customers.approval.choosing import chosen_of
from customers.approval.figures import Over, Person, effect_of
from customers.planning.models import AllocationPlan, PlanManager
from customers.registry.models import Customer
from customers.service.models import Ticket
from tests.approval.world import NOW, Bench
from tests.permissions.house import mark_of_rows

pytestmark = pytest.mark.django_db


def complain(found: Bench, customer: str) -> Ticket:
    row = found.line(customer).customer
    return Ticket.objects.create(ticket_no=f"T-{customer}", customer=row, kind="complaint", opened_at=NOW)


def in_vain(found: Bench, field: str, match: str, **given: Any) -> None:
    before = mark_of_rows()
    with pytest.raises(ValidationError, match=match) as error:
        found.approve(**given)
    assert list(error.value.message_dict) == [field]
    assert mark_of_rows() == before


def change_policy(found: Bench, **changes: Any) -> None:
    policy = found.plan.policy
    policy.document = {**policy.document, **changes}
    policy.save()


# --- capacity ---------------------------------------------------------------------------------------------------------------
def test_the_approvable_part_must_leave_nobody_over_capacity(found: Bench) -> None:
    """城西 keeps its works: 赵立群 would carry 4 + 10 + 4 = 18 of 14 points. Without 欧阳 (4) he carries 14: full, not over."""
    found.submit()
    found.answer("mgr")
    found.answer("mgrcx", found.keys(("C-CX", "giving")), "refused", "老客户")
    found.answer("mgrcx")
    in_vain(found, "lines", r"赵立群（18 / 14 点） 超过容量。请退回方案")
    done = found.approve(drop=(found.line("C-OY").pk,), reason="城西承接不下")
    assert (done.approved, done.dropped, done.refused) == (3, 1, 1)
    assert found.lines() == {
        "C-HD": "approved", "C-LI": "approved", "C-OY": "dropped", "C-CX": "refused", "C-NO": "approved",
    }  # fmt: skip
    assert found.lines("note")["C-OY"] == "城西承接不下"


def test_who_was_over_before_may_not_carry_more(found: Bench) -> None:
    """赵立群 stands at 16 of 14: giving one of 4 and taking one of 4 is allowed, taking more is not."""
    PlanManager.objects.filter(manager__employee_no="M-CX1").update(load_before=16)
    found.answered()
    hd, oy = found.line("C-HD").pk, found.line("C-OY").pk
    in_vain(found, "lines", r"赵立群（22 / 14 点）", drop=(oy,), reason="x")
    assert found.approve(drop=(hd,), reason="x").approved == 4


def test_who_takes_nobody_takes_nobody(found: Bench) -> None:
    PlanManager.objects.filter(manager__employee_no="M-CX1").update(intake="closed")
    found.answered()
    in_vain(found, "lines", r"赵立群（14 / 0 点）")


# --- rules of the whole plan ------------------------------------------------------------------------------------------------
def test_a_part_of_a_plan_must_not_split_a_group(found: Bench) -> None:
    """恒达 and 欧阳 are one group with 陈思远 and go to 赵立群 together: the head may leave both, not one.
    港务 of Shanghai is of the group as well: it counts, but the head of Beijing does not read its name."""
    found.answered()
    Customer.objects.filter(customer_no__in=("C-HD", "C-OY")).update(
        group_no="G-1", owner=found.cast.managers["M-CD1"]
    )
    Customer.objects.filter(customer_no="C-PD").update(group_no="G-1")
    hd = found.line("C-HD").pk
    in_vain(
        found,
        "lines",
        r"会违反政策：同一集团的 深圳恒达科技有限公司、欧阳\*\* 会由不同的人管户。请改变选择",
        drop=(hd,),
        reason="x",
    )
    both = (hd, found.line("C-OY").pk)
    assert found.approve(drop=both, reason="集团暂不移动").approved == 3


def test_a_group_that_was_apart_may_stay_apart(found: Bench) -> None:
    """恒达 is with 陈思远, 欧阳 with 王雅琴: the plan would unite them with 赵立群; one move alone leaves two managers."""
    Customer.objects.filter(customer_no__in=("C-HD", "C-OY")).update(group_no="G-1")
    found.answered()
    assert found.approve(drop=(found.line("C-HD").pk,), reason="x").approved == 4


def test_a_policy_that_parts_groups_lets_them_part(found: Bench) -> None:
    change_policy(found, together=False)
    found.answered()
    Customer.objects.filter(customer_no__in=("C-HD", "C-OY")).update(
        group_no="G-1", owner=found.cast.managers["M-CD1"]
    )
    assert found.approve(drop=(found.line("C-HD").pk,), reason="x").approved == 4


def test_a_part_of_a_plan_must_not_give_anybody_too_many_key_customers(found: Bench) -> None:
    """王雅琴 has 欧阳 and would get 城西's works for her: without giving 欧阳 away she would have two of one."""
    change_policy(found, key_limit=1)
    Customer.objects.filter(customer_no__in=("C-OY", "C-CX")).update(category="key")
    found.answered()
    oy = found.line("C-OY").pk
    in_vain(
        found,
        "lines",
        "会违反政策：王雅琴会有 2 户重点客户，超过每人 1 户的上限。请改变选择",
        drop=(oy,),
        reason="x",
    )
    change_policy(found, key_limit=2)
    assert found.approve(drop=(oy,), reason="x").approved == 4


def test_figures_are_those_of_exactly_the_lines_that_go(found: Bench) -> None:
    """Loads over capacity now: 11/30, 4/40, 4/14; mean 19/84. Highest is 11/30: 0.366667 / 0.226190 = 1.621053.
    All lines: 0, 6/40, 14/14; mean 20/84: 4.2. Gini of 0.1, 0.285714, 0.366667 is (2·0.266667) / (3·0.752381) = 0.236287."""
    found.answered()
    effect = chosen_of(found.plan, (), ()).effect
    assert (effect.lines, effect.moves, effect.first, effect.over) == (5, 4, 1, ())
    assert effect.max_mean == (1.621053, 4.2)
    assert effect.gini == (0.236287, 0.57971)
    # Without 恒达: 10/30, 6/40, 4/14, mean 20/84: 1.4; (2·0.183333) / (3·0.769048) = 0.158927.
    without = chosen_of(found.plan, (), (found.line("C-HD").pk,)).effect
    assert (without.lines, without.max_mean[1]) == (4, 1.4)
    found.approve(drop=(found.line("C-HD").pk,), reason="x")
    assert found.plan.steps.get(verb="approve").data == {
        "approved": 4, "dropped": 1, "refused": 0, "despite": 0, "max_mean": 1.4, "gini": 0.158927,
    }  # fmt: skip


people = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=5)


@given(people, st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 20)), max_size=8))
def test_loads_are_conserved_and_nobody_is_pushed_over(staff: Any, moves: Any) -> None:
    """Property: who is named ends above his capacity with more than before; who is not named either fits or carries no more."""
    rows = [Person(key, str(key), str(key), cap, cap, load) for key, (cap, load) in enumerate(staff)]
    size = len(rows)
    lines = [{"present_id": a % size, "proposed_id": b % size, "effort": n} for a, b, n in moves]
    effect = effect_of(rows, lines)
    after = {one.key: one.before for one in rows}
    for line in lines:
        after[line["present_id"]] -= line["effort"]
        after[line["proposed_id"]] += line["effort"]
    assert sum(after.values()) == sum(one.before for one in rows)
    named = {Over(str(key), str(key), after[key], rows[key].usable) for key in after if after[key] > max(rows[key].usable, rows[key].before)}  # fmt: skip
    assert set(effect.over) == named


# --- what holds a customer ------------------------------------------------------------------------------------------------
def test_a_held_line_needs_the_heads_own_word(found: Bench) -> None:
    """恒达 has an open complaint when the plan is submitted: 同意全部 leaves it, and so does an approval that does not name
    it."""
    complain(found, "C-HD")
    found.submit()
    assert found.plan.steps.get(verb="submit").data["held"] == 1
    assert found.answer("mgr").flagged == 1
    found.answer("mgr", found.keys(("C-HD", "giving")))
    found.answer("mgrcx")
    found.answer("mgrcx", found.keys(("C-HD", "taking")))
    assert chosen_of(found.plan, (), ()).held == (found.line("C-HD").pk,)
    done = found.approve()
    assert (done.approved, done.dropped) == (4, 1)
    assert (found.lines()["C-HD"], found.lines("note")["C-HD"]) == ("dropped", "有暂留原因，领导未同意移动")


def test_a_held_line_goes_with_it(found: Bench) -> None:
    complain(found, "C-HD")
    found.submit()
    found.answer("mgr", found.keys(("C-HD", "giving")))
    found.answer("mgrcx", found.keys(("C-HD", "taking")))
    found.answer("mgr")
    found.answer("mgrcx")
    assert found.approve(despite=(found.line("C-HD").pk,)).approved == 5
    assert found.plan.steps.get(verb="approve").data["despite"] == 1


def test_what_holds_is_looked_up_when_it_is_decided(found: Bench) -> None:
    """A complaint of 欧阳 comes after the answers; 恒达's is resolved by then."""
    ticket = complain(found, "C-HD")
    found.submit()
    for who in ("mgr", "mgrcx"):
        found.answer(who, found.keys(("C-HD", "giving" if who == "mgr" else "taking")))
        found.answer(who)
    Ticket.objects.filter(pk=ticket.pk).update(resolved_at=NOW)
    complain(found, "C-OY")
    found.approve()
    assert {number: state for number, state in found.lines().items() if state != "approved"} == {
        "C-OY": "dropped"
    }


def test_a_first_assignment_is_never_held(found: Bench) -> None:
    complain(found, "C-NO")
    found.submit()
    assert found.answer("mgr").answered == 5


# --- the rest -----------------------------------------------------------------------------------------------------------------
def test_what_is_refused_by_field(found: Bench) -> None:
    found.answered()
    hd, li = found.line("C-HD").pk, found.line("C-LI").pk
    in_vain(found, "effective_on", "生效日期不能早于今天（2026-03-02）", on=date(2026, 3, 1))
    in_vain(found, "reason", "请填写不批准其中部分客户的理由", drop=(hd,))
    in_vain(found, "despite", "有 1 行不是本方案双方都同意的客户", despite=(999_999_999,))
    in_vain(found, "drop", "有 1 行不是本方案双方都同意的客户", drop=(999_999_999,), reason="x")
    in_vain(found, "drop", "既选了“仍然移动”又选了“不批准”", drop=(hd,), despite=(hd,), reason="x")
    every = tuple(found.line(number).pk for number in found.lines())
    in_vain(found, "lines", "没有可以批准的客户；请退回方案", drop=every, reason="x")
    assert found.approve(on=date(2026, 4, 4), drop=(li,), reason="x").plan.effective_on == date(2026, 4, 4)


def test_a_plan_all_refuse_can_only_go_back(found: Bench) -> None:
    found.submit()
    for who in ("mgr", "mgrcx"):
        found.answer(who, list(found.plan.sides.filter(unit__code={"mgr": "CD", "mgrcx": "CX"}[who]).values_list("pk", flat=True)), "refused", "x")  # fmt: skip
    assert (found.plan.state, set(found.lines().values())) == ("deciding", {"refused"})
    in_vain(found, "lines", "没有可以批准的客户")
    found.send_back()
    assert found.plan.choices.count() == 5


def test_a_page_from_before_somebody_acted(found: Bench) -> None:
    found.answered()
    version = found.plan.updated_at.isoformat()
    AllocationPlan.objects.filter(pk=found.pk).update(updated_at=datetime(2026, 3, 2, 11, tzinfo=NOW.tzinfo))
    with pytest.raises(Conflict, match="又办理过这一方案"):
        found.approve(version=version)
