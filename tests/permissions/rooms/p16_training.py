"""Training: one plan for everybody's sheet, a catalogue of one course for each weak line, plans nobody has agreed to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.appraisal_pages.graded import graded
from tests.cast import STAGE, TODAY
from training.courses.models import Competency
from training.courses.services.courses import competency_create, course_create
from training.plans.models import PlanItem, TrainingPlan

if TYPE_CHECKING:
    from tests.permissions.house import House

MISSING_ID = 999_999_999
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def furnish(house: House) -> None:
    """Plans named by their manager: `plan` and `plan_number` the same ones, `agreed_item` a course of an agreed one."""
    competency = competency_create(actor=STAGE, code="K-TALK", name="谈判", indicators=["OVERDUE", "COMM"])
    course = course_create(actor=STAGE, code="TALK", name="沟通入门", competency=competency, hours=8)
    other = course_create(actor=STAGE, code="TALK-2", name="沟通进阶", competency=competency, hours=8)
    course_create(actor=STAGE, code="TALK-3", name="沟通高阶", competency=competency, hours=8)
    house.objects["course", "TALK"] = {"key": "TALK"}
    house.objects["course", "none"] = {"key": "NONE"}
    house.objects["competency", "first"] = {"key": competency.code}
    house.objects["competency", "none"] = {"key": "NONE"}
    world = graded(house.cast, code="TRAINED", records=False)
    for (period, number), sheet in world.sheets.items():
        if period == "2025Q4":
            house.objects["untrained_sheet", number] = {"sheet_id": sheet.pk}
            continue
        plan = TrainingPlan.objects.create(
            manager=sheet.manager, sheet=sheet, starts_on=TODAY, ends_on=date(2026, 6, 1)
        )
        item = PlanItem.objects.create(plan=plan, course=course)
        PlanItem.objects.create(plan=plan, course=other)
        house.objects["plan", number] = {"key": plan.pk}
        house.objects["plan_number", number] = {"pk": plan.pk}
        house.objects["plan_item", number] = {"pk": plan.pk, "item_id": item.pk}
    for kind, parts in (
        ("plan", {"key": MISSING_ID}), ("plan_number", {"pk": MISSING_ID}), ("untrained_sheet", {"sheet_id": MISSING_ID}),
        ("plan_item", {"pk": MISSING_ID, "item_id": 1}),
    ):  # fmt: skip
        house.objects[kind, "none"] = parts
    house.objects["plan", "letters"] = {"key": "abc"}
    some = house.objects["plan_number", "M-CD1"]["pk"]
    house.objects["plan_item", "theirs"] = {
        "pk": some,
        "item_id": house.objects["plan_item", "M-CD2"]["item_id"],
    }


A_COURSE = {
    "name": "新课",
    "level": "1",
    "kind": "online",
    "hours": "4",
    "cost": "0",
    "offered": "on",
    "line": "",
}


def _course(house: House, name: str) -> dict[str, Any]:
    from training.courses.models import Course

    found = Course.objects.filter(code=name).first()
    key = house.objects["competency", "first"]["key"]
    competency = Competency.objects.get(code=key).pk
    return A_COURSE | {"competency": competency, "version": found.updated_at.isoformat() if found else ""}


def _competency(house: House, name: str) -> dict[str, Any]:
    found = Competency.objects.filter(code=house.objects["competency", name or "first"]["key"]).first()
    return {
        "name": "改名",
        "indicators": "COMM",
        "version": found.updated_at.isoformat() if found and name else "",
    }


BODIES: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "courses_create": lambda house, name: _course(house, "") | {"code": "NEW"},
    "courses_edit": _course,
    "competencies_create": lambda house, name: {"code": "NEW", "name": "新胜任力", "indicators": ""},
    "competencies_edit": _competency,
    "training_plan_propose": lambda house, name: {"ends_on": "2099-12-31"},
    "training_plan_accept": lambda house, name: {},
    "training_plan_sign": lambda house, name: {},
    "training_plan_drop": lambda house, name: {"reason": "例行核对"},
    "training_plan_item_add": lambda house, name: {"course": "TALK-3", "note": "补充"},
    "training_plan_item_remove": lambda house, name: {"reason": "例行核对"},
    "training_plan_item_result": lambda house, name: {"state": "completed", "on": "2026-03-02", "note": ""},
}
