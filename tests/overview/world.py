"""Cases of two quarters, worked out by hand.

2025Q3 (all in effect)                    2025Q4 (being decided)
M-CD1 陈思远 CD  MIDDLE → MIDDLE           MIDDLE → MIDDLE  hold, in review, due three days ago
M-CD2 王雅琴 CD  MIDDLE → SENIOR           SENIOR → SENIOR  hold, reviewed, sales missing
M-CX1 赵立群 CX  JUNIOR → JUNIOR           JUNIOR → MIDDLE  promotion, in review, due in a week
M-PD1 周婷   PD  MIDDLE → JUNIOR           JUNIOR → JUNIOR  not rated, in review, due in a week
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.grading.choices import DecisionState, RoundState
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.scoring.models import ScoreSheet
from managers.careers.models import Grade
from managers.profiles.models import RelationshipManager
from tests.appraisal.world import World, graded
from tests.cast import Cast
from tests.counterfactuals.world import earlier

NOW = datetime(2026, 2, 10, 2, tzinfo=UTC)
# Deadlines as the present day sees them.
LATE, IN_TIME = timezone.localdate() - timedelta(days=3), timezone.localdate() + timedelta(days=7)
BEFORE = {"M-CD1": ("MIDDLE", "MIDDLE", "hold"), "M-CD2": ("MIDDLE", "SENIOR", "promotion"),
          "M-CX1": ("JUNIOR", "JUNIOR", "hold"), "M-PD1": ("MIDDLE", "JUNIOR", "demotion")}  # fmt: skip
NOW_OF = {
    "M-CD1": ("MIDDLE", "MIDDLE", "hold", DecisionState.IN_REVIEW, LATE),
    "M-CD2": ("SENIOR", "SENIOR", "hold", DecisionState.REVIEWED, IN_TIME),
    "M-CX1": ("JUNIOR", "MIDDLE", "promotion", DecisionState.IN_REVIEW, IN_TIME),
    "M-PD1": ("JUNIOR", "JUNIOR", "not_rated", DecisionState.IN_REVIEW, IN_TIME),
}


@dataclass
class Decided:
    """The cast and its two cycles."""

    cast: Cast
    before: Cycle
    cycle: Cycle


def round_of(cycle: Cycle) -> GradingRound:
    """The round of a cycle, submitted."""
    found, _made = GradingRound.objects.get_or_create(cycle=cycle)
    GradingRound.objects.filter(pk=found.pk).update(
        state=RoundState.REVIEW, submitted_at=NOW, review_due_on=IN_TIME, effective_on=date(2026, 4, 1)
    )
    return found


def decided(demo: World) -> Decided:
    """Decisions as the table above says, whatever the regrading proposed."""
    before = earlier(demo)
    graded(demo.cycle)
    grades = {grade.code: grade for grade in Grade.objects.all()}
    GradeDecision.objects.all().delete()
    for cycle, rows in (
        (before, {number: (*row, DecisionState.EFFECTIVE, None) for number, row in BEFORE.items()}),
        (demo.cycle, NOW_OF),
    ):
        batch = round_of(cycle)
        for number, (came, becomes, kind, state, due) in rows.items():
            sheet = ScoreSheet.objects.select_related("manager").get(cycle=cycle, manager__employee_no=number)
            GradeDecision.objects.create(
                round=batch, cycle=cycle, manager=sheet.manager, unit=sheet.manager.unit, sheet=sheet,
                basis=sheet.digest, ability=sheet.ability, performance=sheet.performance, total=sheet.total,
                quadrant=sheet.quadrant, proposal=kind, kind=kind, previous_grade=grades[came], grade=grades[becomes],
                proposed_grade=grades[becomes] if kind in ("promotion", "demotion") else None, state=state, due_on=due,
                effective_from=date(2025, 11, 1) if state == DecisionState.EFFECTIVE else None,
            )  # fmt: skip
    return Decided(demo.cast, before, demo.cycle)


def crowd(world: Decided, count: int, batch_size: int = 2000) -> None:
    """`count` more people of 城东支行 with a case in both quarters: JUNIOR, every third promoted now, all overdue."""
    unit, grades = world.cast.units["CD"], {grade.code: grade for grade in Grade.objects.all()}
    people = RelationshipManager.objects.bulk_create(
        [
            RelationshipManager(
                employee_no=f"O-{n:05}", name=f"员工{n:05}", name_pinyin=f"yuan gong {n:05}", unit=unit, line=world.cast.line,
                grade=grades["JUNIOR"],
            )
            for n in range(count)
        ],
        batch_size=batch_size,
    )  # fmt: skip
    for cycle in (world.before, world.cycle):
        newest = cycle.pk == world.cycle.pk
        sheets = ScoreSheet.objects.bulk_create(
            [
                ScoreSheet(
                    cycle=cycle,
                    manager=manager,
                    unit=unit,
                    grade_code="JUNIOR",
                    ability=Decimal(82),
                    performance=Decimal(88),
                    total=Decimal(85),
                    quadrant="HH",
                    digest=f"{cycle.pk}-{manager.pk}",
                    proposal="promotion" if newest and place % 3 == 0 else "hold",
                    proposed_grade="MIDDLE" if newest and place % 3 == 0 else "",
                    reasons={"schema_version": 1, "reasons": [], "dimensions": {}},
                )
                for place, manager in enumerate(people)
            ],
            batch_size=batch_size,
        )
        batch = GradingRound.objects.get(cycle=cycle)
        GradeDecision.objects.bulk_create(
            [
                GradeDecision(
                    round=batch,
                    cycle=cycle,
                    manager=sheet.manager,
                    unit=unit,
                    sheet=sheet,
                    basis=sheet.digest,
                    ability=sheet.ability,
                    performance=sheet.performance,
                    total=sheet.total,
                    quadrant=sheet.quadrant,
                    proposal=sheet.proposal,
                    kind=sheet.proposal,
                    previous_grade=grades["JUNIOR"],
                    grade=grades["MIDDLE" if sheet.proposed_grade else "JUNIOR"],
                    state=DecisionState.IN_REVIEW if newest else DecisionState.EFFECTIVE,
                    due_on=LATE if newest else None,
                    effective_from=None if newest else date(2025, 11, 1),
                )
                for sheet in sheets
            ],
            batch_size=batch_size,
        )
