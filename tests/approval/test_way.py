"""A plan from its draft to the head's decision and back, line by line, worked by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from cmsys.access.refusals import Conflict
from cmsys.org.models import OrgUnit
from customers.approval.services.watching import plans_escalate
from customers.planning.models import AllocationMove, AllocationPlan, LineSide, PlanChoice
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager, Status
from tests.approval.world import DUE, NOW, SIDES, Bench
from tests.cast import STAGE, TODAY
from tests.permissions.house import mark_of_rows

pytestmark = pytest.mark.django_db


def test_submitted_every_side_is_asked_once(found: Bench) -> None:
    """城东 gives three and takes three, one of them both; who has nobody yet has a taking side only."""
    plan = found.submit()
    assert (plan.state, plan.due_on, plan.submitted_by.username) == ("reviewing", DUE, "cmd")
    assert found.sides() == SIDES
    assert found.steps == [("submit", "draft", "reviewing")]
    assert found.plan.steps.get().data == {"lines": 5, "sides": 8, "held": 0}
    assert found.events() == ["plan.submit"]
    said = ["分客方案 FK-2026-0001 请您审核，2026-03-09 前答复"]
    assert {name: found.letters(name) for name in ("mgr", "mgrcx", "mgrbj", "mgrpd", "ldr")} == {
        "mgr": said, "mgrcx": said, "mgrbj": said, "mgrpd": [], "ldr": [],
    }  # fmt: skip


def test_both_sides_agree_and_the_head_approves(found: Bench) -> None:
    found.submit()
    first = found.answer("mgr")
    assert (first.answered, first.kept_out, first.flagged, first.complete) == (5, 0, 0, False)
    assert set(found.lines().values()) == {"proposed"}
    last = found.answer("mgrcx")
    assert (last.answered, last.complete, found.plan.state) == (3, True, "deciding")
    assert set(found.lines().values()) == {"agreed"}
    assert found.letters("ldr") == ["分客方案 FK-2026-0001 请您审批"]
    done = found.approve()
    assert (done.approved, done.dropped, done.refused) == (5, 0, 0)
    plan = found.plan
    assert (plan.state, plan.approved_by, plan.approved_at, plan.effective_on) == (
        "approved", found.user("ldr"), NOW, TODAY,
    )  # fmt: skip
    assert set(found.lines().values()) == {"approved"}
    assert found.steps == [
        ("submit", "draft", "reviewing"), ("answer", "reviewing", "reviewing"), ("answer", "reviewing", "reviewing"),
        ("complete", "reviewing", "deciding"), ("approve", "deciding", "approved"),
    ]  # fmt: skip
    assert found.events() == ["plan.submit", "plan.answer", "plan.answer", "plan.complete", "plan.approve"]
    assert found.letters("cmd") == ["分客方案 FK-2026-0001 已批准，2026-03-02 起生效"]


# --- submitting -------------------------------------------------------------------------------------------------------------
def test_who_has_left_or_stands_in_a_closed_unit_gives_nothing(found: Bench) -> None:
    """陈思远 has left and 城西 is closed: their lines have a taking side only, and nobody of a closed unit may take."""
    RelationshipManager.objects.filter(employee_no="M-CD1").update(status=Status.LEFT)
    found.submit()
    assert [side for side in found.sides() if side[0] in ("C-HD", "C-LI")] == [
        ("C-HD", "taking", "CX"), ("C-LI", "taking", "CD"),
    ]  # fmt: skip
    found.recall()
    OrgUnit.objects.filter(code="CX").update(closed_on=date(2026, 3, 1))
    with pytest.raises(ValidationError, match="2 户客户的建议主办已离职或所在机构已关闭"):
        found.submit()
    AllocationMove.objects.filter(proposed__employee_no="M-CX1").delete()
    found.submit()
    assert found.sides(line__customer__customer_no="C-CX") == [("C-CX", "taking", "CD")]


def test_a_plan_without_lines_is_not_submitted(found: Bench) -> None:
    AllocationMove.objects.filter(plan=found.pk).delete()
    with pytest.raises(ValidationError, match="方案没有移动任何客户"):
        found.submit()
    assert (found.plan.state, found.steps) == ("draft", [])


def test_books_that_have_moved_on(found: Bench) -> None:
    """恒达 belongs to 王雅琴 by now, and 无主贸易 has got somebody: two of five."""
    for number in ("C-HD", "C-NO"):
        Customer.objects.filter(customer_no=number).update(owner=found.cast.managers["M-CD2"])
    before = mark_of_rows()
    with pytest.raises(
        ValidationError, match=r"2 户客户（共 5 户）的主办在计算之后已经变了，请按现状重新计算"
    ) as error:
        found.submit()
    assert list(error.value.message_dict) == ["lines"]
    assert mark_of_rows() == before


def test_the_policy_says_how_many_days(found: Bench) -> None:
    """Two working days after Friday 6 March: Tuesday."""
    policy = found.plan.policy
    policy.document["review_days"] = 2
    policy.save(update_fields=["document"])
    assert found.submit(today=date(2026, 3, 6)).due_on == date(2026, 3, 10)


def test_somebody_has_changed_the_draft_since(found: Bench) -> None:
    version = found.plan.updated_at.isoformat()
    AllocationPlan.objects.filter(pk=found.pk).update(updated_at=NOW, moved_by="秦客管（cmd2）")
    with pytest.raises(Conflict, match="秦客管（cmd2） 又办理过这一方案"):
        found.submit(version=version)


# --- answering --------------------------------------------------------------------------------------------------------------
def test_line_by_line_and_a_change_of_mind(found: Bench) -> None:
    found.submit()
    keys = found.keys(("C-HD", "giving"), ("C-LI", "both"))
    assert found.answer("mgr", keys, "refused", "客户不愿意").answered == 2
    assert found.side("C-HD", "giving").reason == "客户不愿意"
    found.answer("mgr", keys[:1])
    side = found.side("C-HD", "giving")
    assert (side.verdict, side.reason, side.by, side.by_name) == (
        "agreed",
        "",
        found.user("mgr"),
        "李敏（mgr）",
    )
    assert [step.data for step in found.plan.steps.filter(verb="answer")] == [
        {"lines": 2, "verdict": "refused"}, {"lines": 1, "verdict": "agreed"},
    ]  # fmt: skip
    assert found.events("plan.answer") == ["plan.answer", "plan.answer"]


def test_what_somebody_else_has_answered_is_his(found: Bench) -> None:
    found.submit()
    keys = found.keys(("C-HD", "giving"), ("C-LI", "both"))
    found.answer("mgrbj", keys[:1], now=NOW)
    before = mark_of_rows()
    with pytest.raises(Conflict, match="马北京（mgrbj） 已于 2026-03-02 10:00:00 答复过选中的客户"):
        found.answer("mgr", keys)
    assert mark_of_rows() == before
    assert found.answer("mgr").answered == 4


def test_the_principal_may_change_what_his_deputy_said(found: Bench) -> None:
    found.stand_in("mgr", "aide")
    found.submit()
    keys = found.keys(("C-HD", "giving"))
    found.answer("aide", keys)
    found.answer("mgr", keys, "refused", "另有安排")
    side = found.side("C-HD", "giving")
    assert (side.verdict, side.by, side.on_behalf) == ("refused", found.user("mgr"), None)


@pytest.mark.parametrize(
    ("verdict", "words", "field"),
    [("refused", " ", "reason"), ("perhaps", "", "verdict"), ("refused", "长" * 301, "reason")],
)
def test_an_answer_that_says_nothing(found: Bench, verdict: str, words: str, field: str) -> None:
    found.submit()
    with pytest.raises(ValidationError) as error:
        found.answer("mgr", found.keys(("C-HD", "giving")), verdict, words)
    assert list(error.value.message_dict) == [field]


def test_nothing_picked_and_what_is_not_there(found: Bench) -> None:
    found.submit()
    with pytest.raises(ValidationError, match="请先选中要审核的客户"):
        found.answer("mgr", [])
    for strange in ([999_999_999], found.keys(("C-HD", "taking"))):
        with pytest.raises(LineSide.DoesNotExist):
            found.answer("mgr", strange)
    found.answer("mgr")
    with pytest.raises(ValidationError, match="没有等您审核的客户"):
        found.answer("mgr")


def test_all_leaves_out_what_the_other_side_refuses(found: Bench) -> None:
    """城西 will not take 恒达: 城东's 同意全部 leaves that line; said by itself it ends the review."""
    found.submit()
    found.answer("mgrcx", found.keys(("C-HD", "taking")), "refused", "无力承接")
    found.answer("mgrcx")
    done = found.answer("mgr")
    assert (done.answered, done.flagged, done.complete) == (4, 1, False)
    with pytest.raises(ValidationError, match="剩下的 1 户都有提示，请逐户看过再定"):
        found.answer("mgr")
    assert found.answer("mgr", found.keys(("C-HD", "giving"))).complete
    assert found.lines() == {
        "C-HD": "refused",
        "C-LI": "agreed",
        "C-OY": "agreed",
        "C-CX": "agreed",
        "C-NO": "agreed",
    }
    assert found.plan.steps.get(verb="complete").data == {"agreed": 4, "refused": 1}


