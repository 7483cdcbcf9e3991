"""The demonstration cycle of tests/appraisal with a quarter before it, graded, with a decision on every sheet."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from appraisal.cycles.models import Cycle, CycleMember, CycleState
from appraisal.grading.choices import DecisionState
from appraisal.grading.explaining import EXPLAIN, Explained
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.scoring.models import ScoreSheet
from cmsys.jobs.models import Job, JobState
from managers.careers.models import Grade
from tests.appraisal.world import World, graded, steps
from tests.cast import Cast

NOW = datetime(2026, 1, 20, 2, tzinfo=UTC)
# Performance of the quarter before: with it 赵立群 has two good quarters, 陈思远 none.
EARLIER = {
    "M-CX1": ("88", "87.40", "HH"),
    "M-CD1": ("70", "80", "LH"),
    "M-CD2": ("90", "95", "HH"),
    "M-PD1": ("60", "60", "LL"),
}
SINCE = {
    "M-CX1": date(2024, 11, 1),
    "M-CD1": date(2023, 1, 1),
    "M-CD2": date(2023, 1, 1),
    "M-PD1": date(2023, 1, 1),
}


def earlier(world: World) -> Cycle:
    """The quarter before, closed, with one sheet each."""
    scheme = world.cycle.scheme
    cycle = Cycle.objects.create(
        scheme=scheme, scheme_code=scheme.code, period="2025Q3", starts_on=date(2025, 7, 1), ends_on=date(2025, 10, 1),
        state=CycleState.CLOSED, closed_at=NOW, graded_at=NOW, result_hash="b" * 64,
    )  # fmt: skip
    for number, (ability, performance, quadrant) in EARLIER.items():
        manager = world.cast.managers[number]
        ScoreSheet.objects.create(
            cycle=cycle, manager=manager, unit=manager.unit, grade_code=str(manager.grade.code if manager.grade else ""), ability=Decimal(ability),
            performance=Decimal(performance), total=(Decimal(ability) + Decimal(performance)) / 2, quadrant=quadrant,
            proposal="hold",
        )  # fmt: skip
    for number, since in SINCE.items():
        CycleMember.objects.filter(cycle=world.cycle, manager=world.cast.managers[number]).update(
            grade_since=since
        )
    return cycle


def proposed(cycle: Cycle) -> dict[str, GradeDecision]:
    """A decision on every sheet of the cycle, by employee number; those that are there already are taken."""
    round_, _made = GradingRound.objects.get_or_create(cycle=cycle)
    grades = {grade.code: grade for grade in Grade.objects.all()}
    for sheet in ScoreSheet.objects.filter(cycle=cycle).select_related("manager"):
        here, to = grades.get(sheet.grade_code), grades.get(sheet.proposed_grade)
        values: dict[str, Any] = {
            "round": round_, "unit": sheet.unit, "sheet": sheet, "basis": sheet.digest, "ability": sheet.ability,
            "performance": sheet.performance, "total": sheet.total, "quadrant": sheet.quadrant, "proposal": sheet.proposal,
            "proposed_grade": to, "kind": sheet.proposal, "previous_grade": here, "grade": to or here,
            "state": DecisionState.IN_REVIEW,
        }  # fmt: skip
        GradeDecision.objects.get_or_create(cycle=cycle, manager=sheet.manager, defaults=values)
    rows = GradeDecision.objects.filter(cycle=cycle).select_related(
        "manager", "cycle__scheme", "previous_grade"
    )
    return {row.manager.employee_no: row for row in rows}


def explained(cycle: Cycle) -> Explained:
    """The newest job of the kind, done to its end."""
    job = Job.objects.filter(kind=EXPLAIN, state=JobState.QUEUED, key__startswith=f"{cycle.pk}:").latest("pk")
    with transaction.atomic():
        result = list(steps(job))[-1].result
    assert isinstance(result, Explained)
    return result


def told(world: World) -> dict[str, GradeDecision]:
    """Graded, proposed, graded again so that the job is asked for with decisions there, and explained."""
    graded(world.cycle)
    proposed(world.cycle)
    graded(world.cycle)
    explained(world.cycle)
    return proposed(world.cycle)


def cast_of(world: World) -> Cast:
    return world.cast
