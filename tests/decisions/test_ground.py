"""Figures that change after the sheet was made hold a case up, by name, until it is regraded or they are put back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from appraisal.figures.models import Reading, Target
from appraisal.grading.grounds import grounds_of, moved_since
from appraisal.grading.jobs import STALE, stale_due, stale_step
from appraisal.grading.models import GradeDecision
from appraisal.grading.services.effect import take_effect
from appraisal.grading.services.moving import GroundMoved
from appraisal.grading.services.stale import stale_mark
from appraisal.ratings.models import Rating
from appraisal.scoring.services.regrading import regrade
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from cmsys.jobs.kinds import Run
from cmsys.jobs.models import Job
from tests.appraisal.world import PERIOD, finish, steps
from tests.cast import STAGE
from tests.decisions.world import EFFECTIVE, Case, Proposals, at

pytestmark = pytest.mark.django_db


def of(case: Case) -> dict[str, Any]:
    return {"period": PERIOD, "manager": case.proposals.cast.managers[case.number]}


def sales(case: Case) -> None:
    Reading.objects.filter(indicator_code="SALES", **of(case)).update(
        value=Decimal(2500), updated_at=timezone.now()
    )


def taken_back(case: Case) -> None:
    Reading.objects.filter(indicator_code="OVERDUE", **of(case)).delete()


def goal(case: Case) -> None:
    Target.objects.filter(indicator_code="SALES", **of(case)).update(
        value=Decimal(4000), updated_at=timezone.now()
    )


def rated(case: Case) -> None:
    Rating.objects.create(
        indicator_code="TEAM", rater="R9", rater_group="peer", score=Decimal(60), **of(case)
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (sales, "指标值“销售额”"),
        (taken_back, "指标值“逾期率”"),
        (goal, "目标“销售额”"),
        (rated, "评分“团队协作”"),
    ],
)
@pytest.mark.parametrize(("state", "verb", "who"), [
    ("in_review", "approve", "mgr"), ("in_review", "amend", "mgr"), ("reviewed", "confirm", "hrh"),
])  # fmt: skip
def test_a_change_after_the_sheet_refuses_every_deciding_step(
    case: Case, change: Any, named: str, state: str, verb: str, who: str
) -> None:
    case.bring_to(state)
    change(case)
    before = (case.steps, case.events)
    given = {"grade_code": "SENIOR"} if verb == "amend" else {}
    with pytest.raises(GroundMoved, match=f"考核表生成之后，{named} 有变动"):
        case.do(verb, who, **given)
    row = case.now
    assert (row.state, row.stale, row.kind) == (state, True, "hold")
    assert case.steps == before[0]
    assert case.events == [*before[1], "decision.stale"], "the mark survives the refusal"
    # Once is enough.
    with pytest.raises(GroundMoved):
        case.do(verb, who, **given)
    assert case.events == [*before[1], "decision.stale"]


def test_it_may_still_be_sent_back(case: Case) -> None:
    sales(case)
    assert case.do("return", "mgr").decision.state == "returned"


def test_figures_put_back_free_the_case(case: Case) -> None:
    sales(case)
    with pytest.raises(GroundMoved):
        case.do("approve", "mgr")
    Reading.objects.filter(indicator_code="SALES", **of(case)).update(value=Decimal("2400.00"))
    case.do("approve", "mgr")
    assert (case.now.state, case.now.stale) == ("reviewed", False)


def test_codes_the_scheme_does_not_read_and_other_people_do_not_matter(
    case: Case, submitted: Proposals
) -> None:
    Reading.objects.create(indicator_code="VISITS", value=Decimal(3), **of(case))
    sales(submitted.case("M-CX1"))
    Reading.objects.create(indicator_code="SALES", value=Decimal(1), **(of(case) | {"period": "2026Q1"}))
    assert case.do("approve", "mgr").decision.state == "reviewed"


def test_the_regrading_frees_or_voids(submitted: Proposals) -> None:
    """Two people's figures change: one so that his sheet differs, one back and forth."""
    one, other = submitted.case("M-CD1"), submitted.case("M-CD2")
    for found in (one, other):
        found.bring_to("reviewed")
    sales(one)
    Target.objects.filter(indicator_code="SALES", **of(other)).update(
        value=Decimal(3001), updated_at=timezone.now()
    )
    assert stale_mark(actor=STAGE, cycle_id=submitted.cycle.pk, now=timezone.now()) == 2
    Target.objects.filter(indicator_code="SALES", **of(other)).update(value=Decimal(3000))
    submitted.regrade()
    assert (one.now.state, one.now.stale) == ("in_review", False)
    assert (other.now.state, other.now.stale) == ("reviewed", False)
    assert other.do("confirm", "hrh").decision.state == "confirmed"


