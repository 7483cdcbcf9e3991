"""Two quarters of tests/appraisal_pages/graded.py with what was decided on them, every status once.

2025Q3   M-CX1  superseded   JUNIOR, in force [2025-10-20, 2026-01-20)
         M-CD1  superseded   MIDDLE, in force [2025-10-20, 2026-02-01)
         M-CD2  withdrawn    SENIOR
2025Q4   M-CX1  effective    JUNIOR → MIDDLE from 2026-01-20
         M-CD1  served       MIDDLE → JUNIOR: a demotion is `confirmed` to the public, that is, not shown
         M-CD2  on notice    `published`
         M-PD1  in review    `proposed`, not rated
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from appraisal.grading.choices import DecisionState, RoundState
from appraisal.grading.documents import Altering, Counterfactual
from appraisal.grading.models import DecisionStep, GradeDecision, GradingRound
from tests.appraisal_pages.graded import Graded

AT = datetime(2026, 1, 10, 1, 30, tzinfo=UTC)
S = DecisionState
# state, kind, previous grade, grade, effective from, to
CASES: dict[tuple[str, str], tuple[str, str, str, str, date | None, date | None]] = {
    ("2025Q3", "M-CX1"): (S.SUPERSEDED, "hold", "JUNIOR", "JUNIOR", date(2025, 10, 20), date(2026, 1, 20)),
    ("2025Q3", "M-CD1"): (S.SUPERSEDED, "hold", "MIDDLE", "MIDDLE", date(2025, 10, 20), date(2026, 2, 1)),
    ("2025Q3", "M-CD2"): (S.WITHDRAWN, "hold", "SENIOR", "SENIOR", None, None),
    ("2025Q4", "M-CX1"): (S.EFFECTIVE, "promotion", "JUNIOR", "MIDDLE", date(2026, 1, 20), None),
    ("2025Q4", "M-CD1"): (S.SERVED, "demotion", "MIDDLE", "JUNIOR", date(2026, 2, 1), None),
    ("2025Q4", "M-CD2"): (S.ON_NOTICE, "hold", "SENIOR", "SENIOR", None, None),
    ("2025Q4", "M-PD1"): (S.IN_REVIEW, "not_rated", "MIDDLE", "MIDDLE", None, None),
}
# verb, who, from, to, reason
STEPS = (
    ("submit", "郑人事", S.DRAFTED, S.IN_REVIEW, ""),
    ("return", "李敏", S.IN_REVIEW, S.RETURNED, "请核对销售额"),
    ("resubmit", "郑人事", S.RETURNED, S.IN_REVIEW, "已核对"),
    ("approve", "李敏", S.IN_REVIEW, S.REVIEWED, ""),
    ("confirm", "郑人事", S.REVIEWED, S.CONFIRMED, ""),
    ("take_effect", "system:effect", S.CONFIRMED, S.EFFECTIVE, ""),
)
SMALLEST = Counterfactual(
    basis="b" * 32, how="alone",
    changes=[Altering("SALES", "3482", "2390.99", "0.01", "hold", None, {"performance": ["99.249", "73.79"]})],
)  # fmt: skip


def decided(world: Graded) -> dict[tuple[str, str], GradeDecision]:
    """The decisions, by period and number."""
    rounds, made = {}, {}
    for period, cycle in world.cycles.items():
        rounds[period] = GradingRound.objects.create(
            cycle=cycle, state=RoundState.REVIEW, submitted_at=AT, review_due_on=date(2026, 1, 15),
            effective_on=date(2026, 1, 20),
        )  # fmt: skip
    for (period, number), (state, kind, previous, grade, starts, ends) in CASES.items():
        sheet = world.sheets[period, number]
        made[period, number] = GradeDecision.objects.create(
            round=rounds[period], cycle=sheet.cycle, manager=sheet.manager, unit=sheet.manager.unit, sheet=sheet, basis="b" * 32,
            ability=sheet.ability, performance=sheet.performance, total=sheet.total, quadrant=sheet.quadrant,
            proposal=sheet.proposal, kind=kind, previous_grade=world.cast.grades[previous], grade=world.cast.grades[grade],
            state=state, effective_from=starts, effective_to=ends, due_on=date(2026, 1, 15),
        )  # fmt: skip
    promoted = made["2025Q4", "M-CX1"]
    GradeDecision.objects.filter(pk=promoted.pk).update(counterfactual=SMALLEST.stored())
    DecisionStep.objects.bulk_create(
        DecisionStep(
            decision=promoted, verb=verb, actor_name=who, from_state=was, to_state=now, reason=reason, at=AT
        )
        for verb, who, was, now, reason in STEPS
    )
    return made


def keys(rows: list[dict[str, Any]]) -> list[str]:
    """`2025Q4 M-CX1` of each row, in alphabetical order."""
    return sorted(f"{row['cycle']} {row['manager']['employee_no']}" for row in rows)
