"""Five thousand people: proposed, submitted, voided and in effect in as many statements as four."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.services.effect import take_effect
from appraisal.grading.services.proposing import Proposed, propose
from appraisal.grading.services.stale import stale_mark
from appraisal.scoring.models import ScoreSheet
from cmsys.audit.models import Event
from managers.profiles.models import RelationshipManager
from tests.cast import STAGE
from tests.decisions.world import EFFECTIVE, Proposals

pytestmark = pytest.mark.django_db

PEOPLE = 5_000


def crowd(found: Proposals) -> None:
    """Sheets of so many more people of 城西, proposed to stay JUNIOR."""
    unit, grade = found.cast.units["CX"], found.cast.grades["JUNIOR"]
    people = RelationshipManager.objects.bulk_create(
        RelationshipManager(
            employee_no=f"E{n:05}", name=f"员工{n:05}", unit=unit, grade=grade, line=found.cast.line
        )
        for n in range(PEOPLE)
    )
    ScoreSheet.objects.bulk_create(
        [
            ScoreSheet(
                cycle=found.cycle, manager=person, unit=unit, grade_code="JUNIOR", total=Decimal(70), proposal="hold",
                digest=f"d{n}", reasons={"schema_version": 1},
            )
            for n, person in enumerate(people)
        ],
        batch_size=2000,
    )  # fmt: skip


def test_five_thousand_in_a_handful_of_statements(
    proposals: Proposals, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []

    def measured(what: str, most: int) -> CaptureQueriesContext:
        said.append([what, time.perf_counter(), most])
        return CaptureQueriesContext(connection)

    def ended(seen: CaptureQueriesContext) -> None:
        what, begun, most = said[-1]
        said[-1] = f"{what}: {len(seen)} statements, {time.perf_counter() - begun:.2f} s"
        assert len(seen) <= most, said[-1]

    crowd(proposals)
    with measured("propose 5000", 20) as seen:
        assert propose(actor=STAGE, cycle=proposals.cycle, now=timezone.now()) == Proposed(created=PEOPLE)
    ended(seen)
    with measured("propose again", 20) as seen:
        assert propose(actor=STAGE, cycle=proposals.cycle, now=timezone.now()) == Proposed()
    ended(seen)
    GradeDecision.objects.update(flags=[])
    with measured("submit", 25) as seen:
        proposals.submit()
    ended(seen)
    assert DecisionStep.objects.filter(verb="submit").count() == PEOPLE + 4
    assert Event.objects.filter(kind="round.submit").get().after["cases"] == PEOPLE + 4
    with measured("look round", 20) as seen:
        assert stale_mark(actor=STAGE, cycle_id=proposals.cycle.pk, now=timezone.now()) == 0
    ended(seen)
    ScoreSheet.objects.filter(manager__employee_no__lt="E01000").update(digest="other")
    with measured("void 1000", 40) as seen:
        assert len(propose(actor=STAGE, cycle=proposals.cycle, now=timezone.now()).voided) == 1000
    ended(seen)
    GradeDecision.objects.update(state="confirmed")
    with measured("take effect, 500 at once", 40) as seen:
        assert (
            take_effect(actor=STAGE, today=date(2026, 3, 20), now=timezone.now(), most=500).effective == 500
        )
    ended(seen)
    assert GradeDecision.objects.filter(state="effective", effective_from=EFFECTIVE).count() == 500
    with capsys.disabled():
        print("\n" + "\n".join(map(str, said)))
