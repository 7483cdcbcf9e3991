"""Two graded quarters of the cast, and a newer round that was submitted today: what waits for 李敏 of 城东.

M-CD1 陈思远   中级 → 初级   flagged, because a demotion is looked at by itself
M-CD2 王雅琴   保持 高级     flagged: TEAM is missing
P-001 …       初级 → 中级   clear, as many as asked for: 99.249 and 88.45 as M-CX1
M-CX1 赵立群 (城西, 何平 reviews) 初级 → 中级, M-PD1 周婷 (浦东, nobody reviews) not rated
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.test import Client as Browser
from django.utils import timezone

from appraisal.grading.flags import refresh_flags
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.grading.services.proposing import propose
from appraisal.grading.services.rounds import round_submit
from appraisal.schemes.engine import load_scheme
from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_create
from cmsys.org.services.grants import role_grant
from cmsys.org.workdays import add_working_days
from cmsys.workflow.form import Form
from managers.profiles.models import RelationshipManager
from tests.appraisal_pages.graded import Graded, _person, graded, write
from tests.cast import PASSWORD, STAGE, Cast

NAMES = (
    "林若水", "宋明哲", "何雨桐", "马承宇", "许静怡", "高志远", "罗晓彤", "梁嘉禾", "谢文博", "唐诗涵",
    "韩子昂", "冯雨欣", "董思源", "萧景行", "程一诺", "曹瑞丰", "袁梦洁", "邓浩然", "傅清扬", "沈知行",
)  # fmt: skip
MORE: dict[str, tuple[str, Role, str]] = {
    "mgr2": ("何平", Role.MGR, "CX"), "mgrbj": ("许行长", Role.MGR, "BJ"), "hrh2": ("曹总部", Role.HRH, "HO"),
}  # fmt: skip


@dataclass
class Stage:
    """The world, the accounts beside the cast, the round."""

    world: Graded
    users: dict[str, User] = field(default_factory=dict)

    @property
    def cast(self) -> Cast:
        return self.world.cast

    @property
    def round(self) -> GradingRound:
        found: GradingRound = GradingRound.objects.get(cycle=self.world.cycles["2025Q4"])
        return found

    def user(self, name: str) -> User:
        """As a new request would load the account."""
        known = self.users.get(name)
        return User.objects.get(pk=known.pk) if known else self.cast.user(name)

    def browser(self, name: str) -> Browser:
        made = Browser()
        made.force_login(self.user(name), backend="django.contrib.auth.backends.ModelBackend")
        return made

    def case(self, number: str) -> GradeDecision:
        rows = GradeDecision.objects.select_related("manager", "grade", "previous_grade")
        found: GradeDecision = rows.get(round=self.round, manager__employee_no=number)
        return found

    def take(self, number: str, service: Any, who: str, reason: str = "", **only: Any) -> None:
        """A service's verb in somebody's name."""
        service(
            actor=self.user(who), decision_id=self.case(number).pk, form=Form(reason=reason), now=timezone.now(),
            today=timezone.localdate(), **only,
        )  # fmt: skip


def people_of(cast: Cast, count: int, start: int = 0, unit: str = "CD") -> dict[str, RelationshipManager]:
    """`count` people who will be proposed for promotion."""
    made = RelationshipManager.objects.bulk_create(
        RelationshipManager(
            employee_no=f"P-{n:03}", name=NAMES[n] if n < len(NAMES) else f"员工{n:03}", name_pinyin=f"p {n:03}",
            unit=cast.units[unit], line=cast.line, grade=cast.grades["JUNIOR"],
        )
        for n in range(start, start + count)
    )  # fmt: skip
    return {manager.employee_no: manager for manager in made}


def staged(cast: Cast, people: int = 3, *, submit: bool = True) -> Stage:
    """Everything above; the round submitted by 郑人事 unless told otherwise."""
    stage = Stage(graded(cast))
    for username, (name, role, unit) in MORE.items():
        user = user_create(actor=STAGE, username=username, name=name, password=PASSWORD, is_demo=True)
        role_grant(
            actor=STAGE,
            user=user,
            role=role,
            unit=cast.units[unit],
            starts_on=date(2020, 1, 1),
            reason="测试",
        )
        stage.users[username] = user
    more(stage, people)
    if submit:
        today = timezone.localdate()
        round_submit(
            actor=stage.user("hrh"), round_id=stage.round.pk, effective_on=add_working_days(today, 15), now=timezone.now(),
            today=today,
        )  # fmt: skip
    return stage


def more(stage: Stage, count: int, start: int = 0) -> None:
    """Further people with sheets, and their proposals; in a round under way they come to the reviewers at once."""
    made, cycle = people_of(stage.cast, count, start), stage.world.cycles["2025Q4"]
    sheets = [
        _person(number, 3482, 1.0, (88, 84, 87), (91,), grade="JUNIOR", months_in_grade=14,
                history=[{"period": "2025Q3", "performance": "87.40"}])
        for number in made
    ]  # fmt: skip
    if sheets:
        write(cycle, load_scheme(stage.world.scheme.document), sheets, made)
    propose(actor=STAGE, cycle=cycle, now=timezone.now())
    refresh_flags(cycle)