def test_a_change_while_the_regrading_reads_is_not_taken_for_read(submitted: Proposals) -> None:
    case = submitted.case("M-CD1")
    job = regrade(actor=STAGE, cycle_id=submitted.cycle.pk)
    work = steps(job)
    assert next(work).cursor.phase in ("results", "publish")
    # The cursor keeps whole seconds.
    Reading.objects.filter(indicator_code="SALES", **of(case)).update(
        value=Decimal(2600), updated_at=timezone.now() + timedelta(seconds=2)
    )
    for _chunk in work:
        pass
    assert "reading.SALES=?" in case.now.ground
    assert case.now.stale
    with pytest.raises(GroundMoved, match="指标值“销售额”"):
        case.do("approve", "mgr")


def test_a_regrading_of_one_unit_speaks_for_that_unit_alone(submitted: Proposals) -> None:
    here, there = submitted.case("M-CD1"), submitted.case("M-CX1")
    for found in (here, there):
        Rating.objects.filter(**of(found)).update(comment="改")
        sales(found)
    stale_mark(actor=STAGE, cycle_id=submitted.cycle.pk, now=timezone.now())
    finish(regrade(actor=STAGE, cycle_id=submitted.cycle.pk, unit_id=submitted.cast.units["CD"].pk))
    assert (here.now.stale, there.now.stale) == (False, True)


# --- the look round --------------------------------------------------------------------------------------------------------
def test_marks_go_on_and_off_with_one_event_a_cycle(submitted: Proposals) -> None:
    case, now = submitted.case("M-CD1"), timezone.now()
    assert stale_mark(actor=STAGE, cycle_id=submitted.cycle.pk, now=now) == 0
    assert not Event.objects.filter(kind="round.stale").exists()
    sales(case)
    assert stale_mark(actor=STAGE, cycle_id=submitted.cycle.pk, now=now) == 1
    assert case.now.stale
    Reading.objects.filter(indicator_code="SALES", **of(case)).update(value=Decimal(2400))
    assert stale_mark(actor=STAGE, cycle_id=submitted.cycle.pk, now=now) == 1
    assert not case.now.stale
    assert [event.after for event in Event.objects.filter(kind="round.stale").order_by("pk")] == [
        {"stale": 1, "firm": 0}, {"stale": 0, "firm": 1},
    ]  # fmt: skip
    assert not Message.objects.filter(key__startswith="stale:").exists()


def test_a_confirmed_case_waits_and_human_resources_hear_of_it(submitted: Proposals) -> None:
    case = submitted.case("M-CD1").bring_to("confirmed")
    sales(case)
    stale_mark(actor=STAGE, cycle_id=submitted.cycle.pk, now=timezone.now())
    message = Message.objects.filter(key__startswith="stale:")
    assert set(message.values_list("recipient__username", flat=True)) == {"hrh", "hrh2"}
    assert {one.title for one in message} == {"DEMO 2025Q4 有 1 项已审定的等级变更数据有变动"}
    assert take_effect(actor=STAGE, today=EFFECTIVE, now=timezone.now()).effective == 0
    assert case.now.state == "confirmed"


def test_the_job_runs_when_figures_have_changed_and_every_morning(submitted: Proposals) -> None:
    for model in (Reading, Target, Rating):
        model.objects.update(updated_at=at("2026-03-02 08:00"))
    assert stale_due(at("2026-03-03 09:44")) is None
    Reading.objects.filter(indicator_code="SALES").update(updated_at=at("2026-03-03 09:29"))
    assert stale_due(at("2026-03-03 09:44")) == at("2026-03-03 09:30")
    assert stale_due(at("2026-03-03 10:01")) is None
    assert stale_due(at("2026-03-03 06:31")) == at("2026-03-03 06:30")
    sales(submitted.case("M-CD1"))
    chunk = stale_step(Run(1, "", STAGE, None, None, timezone.now()))
    assert (chunk.done, chunk.message, chunk.cursor) == (1, "1 项的数据状态有变化", None)
    assert not Job.objects.filter(kind=STALE).exists()


def test_marks_name_what_differs(submitted: Proposals) -> None:
    assert moved_since("reading.A=1 target.B=2", "reading.A=1 target.B=3 rating.C=4") == [
        "rating.C",
        "target.B",
    ]
    person = submitted.cast.managers["M-CD1"]
    alone = grounds_of(submitted.cycle, [person.pk])
    assert list(alone) == [person.pk]
    assert (
        alone[person.pk]
        == grounds_of(submitted.cycle)[person.pk]
        == GradeDecision.objects.get(manager=person).ground
    )
