"""At once, in transactions of their own: many approve and one returns, double clicks, figures that change under a decision."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from appraisal.figures.models import Reading
from appraisal.grading.models import DecisionStep
from appraisal.grading.services.effect import take_effect
from appraisal.grading.services.moving import GroundMoved
from appraisal.grading.services.proposing import propose
from appraisal.scoring.models import ScoreSheet
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from managers.profiles.models import GradeRecord
from tests.cast import STAGE, TODAY, stage
from tests.decisions.world import EFFECTIVE, Case, Proposals, opened

pytestmark = pytest.mark.django_db(transaction=True)

APPROVALS = 50


@pytest.fixture
def fresh() -> Proposals:
    """Committed: every thread sees it."""
    with transaction.atomic():
        found = opened(stage())
        found.submit()
    return found


def at_once(work: list[Callable[[], Any]]) -> list[Any]:
    """Each in a thread with a connection of its own, started together; what each gave or raised."""
    came: list[Any] = [None] * len(work)
    gate = threading.Barrier(len(work))

    def run(place: int) -> None:
        try:
            connection.ensure_connection()
            gate.wait(60)
            came[place] = work[place]()
        except Exception as error:
            came[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return came


def test_of_fifty_approvals_and_one_return_exactly_one_wins(fresh: Proposals) -> None:
    case = fresh.case("M-CD1")
    steps, events = case.steps, case.events

    def approve(n: int) -> Callable[[], Any]:
        return lambda: case.do("approve", "mgr" if n % 2 else "mgrbj", nonce=f"n-{n}")

    came = at_once(
        [*(approve(n) for n in range(APPROVALS)), lambda: case.do("return", "mgr", nonce="n-return")]
    )
    won = [one for one in came if not isinstance(one, Exception)]
    lost = [one for one in came if isinstance(one, Exception)]
    assert (len(won), Counter(type(one) for one in lost)) == (1, {Conflict: APPROVALS})
    row = case.now
    who, when = row.moved_by, timezone.localtime(row.moved_at).strftime("%Y-%m-%d %H:%M:%S")
    assert who == won[0].step.actor_name
    state = {"approve": "待审定", "return": "已退回"}[won[0].step.verb]
    verbs = {"approve": "通过", "return": "退回"}
    assert {str(one) for one in lost} <= {
        f"{who} 已于 {when} 处理，现在是“{state}”，不能再“{verb}”。请刷新页面。" for verb in verbs.values()
    }
    assert len(case.steps) == len(steps) + 1
    assert len(case.events) == len(events) + 1


def test_one_form_sent_ten_times_is_one_step(fresh: Proposals) -> None:
    case = fresh.case("M-CD1")
    came = at_once([lambda: case.do("approve", "mgr", nonce="once")] * 10)
    assert [one.step.pk for one in came] == [came[0].step.pk] * 10
    assert sorted(one.repeated for one in came) == [False] + [True] * 9
    assert DecisionStep.objects.filter(decision=case.pk, verb="approve").count() == 1
    assert Event.objects.filter(kind="decision.approve").count() == 1


def test_the_mark_of_moved_figures_survives_the_refusal(fresh: Proposals) -> None:
    case = fresh.case("M-CD1")
    person = fresh.cast.managers["M-CD1"]
    Reading.objects.filter(manager=person, indicator_code="SALES").update(
        value=Decimal(1), updated_at=timezone.now()
    )
    with pytest.raises(GroundMoved):
        case.do("approve", "mgr")
    assert (case.now.state, case.now.stale) == ("in_review", True)


def test_a_regrading_and_an_approval_never_both_count(fresh: Proposals) -> None:
    """Whoever comes first: what was decided on the old sheet is void in the end."""
    case = fresh.case("M-CD1")
    version = case.now.updated_at.isoformat()
    ScoreSheet.objects.filter(manager__employee_no="M-CD1").update(digest="other", total=Decimal(90))
    came = at_once([
        lambda: case.do("approve", "mgr", version=version),
        lambda: propose(actor=STAGE, cycle=fresh.cycle, now=timezone.now()),
    ])  # fmt: skip
    assert came[0] is not None and not isinstance(came[1], Exception)
    row = case.now
    assert (row.state, row.total, row.reviewed_by) == ("in_review", Decimal(90), None)
    assert case.steps[-1][0] == "void"


def test_two_jobs_at_once_begin_one_grade(fresh: Proposals) -> None:
    case = fresh.case("M-CD1")
    case.at(kind="promotion", grade=fresh.cast.grades["SENIOR"])
    case.bring_to("cleared").at(effective_from=EFFECTIVE)

    def job() -> Any:
        return take_effect(actor=STAGE, today=date(2026, 3, 20), now=timezone.now())

    came = at_once([job, job, job])
    assert sorted(one.effective for one in came) == [0, 0, 1]
    assert GradeRecord.objects.filter(manager=fresh.cast.managers["M-CD1"], cause="appraisal").count() == 1
    assert case.steps[-1] == ("take_effect", "cleared", "effective")
    assert isinstance(case, Case) and EFFECTIVE > TODAY
