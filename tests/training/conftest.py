"""The cast with graded sheets (DEMO) and a small catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from appraisal.scoring.models import ScoreSheet
from tests.appraisal.world import computing, demo_world, graded, sheet
from tests.cast import STAGE, Cast
from tests.kernel.conftest import _empty_cache, cast, signed_in
from training.courses.models import Competency, Course
from training.courses.services.courses import competency_create, course_create

__all__ = ["_empty_cache", "cast", "signed_in"]

# code → name, indicators it is for, level
CATALOGUE = (("TALK-1", "沟通入门", ("COMM",), 1), ("TALK-2", "沟通进阶", ("COMM",), 2), ("TEAM-1", "团队协作", ("TEAM",), 1),
             ("SELL-1", "成交技巧", ("SALES",), 1),
    ("RISK-1", "逾期管理", ("OVERDUE",), 1))  # fmt: skip


@dataclass
class Classroom:
    """The cast, the sheets by employee number, the courses by code."""

    cast: Cast
    sheets: dict[str, ScoreSheet]
    courses: dict[str, Course]


def catalogue() -> dict[str, Course]:
    """Four courses. Migrations bring competencies; transactional tests empty every table."""
    Competency.objects.all().delete()
    courses = {}
    for code, name, indicators, level in CATALOGUE:
        competency = Competency.objects.filter(
            indicators__contains=list(indicators)
        ).first() or competency_create(
            actor=STAGE,
            code=f"K-{indicators[0]}",
            name=f"胜任力 {indicators[0]}",
            indicators=list(indicators),
        )
        courses[code] = course_create(
            actor=STAGE, code=code, name=name, competency=competency, level=level, hours=8, cost="500"
        )
    return courses


@pytest.fixture
def classroom(cast: Cast, db: None) -> Iterator[Classroom]:
    with computing({}):
        world = demo_world(cast)
        graded(world.cycle)
        sheets = {number: sheet(world.cycle, number) for number in cast.managers}
        yield Classroom(cast, sheets, catalogue())
