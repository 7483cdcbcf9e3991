"""Nobody decides on himself, a declared relative, or a plan he has part in on another level; nor does his deputy."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.inbox.selectors import to_do
from cmsys.org.services.grants import role_grant
from customers.planning.models import AllocationPlan
from managers.conduct.models import InterestDeclaration
from tests.approval.world import SIDES, Bench
from tests.cast import STAGE, TODAY
from tests.permissions.house import mark_of_rows

pytestmark = pytest.mark.django_db
OWN = "须由他人审核"


def declare(found: Bench, name: str, manager: str) -> None:
    InterestDeclaration.objects.create(
        declarant=found.people[name], manager=found.cast.managers[manager], kind="spouse", starts_on=TODAY
    )


def also(found: Bench, name: str, role: Role, unit: str) -> None:
    role_grant(
        actor=STAGE, user=found.people[name], role=role, unit=found.cast.units[unit], starts_on=date(2020, 1, 1),
        reason="兼任",
    )  # fmt: skip


def number(found: Bench, name: str, employee_no: str) -> None:
    User.objects.filter(employee_no=employee_no).update(employee_no=None)
    User.objects.filter(username=name).update(employee_no=employee_no)


def left(found: Bench) -> list[tuple[str, str]]:
    """Sides still waited for."""
    return [(customer, side) for customer, side, _unit in found.sides(verdict="")]


def refused_in_vain(found: Bench, who: str, sides: list[int] | None, match: str = OWN) -> None:
    before = mark_of_rows()
    with pytest.raises(ValidationError, match=match):
        found.answer(who, sides)
    assert mark_of_rows() == before


# --- sides ------------------------------------------------------------------------------------------------------------------
def test_a_supervisor_who_has_customers_himself(found: Bench) -> None:
    """mgr is 王雅琴 herself: of 城东's five sides only 恒达 (陈思远 → 赵立群) is not her affair."""
    number(found, "mgr", "M-CD2")
    found.submit()
    refused_in_vain(found, "mgr", found.keys(("C-LI", "both")))
    refused_in_vain(found, "mgr", found.keys(("C-HD", "giving"), ("C-NO", "taking")))
    done = found.answer("mgr")
    assert (done.answered, done.kept_out, done.flagged) == (1, 4, 0)
    assert ("C-HD", "giving") not in left(found)
    refused_in_vain(found, "mgr", None, "剩下的 4 户须由他人审核")
    # The branch answers in her place.
    assert found.answer("mgrbj").answered == 7


def test_a_declared_relative(found: Bench) -> None:
    """mgr has declared 赵立群: 恒达, 欧阳 and 城西机械厂 are left to others."""
    declare(found, "mgr", "M-CX1")
    found.submit()
    for side in (("C-HD", "giving"), ("C-OY", "giving"), ("C-CX", "taking")):
        refused_in_vain(found, "mgr", found.keys(side))
    done = found.answer("mgr")
    assert (done.answered, done.kept_out) == (2, 3)


def test_declared_by_the_other_side(found: Bench) -> None:
    """赵立群's own account has declared 陈思远; a supervisor who is 陈思远 keeps away from both men's customers."""
    number(found, "mgr", "M-CD1")
    number(found, "cm", "M-CX1")
    declare(found, "cm", "M-CD1")
    found.submit()
    done = found.answer("mgr")
    assert (done.answered, done.kept_out) == (1, 4)
    assert ("C-NO", "taking") not in left(found)


def test_a_declaration_that_is_over_keeps_nobody(found: Bench) -> None:
    declare(found, "mgr", "M-CX1")
    InterestDeclaration.objects.update(starts_on=date(2026, 1, 1), ends_on=TODAY)
    found.submit()
    assert found.answer("mgr").answered == 5


def test_a_deputy_where_his_principal_must_not(found: Bench) -> None:
    """aide stands in for mgr, who has declared 赵立群; aide himself is nobody's relative."""
    found.stand_in("mgr", "aide")
    declare(found, "mgr", "M-CX1")
    found.submit()
    refused_in_vain(found, "aide", found.keys(("C-HD", "giving")))
    done = found.answer("aide")
    assert (done.answered, done.kept_out) == (2, 3)
    side = found.side("C-LI", "both")
    assert (side.by, side.on_behalf) == (found.user("aide"), found.user("mgr"))
    step = found.plan.steps.get(verb="answer")
    assert (step.actor, step.on_behalf) == (found.user("aide"), found.user("mgr"))


def test_a_deputy_who_is_a_relative_himself(found: Bench) -> None:
    found.stand_in("mgr", "aide")
    declare(found, "aide", "M-CD2")
    found.submit()
    assert (found.answer("aide").answered, len(left(found))) == (1, 7)


def test_what_one_reaches_oneself_is_not_the_principals_affair(found: Bench) -> None:
    """mgrbj stands in for mgr, who has declared 赵立群; mgrbj reaches the same sides in his own right."""
    found.stand_in("mgr", "mgrbj")
    declare(found, "mgr", "M-CX1")
    found.submit()
    assert (found.answer("mgrbj").answered, found.side("C-HD", "giving").on_behalf) == (8, None)


