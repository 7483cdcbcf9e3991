"""The day comes: who keeps, who rises, who falls; what is superseded; what cannot; appeals that were upheld."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.grading.jobs import Effected, take_effect_step
from appraisal.grading.models import DecisionStep, GradeDecision, GradingRound
from appraisal.grading.services.effect import Effect, take_effect
from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from cmsys.jobs.kinds import Run
from cmsys.jobs.schedule import table
from managers.profiles.models import GradeCause, GradeRecord
from managers.profiles.services.managers import grade_appraise, grade_begin
from tests.cast import STAGE, TODAY
from tests.decisions.world import EFFECTIVE, Case, Proposals, at

pytestmark = pytest.mark.django_db


def go(day: date = EFFECTIVE, **more: Any) -> Effect:
    return take_effect(actor=STAGE, today=day, now=timezone.now(), **more)


def promoted(found: Proposals, number: str = "M-CD1", to: str = "SENIOR", **more: Any) -> Case:
    """A promotion whose notice has passed."""
    case = found.case(number)
    case.at(kind="promotion", grade=found.cast.grades[to])
    case.bring_to("cleared")
    return case.at(**more) if more else case


def history(found: Proposals, number: str) -> list[tuple[str, str, str | None, str]]:
    rows = GradeRecord.objects.filter(manager=found.cast.managers[number]).order_by("starts_on")
    return [
        (row.grade.code, str(row.starts_on), row.ends_on and str(row.ends_on), row.cause)
        for row in rows.select_related("grade")
    ]


def test_who_keeps_his_grade_does_so_from_the_day_of_the_round(submitted: Proposals) -> None:
    case = submitted.case("M-CD1").bring_to("confirmed")
    assert go(date(2026, 3, 19)) == Effect()
    assert case.now.state == "confirmed"
    assert go() == Effect(case.pk, 1, 0)
    row = case.now
    assert (row.state, row.status, row.effective_from, row.effective_to) == (
        "effective",
        "effective",
        EFFECTIVE,
        None,
    )
    assert case.steps[-1] == ("take_effect", "confirmed", "effective")
    assert case.events[-1] == "decision.take_effect"
    assert history(submitted, "M-CD1") == [("MIDDLE", "2018-07-01", None, "hired")]
    own = Message.objects.get(key=f"effect:{case.pk}")
    assert (own.recipient.username, own.title) == (
        "cm",
        "DEMO 2025Q4 定级结果生效：中级客户经理，自 2026-03-20 起",
    )
    assert go() == Effect(), "once"


def test_the_not_rated_too(submitted: Proposals) -> None:
    case = submitted.case("M-PD1").at(state="confirmed")
    assert go() == Effect(case.pk, 1, 0)
    assert (case.now.state, str(case.now.grade)) == ("effective", "中级客户经理")


def test_a_promotion_begins_a_grade_on_its_own_day(submitted: Proposals) -> None:
    """The notice ended on 2026-03-24, after the day of the round; the server was down until the 30th."""
    case = promoted(submitted, effective_from=date(2026, 3, 25))
    assert go(date(2026, 3, 24)) == Effect()
    assert go(date(2026, 3, 30)) == Effect(case.pk, 1, 0)
    assert case.now.effective_from == date(2026, 3, 25)
    assert history(submitted, "M-CD1") == [
        ("MIDDLE", "2018-07-01", "2026-03-25", "hired"), ("SENIOR", "2026-03-25", None, "appraisal"),
    ]  # fmt: skip
    assert submitted.cast.managers["M-CD1"].__class__.objects.get(employee_no="M-CD1").grade.code == "SENIOR"
    told = Message.objects.filter(key=f"effect:{case.pk}").order_by("recipient__username")
    assert [(one.recipient.username, one.title) for one in told] == [
        ("cm", "DEMO 2025Q4 定级结果生效：高级客户经理，自 2026-03-25 起"),
        ("mgr", "陈思远 的等级变更生效：高级客户经理，自 2026-03-25 起"),
        ("mgrbj", "陈思远 的等级变更生效：高级客户经理，自 2026-03-25 起"),
    ]


def test_never_before_the_day_of_the_round(submitted: Proposals) -> None:
    case = promoted(submitted, effective_from=date(2026, 3, 10))
    assert go(date(2026, 3, 19)) == Effect()
    go()
    assert case.now.effective_from == EFFECTIVE


def test_a_demotion_takes_effect_once_it_is_served(submitted: Proposals) -> None:
    case = submitted.case("M-CD1").at(kind="demotion", grade=submitted.cast.grades["JUNIOR"])
    case.bring_to("confirmed")
    assert go() == Effect(), "not served yet"
    case.do("serve", "hrh")
    case.at(effective_from=EFFECTIVE)
    assert go() == Effect(case.pk, 1, 0)
    assert history(submitted, "M-CD1")[-1] == ("JUNIOR", "2026-03-20", None, "appraisal")


@pytest.mark.parametrize("state", ["in_review", "returned", "reviewed", "on_notice", "withdrawn"])
def test_nothing_else_takes_effect(submitted: Proposals, state: str) -> None:
    submitted.case("M-CD1").at(
        state=state, kind="promotion", grade=submitted.cast.grades["SENIOR"], effective_from=TODAY
    )
    assert go() == Effect()


def test_a_promotion_that_is_confirmed_waits_for_its_notice(submitted: Proposals) -> None:
    submitted.case("M-CD1").at(state="confirmed", kind="promotion", grade=submitted.cast.grades["SENIOR"])
    assert go(date(2027, 1, 1)) == Effect()


# --- one after another -----------------------------------------------------------------------------------------------------
def next_cycle(found: Proposals, period: str, starts_on: date) -> GradingRound:
    old = found.cycle
    cycle = Cycle.objects.create(
        scheme=old.scheme,
        scheme_code=old.scheme_code,
        period=period,
        starts_on=starts_on,
        ends_on=date(2026, 12, 31),
    )
    return GradingRound.objects.create(
        cycle=cycle,
        state="review",
        submitted_at=timezone.now(),
        review_due_on=TODAY,
        effective_on=date(2026, 6, 1),
    )


def beside(found: Proposals, round: GradingRound, **values: Any) -> GradeDecision:
    """A confirmed case of the same person in another cycle."""
    person = found.cast.managers["M-CD1"]
    sheet = ScoreSheet.objects.create(cycle=round.cycle, manager=person, unit=person.unit, proposal="hold")
    grade = found.cast.grades["MIDDLE"]
    given = {
        "state": "confirmed",
        "kind": "hold",
        "proposal": "hold",
        "grade": grade,
        "previous_grade": grade,
    } | values
    return GradeDecision.objects.create(
        round=round, cycle=round.cycle, manager=person, unit=person.unit, sheet=sheet, **given
    )


def test_the_earlier_decision_is_superseded(submitted: Proposals) -> None:
    first = submitted.case("M-CD1").bring_to("confirmed")
    go()
    second = beside(submitted, next_cycle(submitted, "2026Q1", date(2026, 1, 1)))
    assert go(date(2026, 6, 2)) == Effect(second.pk, 1, 0)
    assert (first.now.state, first.now.effective_to) == ("superseded", date(2026, 6, 1))
    assert first.steps[-1] == ("supersede", "effective", "superseded")
    assert GradeDecision.objects.get(pk=second.pk).state == "effective"


def test_a_late_decision_of_an_earlier_cycle_does_not_undo_a_later_one(submitted: Proposals) -> None:
    late = submitted.case("M-CD1").bring_to("confirmed")
    second = beside(
        submitted, next_cycle(submitted, "2026Q1", date(2026, 1, 1)), state="effective", effective_from=TODAY
    )
    assert go() == Effect(late.pk, 0, 1)
    assert (late.now.state, [flag["code"] for flag in late.now.flags]) == ("confirmed", ["trouble"])
    assert GradeDecision.objects.get(pk=second.pk).state == "effective"


# --- what cannot ---------------------------------------------------------------------------------------------------------
def test_one_that_cannot_does_not_hold_up_the_others(submitted: Proposals) -> None:
    """Between confirming and the day somebody else has changed the grade of one person."""
    bad, good = promoted(submitted, effective_from=EFFECTIVE), submitted.case("M-CX1")
    good.at(
        kind="promotion", grade=submitted.cast.grades["MIDDLE"], state="cleared", effective_from=EFFECTIVE
    )
    grade_begin(
        actor=STAGE, manager_id=submitted.cast.managers["M-CD1"].pk, grade=submitted.cast.grades["JUNIOR"],
        starts_on=date(2026, 3, 1), cause=GradeCause.CORRECTION, note="",
    )  # fmt: skip
    assert go(date(2026, 4, 1)) == Effect(good.pk, 1, 1)
    assert (good.now.state, bad.now.state) == ("effective", "cleared")
    assert [flag["code"] for flag in bad.now.flags] == ["trouble"]
    event = Event.objects.get(kind="decision.trouble")
    assert event.reason == "本人现等级（初级客户经理）已不是定级时的等级"
    told = Message.objects.filter(key__startswith=f"trouble:{bad.pk}")
    assert set(told.values_list("recipient__username", flat=True)) == {"hrh", "hrh2"}
    # The next day: tried again, told once; and when the cause is gone it takes effect.
    assert go(date(2026, 4, 2)) == Effect(bad.pk, 0, 1)
    assert Event.objects.filter(kind="decision.trouble").count() == 1
    grade_begin(
        actor=STAGE, manager_id=submitted.cast.managers["M-CD1"].pk, grade=submitted.cast.grades["MIDDLE"],
        starts_on=date(2026, 3, 2), cause=GradeCause.CORRECTION, note="",
    )  # fmt: skip
    assert go(date(2026, 4, 3)) == Effect(bad.pk, 1, 0)
    assert (bad.now.state, bad.now.flags) == ("effective", [])


def test_a_grade_that_begins_later_already_refuses_and_says_so(submitted: Proposals) -> None:
    bad = promoted(submitted, effective_from=EFFECTIVE)
    GradeRecord.objects.filter(manager=submitted.cast.managers["M-CD1"]).update(starts_on=date(2026, 3, 21))
    assert go() == Effect(bad.pk, 0, 1)
    assert Event.objects.get(kind="decision.trouble").reason == "开始日期须晚于现等级的开始日期 2026-03-21。"
    assert history(submitted, "M-CD1") == [("MIDDLE", "2026-03-21", None, "hired")]


def test_who_has_left_is_not_promoted(submitted: Proposals) -> None:
    case = promoted(submitted, effective_from=EFFECTIVE)
    person = submitted.cast.managers["M-CD1"]
    type(person).objects.filter(pk=person.pk).update(status="left")
    assert go() == Effect(case.pk, 0, 1)
    assert Event.objects.get(kind="decision.trouble").reason == "本人已经离职"


def test_who_has_the_grade_already_begins_nothing(submitted: Proposals) -> None:
    case = promoted(submitted, effective_from=EFFECTIVE)
    grade_begin(
        actor=STAGE, manager_id=submitted.cast.managers["M-CD1"].pk, grade=submitted.cast.grades["SENIOR"],
        starts_on=date(2026, 3, 1), cause=GradeCause.CORRECTION, note="",
    )  # fmt: skip
    assert go() == Effect(case.pk, 1, 0)
    assert [row[:2] for row in history(submitted, "M-CD1")] == [
        ("MIDDLE", "2018-07-01"),
        ("SENIOR", "2026-03-01"),
    ]


# --- the job -------------------------------------------------------------------------------------------------------------
def test_the_job_goes_in_chunks_and_is_scheduled_at_night(submitted: Proposals, monkeypatch: Any) -> None:
    monkeypatch.setattr("appraisal.grading.jobs.AT_ONCE", 2)
    GradeDecision.objects.update(state="confirmed")
    keys = sorted(GradeDecision.objects.values_list("pk", flat=True))
    run = Run(1, "", STAGE, None, None, at("2026-03-20 00:10"))
    first = take_effect_step(run)
    assert first.cursor == Effected(keys[1], 2, 0)
    second = take_effect_step(Run(1, "", STAGE, None, first.cursor, at("2026-03-20 00:11")))
    assert second.cursor == Effected(keys[3], 4, 0)
    last = take_effect_step(Run(1, "", STAGE, None, second.cursor, at("2026-03-20 00:12")))
    assert (last.cursor, last.result.effective, last.message) == (None, 4, "4 项生效，0 项未能生效")
    assert ("grading.take_effect", "00:10:00") in [(entry.kind, str(entry.daily_at)) for entry in table()]


def test_only_who_confirms_may_start_it(submitted: Proposals) -> None:
    with pytest.raises(MissingFunction):
        take_effect(actor=submitted.user("mgr"), today=EFFECTIVE, now=timezone.now())


def test_three_who_keep_cost_what_one_costs(submitted: Proposals) -> None:
    def cost(numbers: tuple[str, ...]) -> int:
        GradeDecision.objects.filter(manager__employee_no__in=numbers).update(state="confirmed")
        with CaptureQueriesContext(connection) as seen:
            assert go().effective == len(numbers)
        return len(seen)

    assert cost(("M-CD2",)) == cost(("M-CX1", "M-PD1"))


# --- appeals ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def demoted(submitted: Proposals) -> Case:
    case = submitted.case("M-CD1").at(kind="demotion", grade=submitted.cast.grades["JUNIOR"])
    case.bring_to("served").at(effective_from=EFFECTIVE)
    go()
    return case


def test_an_upheld_appeal_gives_the_better_grade_from_that_day(demoted: Case, submitted: Proposals) -> None:
    demoted.do("correct", "hrh2", grade=submitted.cast.grades["MIDDLE"], today=date(2026, 4, 7))
    row = demoted.now
    assert (row.state, row.kind, row.effective_from, str(row.grade)) == (
        "effective",
        "hold",
        date(2026, 4, 7),
        "中级客户经理",
    )
    assert history(submitted, "M-CD1") == [
        ("MIDDLE", "2018-07-01", "2026-03-20", "hired"), ("JUNIOR", "2026-03-20", "2026-04-07", "appraisal"),
        ("MIDDLE", "2026-04-07", None, "appraisal"),
    ]  # fmt: skip
    step = DecisionStep.objects.filter(decision=demoted.pk).latest("pk")
    assert (step.verb, step.level, step.reason) == ("correct", "appeal", "申诉成立")
    assert step.data["grade"] == {"from": "初级客户经理", "to": "中级客户经理"}


def test_on_the_very_day_the_grade_is_put_right_in_place(demoted: Case, submitted: Proposals) -> None:
    demoted.do("correct", "hrh2", grade=submitted.cast.grades["MIDDLE"], today=EFFECTIVE)
    assert history(submitted, "M-CD1")[1:] == [("MIDDLE", "2026-03-20", None, "appraisal")]


@pytest.mark.parametrize(("code", "said"), [("JUNIOR", "没有可更正的"), ("MIDDLE", "申诉不得加重")])
def test_an_appeal_never_worsens(submitted: Proposals, code: str, said: str) -> None:
    case = promoted(submitted, effective_from=EFFECTIVE)
    go()
    if code == "JUNIOR":
        code = "SENIOR"
    before = (case.steps, history(submitted, "M-CD1"))
    with pytest.raises(ValidationError, match=said):
        case.do("correct", "hrh2", grade=submitted.cast.grades[code])
    assert (case.steps, history(submitted, "M-CD1")) == before


@pytest.mark.parametrize("who", ["mgr", "hrh"])
def test_who_decided_before_does_not_correct(demoted: Case, submitted: Proposals, who: str) -> None:
    with pytest.raises(ValidationError, match="已经对该事项作过决定") as refusal:
        demoted.do("correct", who, grade=submitted.cast.grades["MIDDLE"])
    assert list(refusal.value.message_dict) == ["recusal"]


def test_only_what_is_in_effect_is_corrected(submitted: Proposals) -> None:
    with pytest.raises(Conflict):
        submitted.case("M-CD1").do("correct", "hrh2", grade=submitted.cast.grades["SENIOR"])


# --- the grade history ------------------------------------------------------------------------------------------------------
def test_the_grade_of_an_appraisal_is_recorded_once(submitted: Proposals) -> None:
    person, senior = submitted.cast.managers["M-CX1"], submitted.cast.grades["SENIOR"]
    given: dict[str, Any] = {"actor": STAGE, "manager_id": person.pk, "starts_on": EFFECTIVE, "note": "考核"}
    assert grade_appraise(grade=submitted.cast.grades["JUNIOR"], **given) is None
    assert not Event.objects.filter(kind="manager.grade", object_id=str(person.pk), reason="考核").exists()
    begun = grade_appraise(grade=senior, **given)
    assert begun is not None and (begun.cause, begun.note) == ("appraisal", "考核")
    assert grade_appraise(grade=senior, **given) is None
    event = Event.objects.get(kind="manager.grade", object_id=str(person.pk), reason="考核")
    assert event.after == {"grade": "高级客户经理", "starts_on": "2026-03-20", "cause": "appraisal"}
    with pytest.raises(MissingFunction):
        grade_appraise(grade=senior, **(given | {"actor": submitted.user("mgr")}))
    with pytest.raises(type(person).DoesNotExist):
        grade_appraise(grade=senior, **(given | {"actor": submitted.user("hrsh")}))