def test_one_form_sent_twice_is_one_answer(found: Bench) -> None:
    found.submit(nonce="s1")
    assert found.submit(nonce="s1").state == "reviewing"
    first, again = (found.answer("mgr", nonce="a1") for _ in range(2))
    assert (first.answered, first.repeated, again.answered, again.repeated) == (5, False, 5, True)
    with pytest.raises(ValidationError, match="表单编号已被使用"):
        found.answer("mgrcx", nonce="a1")
    found.answer("mgrcx")
    first, again = (found.approve(nonce="d1") for _ in range(2))
    assert (first.approved, again.approved, again.repeated) == (5, 5, True)
    assert found.events() == ["plan.submit", "plan.answer", "plan.answer", "plan.complete", "plan.approve"]


def test_a_page_from_before_it_was_submitted_again(found: Bench) -> None:
    found.submit()
    old = found.plan.submitted_at.isoformat()
    # Others who answer meanwhile are in nobody's way.
    found.answer("mgrcx", found.keys(("C-HD", "taking")))
    found.answer("mgr", found.keys(("C-HD", "giving")), version=old)
    found.recall()
    found.submit(now=NOW + timedelta(hours=1))
    with pytest.raises(Conflict, match="方案重新提交过"):
        found.answer("mgr", version=old)