def test_two_principals_in_one_answer(found: Bench) -> None:
    """aide stands in for 城东 and for 城西: each side says for whom, the step keeps one and names both."""
    found.stand_in("mgr", "aide")
    found.stand_in("mgrcx", "aide")
    found.submit()
    done = found.answer("aide")
    assert (done.answered, done.complete) == (8, True)
    assert found.side("C-HD", "giving").on_behalf == found.user("mgr")
    assert found.side("C-HD", "taking").on_behalf == found.user("mgrcx")
    step = found.plan.steps.get(verb="answer")
    assert (step.on_behalf, step.data["on_behalf_of"]) == (
        found.user("mgr"),
        ["李敏（mgr）", "高城西（mgrcx）"],
    )


def test_whoever_planned_it_does_not_review_it(found: Bench) -> None:
    """mgr has the planner's role as well: asked for it, submitted it, or took a step on it."""
    also(found, "mgr", Role.CMD, "HO")
    found.submit("mgr")
    refused_in_vain(found, "mgr", None, "剩下的 5 户须由他人审核")
    also(found, "mgrcx", Role.CMD, "HO")
    AllocationPlan.objects.filter(pk=found.pk).update(asked_by=found.people["mgrcx"])
    refused_in_vain(found, "mgrcx", None, "剩下的 3 户须由他人审核")
    found.stand_in("mgrcx", "aide")
    refused_in_vain(found, "aide", None, "剩下的 3 户须由他人审核")


def test_whoever_sent_it_back_as_the_head_does_not_review_it(found: Bench) -> None:
    also(found, "ldr", Role.MGR, "CD")
    found.submit()
    found.send_back("ldr")
    found.submit()
    refused_in_vain(found, "ldr", None)
    assert found.answer("mgr").answered == 5


# --- the head ---------------------------------------------------------------------------------------------------------------
def head_in_vain(found: Bench, who: str, match: str) -> None:
    before = mark_of_rows()
    for verb in (found.approve, found.send_back):
        with pytest.raises(ValidationError, match=match) as error:
            verb(who)
        assert list(error.value.message_dict) == ["recusal"]
    assert mark_of_rows() == before
    assert [row.item.title for row in to_do(found.user(who), TODAY, "plan_approve")] == []


PART, PARTY = "在前一环节办理过该方案", "本人或有已申报利害关系"


def test_a_head_who_answered_for_a_unit(found: Bench) -> None:
    also(found, "ldr", Role.MGR, "CD")
    found.submit()
    found.answer("ldr")
    found.answer("mgrcx")
    head_in_vain(found, "ldr", PART)
    assert found.approve("ldrho").approved == 5


def test_a_head_whose_deputy_answered_for_him(found: Bench) -> None:
    """ldr heads 城东 as well; aide answered in his place: ldr has decided, and so has aide."""
    also(found, "ldr", Role.MGR, "CD")
    found.stand_in("ldr", "aide")
    found.submit()
    found.answer("aide")
    found.answer("mgrcx")
    head_in_vain(found, "ldr", PART)
    head_in_vain(found, "aide", PART)


def test_a_heads_deputy_who_answered_for_himself(found: Bench) -> None:
    found.stand_in("ldr", "mgr")
    found.answered()
    head_in_vain(found, "mgr", PART)
    assert found.approve("ldr").approved == 5


def test_a_head_who_asked_for_the_plan_or_submitted_it(found: Bench) -> None:
    also(found, "ldrho", Role.CMD, "HO")
    found.submit("ldrho")
    found.answer("mgr")
    found.answer("mgrcx")
    head_in_vain(found, "ldrho", PART)
    AllocationPlan.objects.filter(pk=found.pk).update(asked_by=found.people["ldr"])
    head_in_vain(found, "ldr", PART)


def test_a_head_with_a_relative_in_the_plan(found: Bench) -> None:
    declare(found, "ldr", "M-CX1")
    found.stand_in("ldr", "aide2")
    found.answered()
    head_in_vain(found, "ldr", PARTY)
    head_in_vain(found, "aide2", PARTY)
    assert [row.item.title for row in to_do(found.user("ldrho"), TODAY, "plan_approve")] == [
        "审批分客方案 FK-2026-0001"
    ]
    assert found.approve("ldrho").approved == 5


def test_a_head_who_is_in_the_plan_himself(found: Bench) -> None:
    number(found, "ldr", "M-CD1")
    found.answered()
    head_in_vain(found, "ldr", PARTY)


def test_a_deputy_of_the_head_is_named_with_him(found: Bench) -> None:
    found.stand_in("ldr", "aide2")
    found.answered()
    found.approve("aide2")
    step = found.plan.steps.get(verb="approve")
    assert (step.actor, step.on_behalf, found.plan.approved_by) == (found.user("aide2"), found.user("ldr"), found.user("aide2"))  # fmt: skip
    assert len(SIDES) == 8
