"""Decisions follow the sheets: new ones, refreshed ones, and those that lose their ground."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.grading import voiding
from appraisal.grading.models import DecisionStep, GradeDecision, GradingRound
from appraisal.grading.services.proposing import Proposed, propose
from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import MissingFunction
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from tests.cast import STAGE, TODAY
from tests.decisions.world import EFFECTIVE, Proposals, at

pytestmark = pytest.mark.django_db

NOW = at("2026-03-03 09:30")


def again(found: Proposals, now: Any = NOW) -> Proposed:
    return propose(actor=STAGE, cycle=found.cycle, now=now)


def sheet(found: Proposals, number: str, **values: Any) -> None:
    """What a regrading would have made of a person."""
    ScoreSheet.objects.filter(cycle=found.world.cycle, manager__employee_no=number).update(**values)


def promoted(found: Proposals, number: str = "M-CD1", to: str = "SENIOR", digest: str = "other") -> None:
    sheet(found, number, proposal="promotion", proposed_grade=to, digest=digest, total=Decimal("95.5"))


def test_every_sheet_has_a_case_that_keeps_what_is_not_changed(proposals: Proposals) -> None:
    found = {
        number: (
            row.state,
            row.status,
            row.proposal,
            row.kind,
            str(row.previous_grade),
            str(row.grade),
            row.total,
        )
        for number in ("M-CD1", "M-CD2", "M-CX1", "M-PD1")
        for row in [proposals.decision(number)]
    }
    assert found == {
        "M-CD1": ("drafted", "proposed", "hold", "hold", "中级客户经理", "中级客户经理", Decimal(78)),
        "M-CD2": ("drafted", "proposed", "hold", "hold", "高级客户经理", "高级客户经理", Decimal(54)),
        "M-CX1": ("drafted", "proposed", "hold", "hold", "初级客户经理", "初级客户经理", Decimal("93.8495")),
        "M-PD1": ("drafted", "proposed", "not_rated", "not_rated", "中级客户经理", "中级客户经理", None),
    }
    row = proposals.decision("M-CX1")
    own = ScoreSheet.objects.get(cycle=proposals.cycle, manager=row.manager_id)
    assert (row.sheet_id, row.basis, row.unit.code, row.quadrant) == (own.pk, own.digest, "CX", "HH")
    assert (proposals.round.state, proposals.round.submitted_at) == ("draft", None)
    event = Event.objects.get(kind="round.propose")
    assert event.after == {"created": 4, "refreshed": 0, "voided": 0}
    assert DecisionStep.objects.count() == 0


def written() -> list[Any]:
    return [
        list(GradeDecision.objects.order_by("pk").values()), list(GradingRound.objects.values()),
        DecisionStep.objects.count(), Message.objects.count(),
        Event.objects.exclude(kind__in=("cycle.regrade", "job.done")).count(),
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["drafted", "in_review", "reviewed", "confirmed"])
def test_the_same_figures_again_write_nothing(submitted: Proposals, state: str) -> None:
    submitted.case("M-CD1").at(state=state)
    before = written()
    submitted.regrade()
    assert written() == before


def test_a_draft_takes_over_what_its_sheet_says_now(proposals: Proposals) -> None:
    promoted(proposals)
    assert again(proposals) == Proposed(created=0, refreshed=1, voided=[])
    row = proposals.decision("M-CD1")
    assert (row.state, row.kind, row.grade and row.grade.code, row.total) == (
        "drafted",
        "promotion",
        "SENIOR",
        Decimal("95.5"),
    )
    assert (row.basis, row.flags, DecisionStep.objects.count()) == ("other", [], 0)
    assert Event.objects.filter(kind="decision.void").count() == 0


@pytest.mark.parametrize(
    "state", ["in_review", "returned", "reviewed", "confirmed", "on_notice", "served", "cleared"]
)
def test_changed_figures_void_what_was_decided(submitted: Proposals, state: str, monkeypatch: Any) -> None:
    told: list[tuple[int, str]] = []
    monkeypatch.setattr(voiding, "_followers", [lambda row, now: told.append((row.pk, row.state))])
    case = submitted.case("M-CD1")
    case.bring_to(state)
    case.at(assignee=submitted.user("mgr2"), kind="hold")
    promoted(submitted)
    assert again(submitted) == Proposed(voided=[case.pk])
    row = case.now
    assert (row.state, row.kind, row.grade and row.grade.code, row.proposal) == (
        "in_review",
        "promotion",
        "SENIOR",
        "promotion",
    )
    assert (row.reviewed_by, row.confirmed_by, row.assignee, row.effective_from, row.stale) == (
        None,
        None,
        None,
        None,
        False,
    )
    assert {flag["code"] for flag in row.flags} >= {"voided"}
    assert case.steps[-1] == ("void", state, "in_review")
    step = DecisionStep.objects.filter(decision=case.pk).latest("pk")
    assert step.data == {
        "proposal": {"from": "hold", "to": "promotion"}, "kind": {"from": "hold", "to": "promotion"},
        "proposed_grade": {"from": None, "to": "高级客户经理"}, "grade": {"from": "中级客户经理", "to": "高级客户经理"},
        "total": {"from": "78", "to": "95.5"},
    }  # fmt: skip
    event = Event.objects.get(kind="decision.void")
    assert (event.before["state"], event.after["state"], event.after["total"]) == (state, "in_review", "95.5")
    after_confirm = state in ("confirmed", "on_notice", "served", "cleared")
    assert told == ([(case.pk, "in_review")] if after_confirm else [])
    decided = {"in_review": set(), "returned": {"mgr"}, "reviewed": {"mgr"}}.get(state, {"mgr", "hrh"})
    messages = Message.objects.filter(key__startswith="void:")
    assert set(messages.values_list("recipient__username", flat=True)) == decided
    assert {message.title for message in messages} <= {"数据变动，您对陈思远（共 1 人）的意见作废"}


@pytest.mark.parametrize("state", ["effective", "superseded", "withdrawn"])
def test_what_is_settled_stays(submitted: Proposals, state: str) -> None:
    case = submitted.case("M-CD1").at(state=state, effective_from=TODAY)
    before = GradeDecision.objects.filter(pk=case.pk).values().get()
    promoted(submitted)
    assert again(submitted) == Proposed()
    assert GradeDecision.objects.filter(pk=case.pk).values().get() == before


def test_who_comes_later_stands_before_the_reviewers_at_once(submitted: Proposals) -> None:
    key = submitted.decision("M-CX1").pk
    DecisionStep.objects.filter(decision=key).delete()
    GradeDecision.objects.filter(pk=key).delete()
    assert again(submitted) == Proposed(created=1)
    case = submitted.case("M-CX1")
    assert (case.now.state, str(case.now.due_on)) == ("in_review", "2026-03-09")
    assert case.steps == [("submit", "drafted", "in_review")]


def test_a_closed_round_is_under_way_again_when_somebody_comes(submitted: Proposals) -> None:
    GradingRound.objects.update(state="closed", closed_at=NOW)
    key = submitted.decision("M-CX1").pk
    DecisionStep.objects.filter(decision=key).delete()
    GradeDecision.objects.filter(pk=key).delete()
    again(submitted)
    assert (submitted.round.state, submitted.round.closed_at) == ("review", None)
    assert Event.objects.filter(kind="round.reopen").count() == 1


def test_a_case_that_comes_back_late_has_five_working_days(submitted: Proposals) -> None:
    """Due on 2026-03-09; on the Monday of 清明 the five days go past the holiday (4 to 6 April)."""
    promoted(submitted)
    again(submitted, at("2026-04-03 10:00"))
    assert str(submitted.case("M-CD1").now.due_on) == "2026-04-13"


def test_what_does_not_fit_the_ladder_is_flagged(proposals: Proposals) -> None:
    promoted(proposals, "M-CX1", "SENIOR", "far")
    promoted(proposals, "M-CD1", "PARTNER", "unknown")
    sheet(proposals, "M-CD2", grade_code="", digest="none")
    again(proposals)
    rows = {number: proposals.decision(number) for number in ("M-CX1", "M-CD1", "M-CD2")}
    assert rows["M-CX1"].flags == [{"code": "far"}]
    assert (rows["M-CD1"].flags, rows["M-CD1"].grade, rows["M-CD1"].kind) == (
        [{"code": "unknown_grade"}],
        None,
        "promotion",
    )
    assert (rows["M-CD2"].flags, rows["M-CD2"].previous_grade, rows["M-CD2"].grade) == (
        [{"code": "no_grade"}],
        None,
        None,
    )


def test_only_who_may_regrade_proposes(proposals: Proposals) -> None:
    with pytest.raises(MissingFunction):
        propose(actor=proposals.user("mgr"), cycle=proposals.cycle, now=NOW)


def test_everybody_in_as_many_statements_as_one(submitted: Proposals) -> None:
    def statements(numbers: list[str], digest: str) -> int:
        for number in numbers:
            promoted(submitted, number, digest=digest)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert len(again(submitted).voided) == len(numbers)
        return len(seen)

    submitted.case("M-CD1").bring_to("reviewed")
    assert (
        statements(["M-CD1"], "a") == statements(["M-CD1", "M-CD2", "M-CX1"], "b") + 1
    )  # a message to 李敏 for the first
    assert EFFECTIVE > TODAY and timezone.now() is not None