# --- back -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("verb", "who"), [("recall", "cmd"), ("return", "ldr")])
def test_back_to_a_draft_keeps_what_was_refused_as_a_bar(found: Bench, verb: str, who: str) -> None:
    """城东 refuses to give 恒达 and 城西 to take him; 王雅琴 had been locked for 李雪梅, and is refused there."""
    PlanChoice.objects.create(
        plan=found.plan, customer=found.line("C-LI").customer, manager=found.cast.managers["M-CD2"], kind="lock", by_name="蒋客管",
        at=NOW,
    )  # fmt: skip
    found.submit()
    found.answer("mgr", found.keys(("C-HD", "giving")), "refused", "重点客户")
    found.answer("mgrcx", found.keys(("C-HD", "taking")), "refused", "无力承接")
    found.answer("mgr", found.keys(("C-LI", "both")), "refused", "客户要求")
    found.answer("mgr")
    {"recall": found.recall, "return": found.send_back}[verb](who, reason="重新商议")
    assert (found.plan.state, found.plan.due_on, found.sides()) == ("draft", None, [])
    assert set(found.lines().values()) == {"proposed"}
    rows = PlanChoice.objects.filter(plan=found.pk).order_by("customer__customer_no")
    assert list(rows.values_list("customer__customer_no", "manager__employee_no", "kind", "reason", "by_name")) == [
        ("C-HD", "M-CX1", "bar", "接收方：无力承接；移出方：重点客户", "高城西（mgrcx）"),
        ("C-LI", "M-CD2", "bar", "移出与接收方：客户要求", "李敏（mgr）"),
    ]  # fmt: skip
    step = found.plan.steps.get(verb=verb)
    assert (step.reason, step.data) == ("重新商议", {"agreed": 3, "refused": 3, "waiting": 2, "bars": 2})
    # It goes round again.
    found.submit()
    assert len(found.sides(verdict="")) == 8


def test_a_plan_the_head_has_before_him_can_be_taken_back_and_sent_back(found: Bench) -> None:
    found.answered().recall()
    assert found.letters("ldr")[-1] == "分客方案 FK-2026-0001 已撤回，无需再审核"
    found.answered().send_back()
    assert set(found.lines().values()) == {"proposed"}
    assert found.letters("cmd") == ["分客方案 FK-2026-0001 被退回，请调整后再提交"]


# --- late -------------------------------------------------------------------------------------------------------------------
def test_whoever_is_late_is_named_once(found: Bench) -> None:
    """Due on Monday 9 March: nothing on that day, on the tenth the head hears of it and 城西, which has said nothing."""
    found.submit()
    found.answer("mgr")
    late = datetime(2026, 3, 10, 1, 20, tzinfo=NOW.tzinfo)
    assert plans_escalate(actor=STAGE, now=late, today=date(2026, 3, 9)) == 0
    assert [plans_escalate(actor=STAGE, now=late, today=date(2026, 3, 10)) for _ in range(2)] == [1, 0]
    said = "分客方案 FK-2026-0001 逾期未审核完（期限 2026-03-09）"
    press = "催办：分客方案 FK-2026-0001 等您审核（期限 2026-03-09）"
    assert {name: found.letters(name)[-1:] for name in ("ldr", "ldrho", "ldrsh", "mgrcx", "mgrbj")} == {
        "ldr": [said], "ldrho": [said], "ldrsh": [], "mgrcx": [press], "mgrbj": [press],
    }  # fmt: skip
    assert press not in found.letters("mgr")
    assert found.events("plan.escalate") == ["plan.escalate"]


def test_pressing_is_once_a_day_for_each(found: Bench) -> None:
    """城西 and the branch above it; after that the heads of 北京 and of the bank."""
    found.submit()
    found.answer("mgr")
    assert (found.remind(), found.remind(), found.remind(today=date(2026, 3, 3))) == (2, 0, 2)
    assert found.events("plan.remind") == ["plan.remind", "plan.remind"]
    found.answer("mgrcx")
    assert (found.remind(), found.letters("ldr")[-1]) == (2, "催办：分客方案 FK-2026-0001 等您审批")
