"""Decisions of 2025Q4, reviewed and confirmed, and who stands around them.

M-CX1 赵立群 城西   初级 → 中级   promotion   reviewed by chief (城西), confirmed by hrb
M-PD1 周婷   浦东   中级 → 高级   promotion   reviewed by chiefpd (浦东), confirmed by hrh
M-CD1 陈思远 城东   中级 → 初级   demotion    reviewed by mgr (城东), confirmed by hrb
M-CD2 王雅琴 城东   高级          hold        reviewed by mgr (城东), confirmed by hrb

`zhao` is 赵立群's account, `zhou` 周婷's, `wang` 王雅琴's; `second` is another of human resources at head office.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.grading.models import DecisionStep, GradeDecision, GradingRound
from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_create
from cmsys.org.services.grants import role_grant
from tests.appraisal_pages.graded import graded
from tests.cast import PASSWORD, STAGE, Cast, stage

ZONE = ZoneInfo("Asia/Shanghai")
# Before National Day 2026: 9-28 to 9-30 are worked, 10-01 to 10-07 are not, 10-08, 10-09 and Saturday 10-10 are.
BEFORE = date(2026, 9, 28)
EFFECTIVE = date(2026, 10, 1)
MORE: dict[str, tuple[str, Role, str, str | None]] = {
    "chief": ("许城西", Role.MGR, "CX", None),
    "chiefpd": ("何浦东", Role.MGR, "PD", None),
    "second": ("卫人事", Role.HRH, "HO", None),
    "hrsh": ("褚上海", Role.HRB, "SH", None),
    "zhao": ("赵立群", Role.CM, "CX", "M-CX1"),
    "zhou": ("周婷", Role.CM, "PD", "M-PD1"),
    "wang": ("王雅琴", Role.CM, "CD", "M-CD2"),
}
CASES = {
    "M-CX1": ("promotion", "JUNIOR", "MIDDLE", "chief", "hrb"),
    "M-PD1": ("promotion", "MIDDLE", "SENIOR", "chiefpd", "hrh"),
    "M-CD1": ("demotion", "MIDDLE", "JUNIOR", "mgr", "hrb"),
    "M-CD2": ("hold", "SENIOR", "SENIOR", "mgr", "hrb"),
}


@dataclass
class Decided:
    """The cast and the decisions by employee number."""

    cast: Cast
    cycle: Cycle
    round: GradingRound
    keys: dict[str, int] = field(default_factory=dict)

    def user(self, name: str) -> User:
        """The account as a new request would load it."""
        return User.objects.get(username=name)

    def decision(self, number: str) -> GradeDecision:
        return GradeDecision.objects.select_related("manager", "unit", "round").get(pk=self.keys[number])


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def decided(cast: Cast | None = None, code: str = "NOTICES", effective_on: date = EFFECTIVE) -> Decided:
    """Everything above; the demonstration rules stand behind the sheets."""
    cast = cast or stage()
    more(cast)
    world = graded(cast, code=code, records=False)
    cycle = world.cycles["2025Q4"]
    round_ = GradingRound.objects.create(
        cycle=cycle, state="review", submitted_at=timezone.now(), submitted_by=cast.users["hrh"],
        review_due_on=date(2026, 9, 21), effective_on=effective_on, notice_days=5, appeal_days=5,
    )  # fmt: skip
    made = Decided(cast, cycle, round_)
    for number, (kind, before, after, reviewer, confirmer) in CASES.items():
        sheet = world.sheets["2025Q4", number]
        decision = decision_of(made, number, sheet, kind, cast.grades[before], cast.grades[after])
        step(decision, "approve", "review", cast.users[reviewer])
        step(decision, "confirm", "confirm", cast.users[confirmer])
        GradeDecision.objects.filter(pk=decision.pk).update(
            reviewed_by=cast.users[reviewer], confirmed_by=cast.users[confirmer]
        )
        made.keys[number] = decision.pk
    return made


def more(cast: Cast) -> None:
    for username, (name, role, unit, number) in MORE.items():
        if username in cast.users or User.objects.filter(username=username).exists():
            cast.users[username] = User.objects.get(username=username)
            continue
        user = user_create(
            actor=STAGE, username=username, name=name, employee_no=number, password=PASSWORD, is_demo=True
        )
        role_grant(
            actor=STAGE,
            user=user,
            role=role,
            unit=cast.units[unit],
            starts_on=date(2020, 1, 1),
            reason="测试",
        )
        cast.users[username] = user


def decision_of(made: Decided, number: str, sheet: Any, kind: str, before: Any, after: Any) -> GradeDecision:
    manager = made.cast.managers[number]
    return GradeDecision.objects.create(
        round=made.round, cycle=made.cycle, manager=manager, unit=manager.unit, sheet=sheet, basis=sheet.digest,
        ability=sheet.ability, performance=sheet.performance, total=sheet.total, quadrant=sheet.quadrant,
        proposal=kind, kind=kind, previous_grade=before, grade=after, proposed_grade=after, state="confirmed",
    )  # fmt: skip


def step(decision: GradeDecision, verb: str, level: str, who: User) -> None:
    DecisionStep.objects.create(
        decision=decision, verb=verb, level=level, actor=who, actor_name=str(who), from_state="in_review",
        to_state="confirmed", at=timezone.now(),
    )  # fmt: skip
