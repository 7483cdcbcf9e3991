"""A round is submitted to those who review, and closed when nothing of it is pending."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.services.rounds import round_close
from appraisal.scoring.services.regrading import regrade
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from tests.cast import STAGE, TODAY
from tests.decisions.world import EFFECTIVE, Proposals
from tests.permissions.house import mark_of_rows

pytestmark = pytest.mark.django_db


def refuses(found: Proposals, field: str, said: str, **values: Any) -> None:
    before = mark_of_rows()
    with pytest.raises(ValidationError, match=said) as refusal:
        found.submit(**values)
    assert list(refusal.value.message_dict) == [field]
    assert mark_of_rows() == before


def test_every_case_comes_before_its_reviewer(proposals: Proposals) -> None:
    """2026-03-02 is a Monday: five working days on is the next one."""
    found = proposals.submit(notice_days=7, appeal_days=10)
    assert (found.state, found.submitted_by, found.review_due_on) == (
        "review",
        proposals.user("hrh"),
        date(2026, 3, 9),
    )
    assert (found.effective_on, found.notice_days, found.appeal_days) == (EFFECTIVE, 7, 10)
    rows = GradeDecision.objects.filter(cycle=proposals.cycle)
    assert set(rows.values_list("state", "due_on", "moved_by")) == {
        ("in_review", date(2026, 3, 9), "郑人事（hrh）")
    }
    steps = DecisionStep.objects.values_list("verb", "from_state", "to_state", "actor__username")
    assert set(steps) == {("submit", "drafted", "in_review", "hrh")}
    assert DecisionStep.objects.count() == rows.count() == 4
    event = Event.objects.get(kind="round.submit")
    assert event.after == {
        "state": "review", "cases": 4, "review_due_on": "2026-03-09", "effective_on": "2026-03-20", "notice_days": 7,
        "appeal_days": 10,
    }  # fmt: skip
    told = Message.objects.filter(key=f"round:{found.pk}:submit")
    assert sorted(told.values_list("recipient__username", flat=True)) == ["mgr", "mgr2", "mgrbj"]
    assert {(one.title, one.body) for one in told} == {
        ("DEMO 2025Q4 的等级变更待您复核", "请在 2026-03-09 前办完。")
    }


def test_over_a_holiday_the_days_are_working_days(proposals: Proposals) -> None:
    """国庆 2026: 1 to 7 October off, Saturday 10 October is worked."""
    found = proposals.submit(today=date(2026, 9, 29), effective_on=date(2026, 10, 31))
    assert found.review_due_on == date(2026, 10, 12)


def test_twice_is_told_who_and_when(submitted: Proposals) -> None:
    before = mark_of_rows()
    with pytest.raises(Conflict, match=r"郑人事 已于 20\d\d-.* 提交"):
        submitted.submit()
    assert mark_of_rows() == before


def test_days_that_cannot_be(proposals: Proposals) -> None:
    refuses(proposals, "effective_on", "请填写拟生效日", effective_on=None)
    refuses(proposals, "effective_on", "不能早于今天", effective_on=date(2026, 3, 1))
    refuses(proposals, "review_due_on", "不能早于今天", review_due_on=date(2026, 3, 1))
    refuses(proposals, "__all__", "公示须为 1 到 30 个工作日", notice_days=0)
    refuses(proposals, "__all__", "申诉须为 1 到 60 个工作日", appeal_days=61)
    assert proposals.submit(effective_on=TODAY, review_due_on=TODAY).state == "review"


def test_not_while_it_is_being_regraded(proposals: Proposals) -> None:
    regrade(actor=STAGE, cycle_id=proposals.cycle.pk)
    refuses(proposals, "state", "正在定级")


def test_not_without_proposals(proposals: Proposals) -> None:
    GradeDecision.objects.all().delete()
    refuses(proposals, "state", "还没有等级建议")


def test_closed_when_all_is_done(submitted: Proposals) -> None:
    given: dict[str, Any] = {
        "actor": submitted.user("hrh"),
        "round_id": submitted.round.pk,
        "now": timezone.now(),
    }
    GradeDecision.objects.update(state="effective", effective_from=TODAY)
    submitted.case("M-CD1").at(state="cleared")
    with pytest.raises(ValidationError, match="还有 1 项没有办完"):
        round_close(**given)
    submitted.case("M-CD1").at(state="withdrawn")
    assert round_close(**given).state == "closed"
    before = mark_of_rows()
    assert round_close(**given).state == "closed"
    assert mark_of_rows() == before
    assert Event.objects.filter(kind="round.close").count() == 1


def test_a_draft_is_not_closed(proposals: Proposals) -> None:
    with pytest.raises(ValidationError, match="还没有提交"):
        round_close(actor=proposals.user("hrh"), round_id=proposals.round.pk, now=timezone.now())
