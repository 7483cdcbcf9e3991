"""A plan from the day it opens to its result."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from appraisal.appeals.jobs import DAILY, Followed
from appraisal.appeals.lowest import improvement_cells
from appraisal.appeals.models import ImprovementPlan
from appraisal.appeals.services.opening import plans_open
from appraisal.appeals.services.plans import Measure
from appraisal.grading.models import GradeDecision
from appraisal.schemes.models import SchemeVersion
from appraisal.scoring.words import words_of
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.inbox.models import Message
from cmsys.jobs.kinds import Run, kind_of
from cmsys.org.months import months_after
from managers.conduct.models import InterestDeclaration
from managers.profiles.models import RelationshipManager
from tests.appeals.world import TOLD, Appealed, at, events, rows
from tests.cast import STAGE

pytestmark = pytest.mark.django_db
END = date(2026, 12, 29)


def opened(day: date = TOLD) -> int:
    return plans_open(actor=STAGE, now=at(day, 1), today=day)


# --- it opens -------------------------------------------------------------------------------------------------------------
def test_a_demotion_in_effect_opens_a_plan_once(world: Appealed) -> None:
    world.told("M-CD1", state="served")
    assert opened() == 0
    world.told("M-CD1", state="effective")
    world.told("M-CD2", state="effective")
    assert (opened(), opened()) == (1, 0)
    plan = ImprovementPlan.objects.get()
    assert (plan.manager.employee_no, plan.cause, plan.state, plan.decision) == (
        "M-CD1", "demotion", "draft", world.decision("M-CD1"),
    )  # fmt: skip
    assert plan.note == "2025Q4 考核降级：中级客户经理 → 初级客户经理，2026-09-29 生效"
    # Three months; to be drawn up by the tenth working day: 9-30, 10-08, 09, 10, 12 … 16, 19.
    assert (plan.starts_on, plan.ends_on, plan.due_on) == (TOLD, END, date(2026, 10, 19))
    assert events(plan) == ["improvement.open"]


def test_the_lowest_cell_opens_one_without_a_demotion(world: Appealed) -> None:
    world.told("M-CD2", state="effective")
    GradeDecision.objects.filter(pk=world.decision("M-CD2").pk).update(quadrant="LL")
    assert opened() == 1
    plan = ImprovementPlan.objects.get()
    assert (plan.cause, plan.note) == ("quadrant", "2025Q4 考核在“低能低绩”，策略为“调岗或培训改进”")


def test_an_open_plan_is_not_doubled_and_a_closed_one_does_not_come_back(world: Appealed) -> None:
    plan = world.plan("M-CD1")
    world.told("M-CD1", state="effective")
    assert opened() == 0
    world.plan_do("cancel", plan, "hrh")
    assert (opened(), opened()) == (1, 0)
    world.plan_do("cancel", ImprovementPlan.objects.get(cause="demotion"), "hrh")
    assert opened() == 0


def cells(matrix: str) -> set[str]:
    document = (
        "code: X\nversion: 1\nname: X\ncycle: quarter\n"
        "dimensions:\n"
        "  - {code: ability, name: 能力, weight: 50, indicators: [{code: A, name: A, weight: 100, source: reading, method: {type: ratio}}]}\n"
        "  - {code: performance, name: 绩效, weight: 50, indicators: [{code: B, name: B, weight: 100, source: reading, method: {type: ratio}}]}\n"
        f"grades: [{{code: JUNIOR, name: 初级, order: 1}}]\nmatrix: {matrix}\n"
    )
    version = SchemeVersion(pk=10**6, code="X", version=1, document=document, digest=str(hash(matrix)))
    return set(improvement_cells(words_of(version)))


def test_the_scheme_says_which_cells_by_its_strategy() -> None:
    limits = "kind: quadrant, ability: 70, performance: 70"
    assert cells(f"{{{limits}}}") == {"LL"}
    stated = "cells: {HL: {name: a, strategy: 限期改进}, LL: {name: b, strategy: 调岗}}"
    assert cells(f"{{{limits}, {stated}}}") == {"HL"}
    assert cells("{kind: nine_box, ability: [60, 80], performance: [60, 80]}") == {"11"}


def test_the_daily_job_does_both(world: Appealed) -> None:
    world.told("M-CD1", state="effective")
    world.lodge("M-CD1")
    kind = kind_of(DAILY)
    run = Run(1, "", STAGE, None, None, at(date(2026, 11, 2)))
    assert kind.step(run).result == Followed(plans=1, late=1)


def test_the_supervisor_opens_one_by_hand(world: Appealed) -> None:
    plan = world.plan("M-CD1")
    assert (plan.cause, plan.note, plan.state) == ("manual", "连续两期未完成目标", "draft")
    before = rows()
    with pytest.raises(ValidationError, match="已有一份未办结的改进计划"):
        world.plan("M-CD1")
    with pytest.raises(RelationshipManager.DoesNotExist):
        world.plan("M-CX1")
    for name in ("hrh", "hrb", "cm"):
        with pytest.raises(MissingFunction):
            world.plan("M-CD2", name)
    assert rows() == before


def test_nobody_draws_up_a_plan_for_a_relative(world: Appealed) -> None:
    InterestDeclaration.objects.create(
        declarant=world.user("mgr"), manager=world.cast.managers["M-CD1"], kind="spouse", starts_on=TOLD
    )
    before = rows()
    with pytest.raises(ValidationError) as refusal:
        world.plan("M-CD1")
    assert list(refusal.value.error_dict) == ["recusal"]
    assert rows() == before


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [("2026-09-29", 3, "2026-12-29"), ("2026-11-30", 3, "2027-02-28"), ("2027-11-30", 3, "2028-02-29")],
)
def test_months_end_with_the_month(day: str, months: int, then: str) -> None:
    assert months_after(date.fromisoformat(day), months) == date.fromisoformat(then)


# --- it is drawn up and signed --------------------------------------------------------------------------------------------
def test_what_is_written_replaces_what_was(world: Appealed) -> None:
    plan = world.plan()
    world.plan_do("write", plan)
    measures = [Measure("a", "b", TOLD), Measure("c", "d", END)]
    world.plan_do("write", plan, draft=world.draft(measures=measures, checks=[END]))
    assert list(plan.measures.values_list("position", "text")) == [(1, "a"), (2, "c")]
    assert list(plan.checks.values_list("on", flat=True)) == [END]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"ends_on": TOLD}, "ends_on"),
        ({"measures": [Measure("a", "b", date(2027, 1, 1))]}, "measures"),
        ({"measures": [Measure("a", " ", TOLD)]}, "measures"),
        ({"checks": [date(2026, 9, 28)]}, "checks"),
        ({"checks": [TOLD, TOLD]}, "checks"),
    ],
)
def test_days_lie_within_the_plan(world: Appealed, given: dict[str, Any], field: str) -> None:
    plan = world.plan()
    before = rows()
    with pytest.raises(ValidationError) as refusal:
        world.plan_do("write", plan, draft=world.draft(**given))
    assert list(refusal.value.error_dict) == [field]
    assert rows() == before


def test_nothing_incomplete_is_given_to_the_person(world: Appealed) -> None:
    plan = world.plan()
    with pytest.raises(ValidationError, match="还没有填写改进目标、辅导人、措施、检查点"):
        world.plan_do("issue", plan)
    world.plan_do("write", plan, draft=world.draft(checks=[]))
    with pytest.raises(ValidationError, match="还没有填写检查点"):
        world.plan_do("issue", plan)


def test_both_sign_and_the_person_says_what_he_thinks(world: Appealed) -> None:
    plan = world.plan()
    world.plan_do("write", plan)
    issued = world.plan_do("issue", plan)
    assert (issued.state, issued.supervisor, issued.issued_at) == ("signing", world.user("mgr"), at(TOLD, 14))
    assert Message.objects.get(recipient=world.user("cm")).title == "您的改进计划待签署"
    with pytest.raises(Conflict):
        world.plan_do("write", plan)
    signed = world.plan_do("sign", plan, "cm", opinion="目标偏高")
    assert (signed.state, signed.signed_at, signed.opinion) == ("active", at(TOLD, 14), "目标偏高")
    assert events(plan) == ["improvement.open", "improvement.write", "improvement.issue", "improvement.sign"]


def test_a_recalled_plan_has_no_signature(world: Appealed) -> None:
    plan = world.plan()
    world.plan_do("write", plan)
    world.plan_do("issue", plan)
    back = world.plan_do("recall", plan)
    assert (back.state, back.supervisor, back.issued_at) == ("draft", None, None)


def test_a_refusal_to_sign_has_a_witness_who_is_neither_of_both(world: Appealed) -> None:
    plan = world.plan()
    world.plan_do("write", plan)
    world.plan_do("issue", plan)
    before = rows()
    for name in ("", "李敏", "陈思远"):
        with pytest.raises(ValidationError) as refusal:
            world.plan_do("refusal", plan, witness=name)
        assert list(refusal.value.error_dict) == ["witness"]
    assert rows() == before
    running = world.plan_do("refusal", plan)
    assert (running.state, running.witness, running.signed_at) == ("active", "吴工会", None)


# --- it runs --------------------------------------------------------------------------------------------------------------
def test_a_check_point_is_recorded_once_and_not_before_its_day(world: Appealed) -> None:
    plan = world.running()
    check = plan.checks.first()
    given = {"check_id": check.pk, "progress": "behind", "note": "只拜访了三户"}
    with pytest.raises(ValidationError, match="检查日期是 2026-10-30，还没有到"):
        world.plan_do("check", plan, day=date(2026, 10, 29), **given)
    done = world.plan_do("check", plan, day=date(2026, 10, 30), **given)
    assert (done.progress, done.note, done.recorded_by) == ("behind", "只拜访了三户", "李敏（mgr）")
    with pytest.raises(Conflict, match="李敏（mgr） 已经登记过"):
        world.plan_do("check", plan, day=date(2026, 11, 2), **given)
    other = world.running("M-CD2", person="wang").checks.first()
    with pytest.raises(type(check).DoesNotExist):
        world.plan_do("check", plan, day=date(2026, 12, 1), **(given | {"check_id": other.pk}))


def test_a_result_wants_every_check_point_and_a_failure_the_last_day(world: Appealed) -> None:
    plan = world.running()
    with pytest.raises(ValidationError, match="2026-10-30 的检查点还没有登记"):
        world.plan_do("pass", plan, day=date(2026, 10, 30))
    for check in plan.checks.all():
        given = {"check_id": check.pk, "progress": "on_track", "note": "完成"}
        world.plan_do("check", plan, day=check.on, **given)
    with pytest.raises(ValidationError, match="计划到 2026-12-29 结束"):
        world.plan_do("fail", plan, day=date(2026, 12, 28))
    with pytest.raises(ValidationError, match="理由"):
        world.plan_do("fail", plan, day=END, reason="")
    failed = world.plan_do("fail", plan, day=END, reason="销售额只到目标的 60%")
    assert (failed.state, failed.result) == ("failed", "销售额只到目标的 60%")
    assert Message.objects.filter(recipient=world.user("cm")).latest("pk").title == "您的改进计划未通过"


def test_it_is_passed_early(world: Appealed) -> None:
    plan = world.plan_do("pass", world.running(), day=date(2026, 10, 20))
    assert (plan.state, plan.closed_at) == ("passed", at(date(2026, 10, 20), 14))


def test_it_is_extended_with_a_check_point_on_the_new_end(world: Appealed) -> None:
    plan = world.running()
    with pytest.raises(ValidationError, match="新的结束日期须晚于 2026-12-29"):
        world.plan_do("extend", plan, ends_on=END)
    longer = world.plan_do("extend", plan)
    assert (longer.state, longer.ends_on) == ("active", date(2027, 1, 29))
    assert list(plan.checks.values_list("on", flat=True))[-1] == date(2027, 1, 29)


def test_a_form_sent_twice_is_one_signature(world: Appealed) -> None:
    plan = world.plan()
    world.plan_do("write", plan)
    for _time in range(2):
        world.plan_do("issue", plan, nonce="f" * 32)
    assert events(plan).count("improvement.issue") == 1
