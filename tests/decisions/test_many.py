"""Five thousand people: proposed, submitted, voided and in effect in as many statements as four."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def at_most(count: int) -> Iterator[None]:
    """No more statements than that."""
    with CaptureQueriesContext(connection) as seen:
        yield
    assert len(seen) <= count


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


def test_five_thousand_in_a_handful_of_statements(proposals: Proposals) -> None:
    """Joined person by person this would take minutes instead of seconds: the statements are bounded in time as well."""
    crowd(proposals)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '20s'")
    with at_most(20):
        assert propose(actor=STAGE, cycle=proposals.cycle, now=timezone.now()) == Proposed(created=PEOPLE)
    with at_most(20):
        assert propose(actor=STAGE, cycle=proposals.cycle, now=timezone.now()) == Proposed()
    GradeDecision.objects.update(flags=[])
    with at_most(25):
        proposals.submit()
    assert DecisionStep.objects.filter(verb="submit").count() == PEOPLE + 4
    assert Event.objects.filter(kind="round.submit").get().after["cases"] == PEOPLE + 4
    with at_most(20):
        assert stale_mark(actor=STAGE, cycle_id=proposals.cycle.pk, now=timezone.now()) == 0
    ScoreSheet.objects.filter(manager__employee_no__lt="E01000").update(digest="other")
    with at_most(40):
        assert len(propose(actor=STAGE, cycle=proposals.cycle, now=timezone.now()).voided) == 1000
    GradeDecision.objects.update(state="confirmed")
    with at_most(40):
        done = take_effect(actor=STAGE, today=date(2026, 3, 20), now=timezone.now(), most=500)
        assert done.effective == 500
    assert GradeDecision.objects.filter(state="effective", effective_from=EFFECTIVE).count() == 500
